"""The perceptual hash of a picture: 64 signs of its slowest waves (a DCT hash), the same however it was compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import dctn

if TYPE_CHECKING:
    from numpy.typing import NDArray

WAVES = 8
FLAT = 1.0
"""Grey levels of standard deviation under which a thumbnail shows nothing: its waves would be noise."""


def perceptual_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(n, s, s) grey thumbnails to (n,) hashes: of each of 8 x 8 waves, is it above the median of the picture's?

    The mean brightness has no part in it. A flat picture's hash is 0.
    """
    n = len(thumbnails)
    if not n:
        return np.zeros(0, np.uint64)
    grey = thumbnails.astype(np.float32)
    waves = dctn(grey, axes=(1, 2), norm="ortho")[:, :WAVES, :WAVES].reshape(n, -1)
    waves[:, 0] = 0
    signs = waves > np.median(waves, axis=1, keepdims=True)
    signs[grey.std(axis=(1, 2)) < FLAT] = False
    return np.packbits(signs, axis=1).view(">u8").astype(np.uint64).reshape(n)
