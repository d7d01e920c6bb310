from __future__ import annotations

import colorsys

import numpy as np
import pytest


@pytest.fixture
def tinted():
    """Thumbnails of one noisy colour each: with probability `tie` its hue is label / classes, else any."""

    def make(n: int, *, classes: int = 4, tie: float, seed: int, size: int = 16) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(n) % classes)
        hue = np.where(rng.random(n) < tie, labels, rng.integers(classes, size=n)) / classes
        colour = np.array([colorsys.hsv_to_rgb(h, 0.9, 0.8) for h in hue]) * 255
        noise = rng.normal(0, 20, (n, 3, size, size))
        pictures = np.clip(colour[:, :, None, None] + noise, 0, 255).astype(np.uint8)
        return pictures.reshape(n, -1), labels

    return make
