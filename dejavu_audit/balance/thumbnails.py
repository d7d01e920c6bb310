"""A picture's layout from its thumbnail: the slowest waves of brightness and colour. Frozen: nothing is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import dctn

if TYPE_CHECKING:
    from numpy.typing import NDArray

LUMA, CHROMA = 6, 3
"""Waves a side that are kept, of brightness and of either colour difference."""
_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
"""RGB to brightness and colour differences, as JPEG has them (ITU-R BT.601)."""


def layout(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """(n, s * s) grey or (n, s * s * 3) RGB pixels, row by row, to (n, d) waves and their d names; NaN rows stay.

    What is neither square gives (n, 0): a thumbnail of another form is left out.
    """
    n, length = pixels.shape
    for channels in (1, 3):
        side = round((length / channels) ** 0.5)
        if length and side * side * channels == length:
            return _waves(pixels.reshape(n, side, side, channels))
    return np.empty((n, 0), np.float32), ()


def _waves(pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    planes = [pictures[..., 0]] if pictures.shape[-1] == 1 else list(np.moveaxis(pictures @ _YCC.T, -1, 0))
    parts, names = [], []
    for plane, name, kept in zip(planes, ("brightness", "blueness", "redness"), (LUMA, CHROMA, CHROMA), strict=False):
        kept = min(kept, plane.shape[1])
        waves = dctn(plane.astype(np.float64), axes=(1, 2), norm="ortho")[:, :kept, :kept] / plane.shape[1]
        parts.append(waves.reshape(len(plane), -1))
        names += [_named(name, down, across) for down in range(kept) for across in range(kept)]
    return np.concatenate(parts, axis=1).astype(np.float32), tuple(names)


def _named(what: str, down: int, across: int) -> str:
    if down == across == 0:
        return f"mean {what}"
    return f"wave of {what} ({across} across, {down} down)"
