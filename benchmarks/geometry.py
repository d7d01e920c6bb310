"""The background crops of 100,000 pictures with up to ten boxes each."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.bar import Bar
from dejavu_audit.data.geometry import largest_background


def run(folder: Path) -> list[Bar]:
    """One call on ImageNet-like sizes."""
    rng = np.random.default_rng(0)
    n = 100_000
    sizes = np.tile([500, 375], (n, 1))
    counts = rng.integers(1, 11, n)
    low = rng.uniform(0, 0.8, (n, 10, 2)) * [500, 375]
    boxes = np.concatenate([low, low + rng.uniform(0.05, 0.5, (n, 10, 2)) * [500, 375]], axis=2)
    began = time.perf_counter()
    largest_background(sizes, boxes, counts)
    return [
        Bar("background crops of 100,000 pictures, 1 to 10 boxes each", time.perf_counter() - began, 10, " s", ".1f")
    ]
