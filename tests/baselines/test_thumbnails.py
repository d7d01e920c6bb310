from __future__ import annotations

import pickle

import numpy as np
import torch
from PIL import Image

from dejavu_baselines.thumbnails import Thumbnails


def test_the_whole_crop_is_squashed_and_nothing_cut():
    # A strip, 40 x 10: red left half, blue right half. A centre cut would keep both too, but not their shares' ends.
    strip = np.zeros((10, 40, 3), np.uint8)
    strip[:, :20, 0] = 255
    strip[:, 20:, 2] = 255
    featurizer = Thumbnails(4)
    row = featurizer.embed_images(featurizer.transform(Image.fromarray(strip))[None])
    red, green, blue = row.reshape(3, 4, 4)
    assert row.shape == (1, featurizer.dim) == (1, 48)
    assert row.dtype == featurizer.dtype == np.uint8
    # Triangle filter of 10 px half-width: the outer columns see their own side alone.
    assert (red[:, 0] == 255).all() and (red[:, 3] == 0).all() and (blue[:, 3] == 255).all() and not green.any()


def test_ends_of_a_long_strip_are_seen():
    strip = np.zeros((8, 80, 3), np.uint8)
    strip[:, :10] = strip[:, -10:] = 255
    seen = Thumbnails(8).transform(Image.fromarray(strip)).numpy()
    assert seen[0, 0, 0] > 150 and seen[0, 0, -1] > 150 and seen[0, 0, 3] == 0


def test_grey_pictures_become_rgb_and_bytes_pass_unchanged():
    featurizer = Thumbnails(2)
    grey = Image.fromarray(np.array([[0, 50], [100, 255]], np.uint8))
    batch = torch.stack([featurizer.transform(grey)])
    assert featurizer.embed_images(batch).tolist() == [[0, 50, 100, 255] * 3]


def test_transform_is_picklable_and_keyed_by_its_size():
    transform = pickle.loads(pickle.dumps(Thumbnails(32).transform))
    assert transform.size == 32
    assert transform.key != Thumbnails(33).transform.key
    assert Thumbnails(32).fingerprint != Thumbnails(33).fingerprint
