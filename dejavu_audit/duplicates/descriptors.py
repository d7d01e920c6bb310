"""Unit vectors of thumbnails whose inner product tells how alike two pictures are: their slow waves, whitened.

The mean brightness and the contrast have no part in it. A picture's descriptors also show it through windows, as a crop
of it would look: all of them are linear maps of the waves of the one thumbnail.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import dct

from dejavu_audit.duplicates.windows import WHOLE, Window, interpolation
from dejavu_audit.inspection.looking import THUMBNAIL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.duplicates.windows import Weights

DIMENSIONS = 32
"""The slowest waves: slow enough to bear the shift of a crop, and a whole number of the processor's registers."""
_WAVES = sorted(
    ((down, across) for down in range(8) for across in range(8) if down or across),
    key=lambda wave: (wave[0] ** 2 + wave[1] ** 2, wave),
)[:DIMENSIONS]
BLOCK = 16_384
_KEPT = 16
"""Waves a side that windows are made from."""
_TILT = 0.5
"""Waves are weighted by their frequency to this power: pictures have most of their energy in the slowest."""


def descriptors(thumbnails: NDArray[np.uint8], windows: Sequence[Window] = (WHOLE,)) -> NDArray[np.float32]:
    """(n, 32, 32) grey to (n, windows, 32) unit vectors; 0 where a window shows nothing."""
    n = len(thumbnails)
    found = np.empty((n, len(windows), DIMENSIONS), np.float32)
    wave = _waves()[:_KEPT]
    maps = [_seen_through(window) for window in windows]
    for start in range(0, n, BLOCK):
        grey = thumbnails[start : start + BLOCK].astype(np.float32)
        slow = (wave @ (grey - grey.mean(axis=(1, 2), keepdims=True)) @ wave.T).reshape(len(grey), -1)
        for number, through in enumerate(maps):
            vectors = slow @ through
            length = np.linalg.norm(vectors, axis=1, keepdims=True)
            found[start : start + BLOCK, number] = vectors / np.where(length > 1e-3, length, np.inf)
    return found


def mirrored(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, 32) descriptors of the same pictures turned left to right: waves that are odd across change their sign."""
    signs = np.array([-1 if across % 2 else 1 for _, across in _WAVES])
    return vectors * signs.astype(np.float32)


@cache
def _waves() -> Weights:
    """(32, 32) the orthonormal waves of a DCT, a row each."""
    waves: Weights = dct(np.eye(THUMBNAIL), axis=0, norm="ortho").astype(np.float32)
    return waves


@cache
def _seen_through(window: Window) -> Weights:
    """(256, 32): from the slow waves of a thumbnail to the weighted waves of what the window shows."""
    wave, (rows, columns) = _waves(), np.array(_WAVES).T
    across = wave[columns] @ interpolation(THUMBNAIL, window.x, window.w) @ wave[:_KEPT].T
    down = wave[rows] @ interpolation(THUMBNAIL, window.y, window.h) @ wave[:_KEPT].T
    weight = (rows**2 + columns**2) ** (_TILT / 2)
    through: Weights = np.einsum("dk,dl,d->kld", down, across, weight).reshape(_KEPT**2, -1).astype(np.float32)
    return through
