"""The pictures of listed samples and of their neighbours, opened as the run opened them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import SetAside

if TYPE_CHECKING:
    from PIL import Image

    from dejavu_audit.report.reading import Run
    from dejavu_audit.types import Dataset

GONE = "not in the data any more"


def open_dataset(run: Run, root: str | None = None) -> Dataset:
    """The run's data, opened again by its configuration; `root`: where they are now. AuditError as `load_dataset`."""
    from dejavu_audit.data.captioned import choose_captions
    from dejavu_audit.data.loading import load_dataset

    config = AuditConfig.resolve(**run.record.config)
    dataset = load_dataset(config.model_copy(update={"root": root}) if root else config)
    return choose_captions(dataset, config.captions, config.seed) if config.test == "objects" else dataset


class Album:
    """Finds the pictures of `rows` of a listing and of their neighbours."""

    def __init__(self, rows: list[dict[str, Any]], dataset: Dataset) -> None:
        self._dataset = dataset
        self._own = _find(dataset, [row["id"] for row in rows], [row["path"] for row in rows])
        self._near = _find(dataset, list({near["id"] for row in rows for near in row["neighbors"]}))

    def sample(self, id_: str) -> int | None:
        """The data's row of a listed sample; None: the data have it no more."""
        return self._own.get(id_)

    def neighbor(self, id_: str) -> int | None:
        """The data's row of a neighbour; None: the data have it no more."""
        return self._near.get(id_)

    def label(self, at: int) -> str:
        """Name of the class of a row."""
        number: int = self._dataset.table["label"][at].as_py()
        return self._dataset.classes[number]

    def caption(self, at: int) -> str | None:
        """Caption of a row; None where the data have none, "" where this picture has none."""
        table = self._dataset.table
        return (table["caption"][at].as_py() or "") if "caption" in table.column_names else None

    def open(self, at: int | None, draft: int | None = None) -> tuple[Image.Image | None, str]:
        """A picture, or why there is none; with `draft` a JPEG may come smaller, as `Dataset.open` says."""
        if at is None:
            return None, GONE
        try:
            return self._dataset.open(at, draft), ""
        except SetAside as error:
            return None, error.reason


def _find(dataset: Dataset, ids: list[str], paths: list[str] | None = None) -> dict[str, int]:
    """The row of each id that the data have; by its path where the id is not known."""
    found = _index(dataset, "id", ids)
    if paths is not None and len(found) < len(set(ids)):
        by_path = _index(dataset, "path", paths)
        return {id_: by_path[path] for id_, path in zip(ids, paths, strict=True) if path in by_path} | found
    return found


def _index(dataset: Dataset, column: str, wanted: list[str]) -> dict[str, int]:
    at = pc.index_in(pa.array(wanted, pa.string()), value_set=dataset.table[column].cast(pa.string()).combine_chunks())
    return {value: row for value, row in zip(wanted, at.to_pylist(), strict=True) if row is not None}
