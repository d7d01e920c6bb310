"""Encoded pictures in the column `image` of a Parquet file, fetched row by row without reading the whole file."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit.data.pictures import file_identity
from dejavu_audit.errors import SetAside

KEPT_BYTES = 256 * 2**20
"""Row groups that a process keeps, at most, unless a single one is larger: rows are mostly asked for in order."""


class _Reader:
    """One file, opened once a process. Not shared between threads."""

    def __init__(self, path: str) -> None:
        self._file = pq.ParquetFile(path)
        sizes = [self._file.metadata.row_group(group).num_rows for group in range(self._file.metadata.num_row_groups)]
        self._starts = np.cumsum([0, *sizes])
        self._kept: OrderedDict[int, pa.ChunkedArray] = OrderedDict()

    def value(self, row: int) -> object:
        """What stands in a row."""
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        if group not in self._kept:
            column = self._file.read_row_group(group, columns=["image"], use_threads=False)["image"]
            while self._kept and column.nbytes + sum(kept.nbytes for kept in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
            self._kept[group] = column
        self._kept.move_to_end(group)
        return self._kept[group][row - int(self._starts[group])].as_py()


@lru_cache(maxsize=1)
def _reader(path: str, identity: str, process: int) -> _Reader:
    """The identity makes a changed file another file; a forked process must not use its parent's."""
    return _Reader(path)


def embedded_bytes(path: str, row: int) -> bytes:
    """The encoded picture of a row; SetAside where there is none."""
    identity = file_identity(path)
    try:
        value = _reader(path, identity, os.getpid()).value(row)
    except (pa.ArrowException, OSError) as error:  # one damaged row group must not end the run
        raise SetAside("picture cannot be read") from error
    if isinstance(value, dict):  # as the hubs store pictures: {"bytes": …, "path": …}
        value = value.get("bytes")
    if not isinstance(value, bytes) or not value:
        raise SetAside("picture is missing")
    return value


def holds_pictures(path: str, column: str = "image") -> bool:
    """Is `column` of a Parquet file one of encoded pictures? Paths as text are not."""
    kind = pq.ParquetFile(path).schema_arrow.field(column).type
    if pa.types.is_struct(kind):
        return bool(kind.get_field_index("bytes") >= 0)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or str(kind) == "binary_view")
