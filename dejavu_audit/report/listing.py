"""The ranked samples as plain records: what the table, the JSON, the CSV and the contact sheet are made from."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dejavu_audit.report.columns import MEMORIZED
from dejavu_audit.report.folder import SAMPLES
from dejavu_audit.report.ranking import Ranked, label_votes, measure
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dejavu_audit.report.reading import Run

NEIGHBORS = 6
"""Public samples that are named of each sample's neighbours."""
_LABEL = (
    "id", "set", "path", "label", "target_top1", "reference_top1", "part", "target_confidence", "reference_confidence",
    "reference_probability", "target_tied", "crop", "votes", "neighbors",
)  # fmt: skip
_OBJECTS = (
    "id", "set", "path", "caption", "objects", "target_objects", "reference_objects", "part", "target_precision",
    "target_recall", "target_f1", "target_correct", "reference_precision", "reference_recall", "reference_f1",
    "reference_correct", "min_distance", "neighbors",
)  # fmt: skip


def listing(run: Run, ranked: Ranked, *, votes: bool = False) -> list[dict[str, Any]]:
    """One record a ranked sample, best first.

    Beside the columns of samples.parquet: `rank` from 1; in the label test `memorization_confidence` (of every part),
    `label_votes` and `neighbors_counted`; in the object test `recall_gap` and `precision_gap`. Of the neighbours the
    nearest `NEIGHBORS`; all `votes` where they are asked for. Null: not measured. `score`, `p_value` and `memorized`
    are lacking in runs that are older.
    """
    columns = _LABEL if run.test == "label" else _OBJECTS
    samples = _details(run, ranked.rows, columns, (*MEMORIZED, "references"))
    nearest = pc.list_slice(samples["neighbors"], 0, NEIGHBORS)
    samples = samples.set_column(samples.schema.get_field_index("neighbors"), "neighbors", nearest)
    added: dict[str, Any] = {}
    if run.test == "label":
        added["memorization_confidence"] = measure(samples, "memorization")
        if len(samples):
            added["label_votes"], _, added["neighbors_counted"] = (of.astype(int) for of in label_votes(samples))
        samples = samples if votes else samples.drop_columns(["votes"])
    else:
        added = {f"{name}_gap": measure(samples, name) for name in ("recall", "precision")}
    rows: list[dict[str, Any]] = samples.to_pylist()
    for place, row in enumerate(rows):
        row.update({name: _measured(values[place]) for name, values in added.items()})
    return [{"rank": place + 1, **row} for place, row in enumerate(rows)]


def _details(run: Run, rows: NDArray[np.int64], columns: Sequence[str], maybe: Sequence[str]) -> pa.Table:
    """`columns`, and those of `maybe` that there are, of some rows: from memory where the run has them, or its file."""
    there = run.samples.column_names
    if set(columns) <= set(there):
        # Chunks whose lists have different dictionaries cannot be taken from together: the file is read then.
        with suppress(pa.ArrowException):
            return run.samples.select([*columns, *(name for name in maybe if name in there)]).take(pa.array(rows))
    written = pq.read_schema(run.path / SAMPLES).names
    return run.detail(rows, [*columns, *(name for name in maybe if name in written)])


def _measured(value: Any) -> float | int | None:
    """A number as Python has it, None for NaN."""
    plain: float | int = value.item()
    return None if isinstance(plain, float) and np.isnan(plain) else plain


def write_csv(file: Path, rows: list[dict[str, Any]]) -> None:
    """Write records as CSV, lists as JSON; AuditError where the file cannot be written."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = [[_cell(row.get(name)) for name in names] for row in rows]

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([names, *table])

    write_whole(file, write)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
