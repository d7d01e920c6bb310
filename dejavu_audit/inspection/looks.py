"""What the inspection found of the pictures that were asked for."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dejavu_audit.embeddings.views import places
from dejavu_audit.inspection.looking import THUMBNAIL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Array, Rows


TAKEN = 512
"""Thumbnails that are read at once: each brings its neighbours in the file with it, 64 kB."""


@dataclass(frozen=True)
class Looks:
    """A row a picture that could be opened, in the order asked for; see `looking.SCHEMA` for the columns."""

    table: pa.Table
    """`row` (int64) of the data set, `key` (equal where two rows are one stored picture), `bytes_hash` (null where the
    data set gives no bytes), `phash`, `thumbnail` (32 x 32 grey, row by row), `width`, `height`, `bytes`, `format`,
    `jpeg_quality` (null where unknown) and `statistics` (see `statistics.STATISTICS`)."""
    lost: Mapping[int, str]
    """Row -> why it could not be opened; whoever embeds it sets it aside."""
    decoded: int = 0
    """Pictures that were opened now."""
    cached: int = 0
    """Pictures that an earlier run had inspected."""
    scratch: Array | None = None
    """Where the thumbnails lie, if that is a file that is mapped into memory."""

    @cached_property
    def rows(self) -> Rows:
        """(n,) rows of the data set, as the table has them."""
        return np.asarray(self.table["row"], np.int64)

    @cached_property
    def thumbnails(self) -> NDArray[np.uint8]:
        """(n, 32, 32) grey, not copied."""
        return bytes_of(self.table["thumbnail"]).reshape(-1, THUMBNAIL, THUMBNAIL)

    @cached_property
    def statistics(self) -> NDArray[np.float32]:
        """(n, len(STATISTICS)), not copied."""
        column = _one(self.table["statistics"])
        found: NDArray[np.float32] = np.asarray(column.flatten(), np.float32).reshape(-1, column.type.list_size)
        return found

    def thumbnails_at(self, places: Rows) -> NDArray[np.uint8]:
        """(m, 32, 32) at some places of the table, a copy; of a file, no more is held in memory."""
        found = np.empty((len(places), THUMBNAIL, THUMBNAIL), np.uint8)
        for start in range(0, len(places), TAKEN):
            some = slice(start, start + TAKEN)
            found[some] = self.thumbnails[places[some]]
            self._release()
        return found

    def _release(self) -> None:
        if isinstance(self.scratch, np.memmap) and hasattr(mmap, "MADV_DONTNEED"):
            mapped: Any = self.scratch._mmap  # type: ignore[attr-defined]
            mapped.madvise(mmap.MADV_DONTNEED)

    def places(self, rows: Rows) -> Rows:
        """(m,) places in the table of those of `rows` that are there, in their order."""
        return places(self.rows, rows)

    def of(self, rows: Rows) -> pa.Table:
        """The table of those of `rows` that are there, in their order."""
        return self.table.take(pa.array(self.places(rows)))

    def counts(self) -> dict[str, Any]:
        """JSON values for the report's `timings`."""
        return {"pictures_inspected": self.decoded, "inspected_before": self.cached, "not_opened": len(self.lost)}


def bytes_of(column: pa.ChunkedArray | pa.Array) -> NDArray[np.uint8]:
    """(n, width) of n fixed-size values without nulls, not copied."""
    array = _one(column)
    width = array.type.byte_width
    found = np.frombuffer(array.buffers()[1], np.uint8) if len(array) else np.zeros(0, np.uint8)
    return found.reshape(-1, width)[array.offset :][: len(array)]


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
