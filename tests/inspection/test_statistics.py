from __future__ import annotations

import colorsys

import numpy as np
import pytest

from dejavu_audit.inspection.statistics import STATISTICS, statistics


def of(colours, grey=None, aspect=0.0):
    colours = np.asarray(colours, np.uint8)
    if grey is None:
        level = colours.astype(float) @ [0.299, 0.587, 0.114]
        grey = np.rint(level.repeat(2, axis=0).repeat(2, axis=1)).astype(np.uint8)
    values = statistics(grey[None], colours[None], np.array([aspect], np.float32))
    assert values.shape == (1, len(STATISTICS)) and values.dtype == np.float32
    return dict(zip(STATISTICS, values[0].tolist(), strict=True))


def plain(*rgb):
    return np.tile(np.array(rgb, np.uint8), (32, 32, 1))


def test_names_are_unique():
    assert len(set(STATISTICS)) == len(STATISTICS)


def test_a_plain_colour_by_hand():
    found = of(plain(255, 0, 51), aspect=0.5)
    assert found["aspect"] == 0.5
    assert found["mean red"] == 1 and found["mean blue"] == pytest.approx(0.2)
    assert found["mean saturation"] == 1 and found["spread of saturation"] == 0
    # Of one colour only the means count: 0.3 sqrt((R - G)^2 + ((R + G) / 2 - B)^2) = 0.3 sqrt(1 + 0.3^2)
    assert found["colourfulness"] == pytest.approx(0.3 * (1 + 0.09) ** 0.5)
    hue = colorsys.rgb_to_hsv(1, 0, 0.2)[0]
    assert found[f"hue, bin {int(8 * hue) + 1}"] == 1
    assert [found[name] for name in ("contrast", "edges across", "sharpness")] == pytest.approx([0, 0, 0], abs=1e-6)
    assert found["red of row 3, column 2"] == 1


def test_black_and_white_by_hand():
    half = plain(0, 0, 0)
    half[:, 16:] = 255
    found = of(half)
    assert found["contrast"] == 0.5
    assert found["share of black"] == found["share of white"] == 0.5
    assert found["brightness, bin 1"] == found["brightness, bin 8"] == 0.5
    assert found["edges across"] == pytest.approx(1 / 63) and found["edges down"] == 0
    assert found["mean saturation"] == 0 and all(found[f"hue, bin {number}"] == 0 for number in range(1, 9))
    assert found["red of row 1, column 1"] == 0 and found["red of row 1, column 3"] == 1


def test_detail_is_told_by_its_size():
    place = np.indices((64, 64)).sum(axis=0)
    for size in (1, 2, 4):
        checks = np.indices((64, 64)) // size
        grey = (255 * (checks.sum(axis=0) % 2)).astype(np.uint8)
        found = of(plain(128, 128, 128), grey)
        # All of a check of that size is lost when it is halved, which leaves grey, and nothing before or after.
        assert [found[f"detail of {2 * one} px"] for one in (1, 2, 4)] == [
            0.5 if one == size else 0 for one in (1, 2, 4)
        ]
    blurred = of(plain(128, 128, 128), (place / place.max() * 255).astype(np.uint8))
    assert found["sharpness"] > blurred["sharpness"] + 3


def test_a_bright_border_is_seen():
    grey = np.full((64, 64), 255, np.uint8)
    grey[8:-8, 8:-8] = 0
    assert of(plain(0, 0, 0), grey)["border less centre"] == 1


def test_all_is_finite_for_anything():
    rng = np.random.default_rng(0)
    grey, colours = rng.integers(0, 256, (20, 64, 64), np.uint8), rng.integers(0, 256, (20, 32, 32, 3), np.uint8)
    values = statistics(grey, colours, np.zeros(20, np.float32))
    assert np.isfinite(values).all()
    one = statistics(grey[3:4], colours[3:4], np.zeros(1, np.float32))
    np.testing.assert_allclose(values[3:4], one, atol=1e-6)
