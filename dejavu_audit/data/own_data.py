"""The data set behind a description: columns in arrow, pictures as files or as bytes in a Parquet column."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit.data.pictures import file_identity, open_picture
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation, Box

if TYPE_CHECKING:
    from PIL import Image

MALFORMED = "annotation is malformed"


class OwnData:
    """A described data set; see `dejavu_audit.types.Dataset`."""

    def __init__(
        self,
        name: str,
        base: Path,
        classes: Sequence[str],
        table: pa.Table,
        boxes: pa.ChunkedArray | None,
        boxes_format: str,
        embedded: Path | None,
    ) -> None:
        self.name = name
        self.root = str(base.resolve())
        self.classes = classes
        self.table = table
        self.notes: Sequence[str] = ()
        self._boxes = boxes
        self._format = boxes_format
        self._embedded = str(embedded.resolve()) if embedded else None

    def identity(self, row: int) -> str:
        """The file's path, size and time of change; of an embedded picture the hash of its bytes."""
        if self._embedded:
            return "bytes:" + hashlib.blake2b(_embedded_bytes(self._embedded, row), digest_size=16).hexdigest()
        return file_identity(self._file(row))

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """The decoded picture."""
        return open_picture(_embedded_bytes(self._embedded, row) if self._embedded else self._file(row), draft)

    def annotation(self, row: int) -> Annotation:
        """The boxes of a row, as [x0, y0, x1, y1] in pixels."""
        boxes = _parse_boxes(self._boxes[row].as_py() if self._boxes is not None else None)
        if self._format.startswith("xywh"):
            boxes = tuple((x, y, x + w, y + h) for x, y, w, h in boxes)
        if self._format.endswith("normalized"):
            width, height = self.open(row).size
            boxes = tuple((x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in boxes)
        return Annotation(boxes)

    def _file(self, row: int) -> Path:
        path = self.table["path"][row].as_py()
        file = Path(self.root, path)
        if not file.resolve().is_relative_to(self.root):  # through a link that leaves the root
            raise SetAside("path leaves the root")
        return file


def _parse_boxes(value: Any) -> tuple[Box, ...]:
    """A list of four numbers each, or JSON of it; SetAside for anything else."""
    try:
        listed = json.loads(value) if isinstance(value, str) else value
        if listed and isinstance(listed[0], (int, float)):  # one box, its brackets left out
            listed = [listed]
        boxes = tuple(_box(box) for box in listed or ())
    except (ValueError, TypeError, KeyError, IndexError):
        raise SetAside(MALFORMED) from None
    return boxes


def _box(numbers: Any) -> Box:
    x0, y0, x1, y1 = (math.nan if number is None else float(number) for number in numbers)
    return x0, y0, x1, y1


@functools.lru_cache(maxsize=8)
def _row_group(file: str, group: int) -> pa.ChunkedArray:
    return pq.ParquetFile(file).read_row_group(group, columns=["image"])["image"]


@functools.lru_cache(maxsize=8)
def _starts(file: str) -> tuple[int, ...]:
    metadata = pq.ParquetFile(file).metadata
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    return tuple(np.cumsum([0, *sizes]).tolist())


def _embedded_bytes(file: str, row: int) -> bytes:
    """The bytes of one picture; a row group at a time, a few of them kept, each worker process on its own."""
    starts = _starts(file)
    group = int(np.searchsorted(starts, row, side="right")) - 1
    value = _row_group(file, group)[row - starts[group]].as_py()
    if isinstance(value, dict):  # as the hubs store pictures: {"bytes": …, "path": …}
        value = value.get("bytes")
    if not value:
        raise SetAside("picture is missing")
    return bytes(value)
