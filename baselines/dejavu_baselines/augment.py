"""Varied views of thumbnails for training: random resized crops, mirror images, a little light.

The hue stays as it is: colour is much of what a background says of its class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

if TYPE_CHECKING:
    from dejavu_audit.types import Array

MEAN, SPREAD = 127.5, 64.0
"""Bytes to about unit variance."""


def plain(features: Array, rows: NDArray[np.int64], size: int, device: torch.device) -> torch.Tensor:
    """Rows of (n, 3 * size * size) uint8 thumbnails as a (len(rows), 3, size, size) float tensor, channels last.

    Only these rows are read, in ascending order, so that features may be a file on disk.
    """
    order = np.argsort(rows, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    taken = np.asarray(features[rows[order]])[back]
    pictures = torch.from_numpy(taken).to(device).reshape(len(rows), 3, size, size)
    return (pictures.float() - MEAN).div_(SPREAD).contiguous(memory_format=torch.channels_last)


def varied(pictures: torch.Tensor, rng: np.random.Generator, smallest: float) -> torch.Tensor:
    """Each of (n, 3, s, s) cut to a random rectangle of `smallest` to 1 of its area, perhaps mirrored, and lit anew.

    The rectangle's sides differ by a factor of at most 4/3; it is resampled bilinearly to s x s. Light: all
    values times 0.8 to 1.25, then -0.2 to 0.2 more.
    """
    n = len(pictures)
    side = np.sqrt(rng.uniform(smallest, 1, n))
    ratio = np.exp(rng.uniform(-0.5, 0.5, n) * np.log(4 / 3))
    width, height = np.minimum(side * ratio, 1), np.minimum(side / ratio, 1)
    grid = np.zeros((n, 2, 3), np.float32)  # output to input, both from -1 to 1
    grid[:, 0, 0] = width * rng.choice((-1, 1), n)
    grid[:, 1, 1] = height
    grid[:, 0, 2] = rng.uniform(-1, 1, n) * (1 - width)
    grid[:, 1, 2] = rng.uniform(-1, 1, n) * (1 - height)
    light = np.stack([np.exp(rng.uniform(-1, 1, n) * np.log(1.25)), rng.uniform(-0.2, 0.2, n)]).astype(np.float32)
    gain, lift = torch.from_numpy(light).to(pictures.device)[:, :, None, None, None]
    where = F.affine_grid(torch.from_numpy(grid).to(pictures.device), list(pictures.shape), align_corners=False)
    cut = F.grid_sample(pictures, where, padding_mode="border", align_corners=False)
    return cut.mul_(gain).add_(lift).contiguous(memory_format=torch.channels_last)
