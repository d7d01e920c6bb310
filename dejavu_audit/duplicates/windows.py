"""Windows into a picture, as a crop of it would show: linear maps of thumbnails, so that none is decoded again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]


class Window(NamedTuple):
    """Left edge, width, upper edge and height, as shares of the picture's."""

    x: float
    w: float
    y: float
    h: float


WHOLE = Window(0, 1, 0, 1)
_EDGE = 0.9
"""Shares of width and height that the windows show: of crops down to about four fifths of the area one is near."""
_FAR = 0.085
_NEAR = 0.1 - _FAR
CROPS = (
    Window(0.05, _EDGE, 0.05, _EDGE),
    *(Window(x, _EDGE, y, _EDGE) for x in (_NEAR, _FAR) for y in (_NEAR, _FAR)),
)
"""The middle and towards each corner."""
WINDOWS = (WHOLE, *CROPS)


def interpolation(side: int, start: float, length: float) -> Weights:
    """(side, side) weights: `side` samples of the stretch from `start` over `length` of a row of `side` pixels.

    Linear between the middles of pixels; beyond the row its last pixel goes on.
    """
    at = (start + (np.arange(side) + 0.5) / side * length) * side - 0.5
    distance = np.abs(np.clip(at, 0, side - 1)[:, None] - np.arange(side))
    weights: Weights = np.maximum(0, 1 - distance).astype(np.float32)
    return weights
