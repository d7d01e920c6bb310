from __future__ import annotations

import numpy as np
from scipy.fft import dctn

from dejavu_audit.inspection.hashes import perceptual_hashes


def smooth(seed, n=1):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:32, :32] / 32
    waves = [a * np.cos(np.pi * (i * x + j * y) + p) for i, j, a, p in rng.uniform(0, 6, (12, 4))]
    picture = sum(waves)
    return (255 * (picture - picture.min()) / np.ptp(picture)).astype(np.uint8)[None]


def test_bits_are_the_waves_above_the_median():
    picture = smooth(0)
    waves = dctn(picture[0].astype(float), norm="ortho")[:8, :8].ravel()
    waves[0] = 0
    bits = "".join("1" if wave > np.median(waves) else "0" for wave in waves)
    assert perceptual_hashes(picture).tolist() == [int(bits, 2)]
    assert bits.count("1") == 32


def test_brightness_and_contrast_leave_it_nearly_alone():
    picture = smooth(1)
    softer = (40 + 0.6 * picture).astype(np.uint8)
    differing = perceptual_hashes(picture) ^ perceptual_hashes(softer)
    assert bin(int(differing[0])).count("1") <= 6
    other = perceptual_hashes(picture) ^ perceptual_hashes(smooth(2))
    assert bin(int(other[0])).count("1") >= 16


def test_flat_pictures_have_no_hash():
    flat = np.full((1, 32, 32), 200, np.uint8)
    faint = flat + (np.indices((32, 32)).sum(axis=0) % 2).astype(np.uint8)
    assert perceptual_hashes(np.concatenate([flat, faint])).tolist() == [0, 0]
    assert perceptual_hashes(np.zeros((0, 32, 32), np.uint8)).shape == (0,)
