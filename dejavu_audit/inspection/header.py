"""What an encoded picture says of itself before its pixels: format, size, and how strongly a JPEG was compressed."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np

from dejavu_audit.data.pictures import identify

# ITU-T T.81, table K.1: the brightness table that libjpeg scales by a quality from 1 to 100.
_BRIGHTNESS = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ],
    np.int64,
)


def _scaled(quality: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    percent = 5_000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((_BRIGHTNESS * percent + 50) // 100, 1, 255)


_SUMS = np.array([_scaled(quality).sum() for quality in range(1, 101)])
"""What the steps of a quality's table add up to: falls from 1 to 100."""


class Header(NamedTuple):
    """Null where the format does not tell."""

    format: str | None = None
    """Pillow's name of it: "JPEG", "PNG", …"""
    width: int | None = None
    height: int | None = None
    jpeg_quality: int | None = None
    """1 to 100, as libjpeg counts it; of other encoders' tables the quality with the nearest sum."""


def header(encoded: bytes) -> Header:
    """The header of an encoded picture; empty where it cannot be read, which is for whoever decodes it to report."""
    try:
        image = identify(io.BytesIO(encoded))
        tables = getattr(image, "quantization", None) if image.format == "JPEG" else None
        return Header(image.format, image.width, image.height, jpeg_quality(tables[0]) if tables else None)
    except Exception:  # Pillow's readers raise whatever hostile bytes make of their arithmetic
        return Header()


def jpeg_quality(table: list[int]) -> int | None:
    """The quality, 1 to 100, whose brightness table is nearest in sum to `table`, 64 steps; None of another length."""
    if len(table) != len(_BRIGHTNESS):
        return None
    return int(np.abs(_SUMS - sum(table)).argmin()) + 1
