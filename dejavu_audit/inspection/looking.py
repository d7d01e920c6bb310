"""One look at each picture of a chunk, in a worker process: from one drafted decode to the row that is kept of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from PIL import Image

from dejavu_audit.data.raw import read_bytes
from dejavu_audit.errors import SetAside
from dejavu_audit.inspection.hashes import perceptual_hashes
from dejavu_audit.inspection.header import Header, header
from dejavu_audit.inspection.statistics import SIDE, STATISTICS, statistics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Dataset

INSPECTION_VERSION = 1
"""Raised whenever the same picture may give another row."""
DRAFT = SIDE
"""Pixels that the shorter side of a drafted JPEG keeps: no more is looked at."""
THUMBNAIL = 32
HASH_BYTES = 16

SCHEMA = pa.schema(
    [
        ("bytes_hash", pa.binary(HASH_BYTES)),
        ("phash", pa.uint64()),
        ("thumbnail", pa.binary(THUMBNAIL**2)),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("bytes", pa.int64()),
        ("format", pa.string()),
        ("jpeg_quality", pa.int16()),
        ("statistics", pa.list_(pa.float32(), len(STATISTICS))),
        ("reason", pa.string()),
    ]
)
"""What is kept of a picture; of one that could not be opened, only why (`reason`)."""
_EMPTY = np.zeros((SIDE, SIDE, 3), np.uint8)


class Inspector:
    """Looks at chunks of rows; travels to the workers."""

    def __init__(self, dataset: Dataset) -> None:
        """Take the data set, which must be picklable."""
        self._dataset = dataset

    def __call__(self, rows: Sequence[int]) -> pa.RecordBatch:
        """A row of `SCHEMA` for each of the chunk's pictures, in order."""
        grey = np.zeros((len(rows), SIDE, SIDE), np.uint8)
        colours = np.zeros((len(rows), THUMBNAIL, THUMBNAIL, 3), np.uint8)
        aspect = np.zeros(len(rows), np.float32)
        headers: list[Header] = []
        hashes: list[bytes | None] = []
        sizes: list[int | None] = []
        reasons: list[str | None] = []
        for place, row in enumerate(rows):
            reason = None
            encoded = None
            try:
                picture = self._dataset.open(row, DRAFT)
                square = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
                grey[place] = np.asarray(square.convert("L"))
                colours[place] = np.asarray(square.reduce(SIDE // THUMBNAIL))
                aspect[place] = math.log(picture.width / picture.height)
                encoded = read_bytes(self._dataset, row)
            except SetAside as aside:
                reason = aside.reason
            reasons.append(reason)
            headers.append(Header() if encoded is None else header(encoded))
            sizes.append(None if encoded is None else len(encoded))
            hashes.append(None if encoded is None else hashlib.blake2b(encoded, digest_size=HASH_BYTES).digest())
        return _batch(grey, colours, aspect, headers, hashes, sizes, reasons)


def thumbnails_of(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 64, 64) to (n, 32, 32), by averages of 2 x 2 pixels."""
    rows = grey[:, ::2].astype(np.uint16) + grey[:, 1::2]
    return ((rows[:, :, ::2] + rows[:, :, 1::2] + 2) // 4).astype(np.uint8)


def _batch(
    grey: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    aspect: NDArray[np.float32],
    headers: list[Header],
    hashes: list[bytes | None],
    sizes: list[int | None],
    reasons: list[str | None],
) -> pa.RecordBatch:
    lost = np.array([reason is not None for reason in reasons])
    thumbnails = thumbnails_of(grey)
    empty = pa.array(lost)
    values = pa.array(statistics(grey, colours, aspect).ravel())
    columns = {
        "bytes_hash": pa.array(hashes, pa.binary(HASH_BYTES)),
        "phash": pa.array(perceptual_hashes(thumbnails), mask=lost),
        "thumbnail": _masked(fixed_binary(thumbnails.reshape(len(grey), -1)), empty),
        "width": pa.array([one.width for one in headers], pa.int32()),
        "height": pa.array([one.height for one in headers], pa.int32()),
        "bytes": pa.array(sizes, pa.int64()),
        "format": pa.array([one.format for one in headers], pa.string()),
        "jpeg_quality": pa.array([one.jpeg_quality for one in headers], pa.int16()),
        "statistics": _masked(pa.FixedSizeListArray.from_arrays(values, len(STATISTICS)), empty),
        "reason": pa.array(reasons, pa.string()),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def fixed_binary(rows: NDArray[np.uint8]) -> pa.Array:
    """(n, width) bytes as n fixed-size values, not copied."""
    width = rows.shape[1]
    return pa.Array.from_buffers(pa.binary(width), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows))])


def _masked(array: pa.Array, empty: pa.Array) -> pa.Array:
    """Null where `empty`."""
    places = pa.array(np.arange(len(array)), mask=np.asarray(empty))
    return array.take(places)
