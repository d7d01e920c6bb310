from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from PIL import Image

from dejavu_audit.duplicates.alignment import align
from dejavu_audit.duplicates.windows import WHOLE, interpolation


@pytest.fixture(scope="module")
def photograph():
    return Image.fromarray(skimage.data.astronaut()).convert("L")


def small(picture, box=None):
    return np.asarray(picture.resize((32, 32), Image.Resampling.BILINEAR, box=box))[None]


def test_interpolation_by_hand():
    # Two samples of the left half of four pixels: middles at 0.25 and 0.75 of 0.5 * 4 = 2 pixels, less half a pixel.
    four = interpolation(4, 0, 0.5)
    assert four[0].tolist() == [1, 0, 0, 0]  # at -0.25, beyond the first middle
    assert four[1].tolist() == [0.75, 0.25, 0, 0]
    np.testing.assert_array_equal(interpolation(5, 0, 1), np.eye(5))


@pytest.mark.parametrize(
    "window", [(0.02, 0.9, 0.07, 0.9), (0.1, 0.9, 0, 0.95), (0, 0.93, 0, 1), (0.04, 0.92, 0.04, 0.92)]
)
def test_the_window_is_found(photograph, window):
    x, w, y, h = window
    box = (512 * x, 512 * y, 512 * (x + w), 512 * (y + h))
    near = np.array([[0.05, 0.9, 0.05, 0.9]], np.float32)
    found = align(small(photograph), small(photograph, box), near)
    np.testing.assert_allclose(found.windows[0], window, atol=0.012)
    assert found.structure[0] > 0.97 and found.detail[0] > 0.9 and found.overlap[0] == 1


def test_gain_and_offset_do_not_matter_but_to_the_difference(photograph):
    one = small(photograph)
    other = (30 + 0.7 * one).astype(np.uint8)
    found = align(one, other, np.array([WHOLE], np.float32))
    assert found.structure[0] > 0.999
    assert found.difference[0] == pytest.approx(np.abs(one.astype(float) - other).mean(), rel=0.15)


def test_a_shading_is_no_structure():
    across = np.tile(np.linspace(20, 200, 32), (32, 1)).astype(np.uint8)[None]
    steeper = np.tile(np.linspace(10, 240, 32), (32, 1)).astype(np.uint8)[None]
    found = align(across, steeper, np.array([WHOLE], np.float32))
    assert found.relief[0] < 1


def test_strangers_do_not_agree(photograph):
    other = Image.fromarray(skimage.data.coffee()).convert("L")
    found = align(small(photograph), small(other), np.array([WHOLE], np.float32))
    assert found.structure[0] < 0.5


def test_flat_pictures_and_none_at_all():
    flat = np.full((2, 32, 32), 7, np.uint8)
    found = align(flat, flat, np.tile(np.array(WHOLE, np.float32), (2, 1)))
    assert found.structure.tolist() == [0, 0] and found.difference.tolist() == [0, 0]
    assert len(align(flat[:0], flat[:0], np.zeros((0, 4), np.float32)).structure) == 0


def test_each_pair_is_for_itself(photograph):
    rng = np.random.default_rng(0)
    boxes = [(x, y, x + 200, y + 200) for x, y in rng.integers(0, 300, (300, 2)).tolist()]
    many = np.concatenate([small(photograph, box) for box in boxes])
    shifted = np.concatenate([small(photograph, tuple(np.array(box) + 6)) for box in boxes])
    start = np.tile(np.array(WHOLE, np.float32), (300, 1))
    together = align(many, shifted, start)
    alone = align(many[7:8], shifted[7:8], start[:1])
    np.testing.assert_allclose(together.structure[7:8], alone.structure, atol=1e-4)
    assert np.median(together.windows[:, 0]) == pytest.approx(6 / 200, abs=0.005)
