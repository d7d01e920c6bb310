"""A data set with some columns of its table replaced; the pictures are still the data set's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dejavu_audit.data.raw import are_distinct, read_bytes

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL import Image

    from dejavu_audit.types import Annotation, Dataset


class Retabled:
    """Delegates all but the table and the notes; see `dejavu_audit.types.Dataset`."""

    def __init__(self, dataset: Dataset, columns: dict[str, pa.Array], notes: tuple[str, ...] = ()) -> None:
        """Take (rows,) columns that replace those of the same name, or come new."""
        table = dataset.table
        for name, column in columns.items():
            place = table.schema.get_field_index(name)
            table = table.append_column(name, column) if place < 0 else table.set_column(place, name, column)
        self.name, self.root, self.classes = dataset.name, dataset.root, dataset.classes
        self.distinct = are_distinct(dataset)
        self.table = table
        self.notes: Sequence[str] = (*dataset.notes, *notes)
        self._dataset = dataset

    def identity(self, row: int) -> str:
        """As the data set has it."""
        return self._dataset.identity(row)

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """As the data set has it."""
        return self._dataset.open(row, draft)

    def read(self, row: int) -> bytes | None:
        """As the data set has it; None where it has no bytes to give."""
        return read_bytes(self._dataset, row)

    def annotation(self, row: int) -> Annotation:
        """As the data set has it."""
        return self._dataset.annotation(row)
