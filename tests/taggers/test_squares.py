"""Squares of pictures."""

from __future__ import annotations

import pickle

import numpy as np
from PIL import Image

from dejavu_audit.taggers.squares import GREY, ToSquare


def test_the_longer_side_fits_and_the_rest_is_grey():
    red = Image.new("RGB", (40, 10), (200, 0, 0))
    square = np.asarray(ToSquare(80)(red))  # 40 x 10 becomes 80 x 20
    assert square.shape == (80, 80, 3)
    assert (square[:20] == (200, 0, 0)).all() and (square[20:] == GREY).all()
    tall = np.asarray(ToSquare(20)(red.transpose(Image.Transpose.ROTATE_90)))
    assert (tall[:, :5] == (200, 0, 0)).all() and (tall[:, 5:] == GREY).all()


def test_squashed():
    assert (np.asarray(ToSquare(16, pad=False)(Image.new("RGB", (40, 10), (1, 2, 3)))) == (1, 2, 3)).all()


def test_a_line_of_pixels_does_not_vanish():
    assert ToSquare(10)(Image.new("RGB", (5000, 1), (9, 9, 9))).getpixel((0, 0)) == (9, 9, 9)


def test_picklable():
    assert vars(pickle.loads(pickle.dumps(ToSquare(7)))) == vars(ToSquare(7))
