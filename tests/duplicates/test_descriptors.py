from __future__ import annotations

import numpy as np
import skimage.data
from PIL import Image
from scipy.fft import dctn

from dejavu_audit.duplicates.descriptors import DIMENSIONS, descriptors, mirrored
from dejavu_audit.duplicates.windows import CROPS, WHOLE, interpolation


def thumbnails(n=5):
    photograph = Image.fromarray(skimage.data.coffee()).convert("L")
    boxes = [(40 * k, 20 * k, 40 * k + 300, 20 * k + 250) for k in range(n)]
    return np.stack([np.asarray(photograph.resize((32, 32), Image.Resampling.BILINEAR, box=box)) for box in boxes])


def slow(thumbnail, window):
    """By the definition: cut, take the waves, weight them, keep the slowest, normalise."""
    grey = thumbnail.astype(float)
    seen = interpolation(32, window.y, window.h) @ grey @ interpolation(32, window.x, window.w).T
    waves = dctn(seen, norm="ortho")
    order = sorted((i * i + j * j, (i, j)) for i in range(8) for j in range(8) if i or j)[:DIMENSIONS]
    vector = np.array([waves[place] * frequency**0.25 for frequency, place in order])
    return vector / np.linalg.norm(vector)


def test_wholes_are_the_weighted_waves():
    for thumbnail, found in zip(thumbnails(), descriptors(thumbnails())[:, 0], strict=True):
        np.testing.assert_allclose(found, slow(thumbnail, WHOLE), atol=1e-5)


def test_windows_are_what_a_crop_would_give():
    for thumbnail, seen in zip(thumbnails(), descriptors(thumbnails(), CROPS), strict=True):
        for window, found in zip(CROPS, seen, strict=True):
            np.testing.assert_allclose(found, slow(thumbnail, window), atol=1e-5)


def test_turned_pictures():
    turned = descriptors(thumbnails()[:, :, ::-1])
    np.testing.assert_allclose(mirrored(descriptors(thumbnails())), turned, atol=1e-5)


def test_brightness_and_contrast_do_not_matter_and_flat_ones_are_null():
    one = thumbnails(1)
    softer = (50 + one / 2).astype(np.uint8)
    assert (descriptors(one)[0, 0] @ descriptors(softer)[0, 0]) > 0.999
    assert not descriptors(np.full((1, 32, 32), 9, np.uint8)).any()
    assert descriptors(one[:0], CROPS).shape == (0, 5, DIMENSIONS)
