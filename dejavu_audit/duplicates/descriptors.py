"""Unit vectors of thumbnails whose inner product tells how alike two pictures are: their slow waves, whitened.

The mean brightness and the contrast have no part in it. A picture's descriptors also show it through windows, as a crop
of it would look: all of them are linear maps of the one thumbnail.
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
BLOCK = 4_096
_TILT = 0.5
"""Waves are weighted by their frequency to this power: pictures have most of their energy in the slowest."""


def descriptors(thumbnails: NDArray[np.uint8], windows: Sequence[Window] = (WHOLE,)) -> NDArray[np.float32]:
    """(n, 32, 32) grey to (n, windows, 32) unit vectors; 0 where a window shows nothing."""
    n = len(thumbnails)
    found = np.empty((n, len(windows), DIMENSIONS), np.float32)
    through = np.concatenate([_seen_through(window) for window in windows], axis=1)
    for start in range(0, n, BLOCK):
        grey = thumbnails[start : start + BLOCK].astype(np.float32)
        vectors = (grey.reshape(len(grey), THUMBNAIL**2) @ through).reshape(len(grey), len(windows), DIMENSIONS)
        length = np.sqrt(np.einsum("nwd,nwd->nw", vectors, vectors))[:, :, None]
        np.divide(vectors, np.where(length > 0.1, length, np.inf), out=found[start : start + BLOCK])
    return found


def mirrored(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(…, 32) descriptors of the same pictures turned left to right: waves that are odd across change their sign."""
    signs = np.array([-1 if across % 2 else 1 for _, across in _WAVES])
    return vectors * signs.astype(np.float32)


@cache
def _seen_through(window: Window) -> Weights:
    """(1024, 32): from the pixels of a thumbnail to the weighted waves of what the window shows."""
    waves, (rows, columns) = dct(np.eye(THUMBNAIL), axis=0, norm="ortho"), np.array(_WAVES).T
    down = waves[rows] @ interpolation(THUMBNAIL, window.y, window.h)
    across = waves[columns] @ interpolation(THUMBNAIL, window.x, window.w)
    weight = (rows**2 + columns**2) ** (_TILT / 2)
    through: Weights = np.einsum("dy,dx,d->yxd", down, across, weight).reshape(THUMBNAIL**2, -1).astype(np.float32)
    return through
