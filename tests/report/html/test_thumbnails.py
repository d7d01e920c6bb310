from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dejavu_audit.report.html import thumbnails
from dejavu_audit.report.html.thumbnails import LARGE, OUTSIDE, Thumbnails, pack
from dejavu_audit.types import Rect

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 600, 3), np.uint8).repeat(2, axis=0))


def unpacked(uri: str) -> Image.Image:
    kind, _, text = uri.partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(text)))
    assert kind == f"data:image/{image.format.lower()}"
    return image


class Album:
    """One picture under the name "there"."""

    def __init__(self):
        self.opened = 0

    def sample(self, id_):
        return 0 if id_ == "there" else None

    neighbor = sample

    def open(self, at, draft=None):
        self.opened += 1
        return (PICTURE, "") if at == 0 else (None, "picture is truncated")


def test_a_picture_is_shrunk_to_the_side_and_never_enlarged():
    assert unpacked(pack(PICTURE, 60)).size == (60, 60)
    assert unpacked(pack(PICTURE.crop((0, 0, 30, 10)), 60)).size == (30, 10)
    assert unpacked(pack(PICTURE.resize((4_000, 2)), 60)).size == (60, 1)


def test_without_webp_it_is_a_jpeg(monkeypatch):
    monkeypatch.setattr(thumbnails, "_format", lambda: ("jpeg", lambda picture, file: picture.save(file, "JPEG")))
    assert unpacked(pack(PICTURE, 60)).format == "JPEG"


def test_a_sample_comes_with_the_crop_of_the_picture_itself():
    with Thumbnails(Album()) as made:
        shown = made.sample("there", Rect(0, 0, 300, 100))
        picture, cut = map(unpacked, shown.wait())
    assert shown.size == (600, 600)
    assert picture.size == (LARGE, LARGE)
    assert cut.size == (240, 80)
    whole = np.asarray(PICTURE.crop((0, 0, 300, 100)).resize((240, 80), Image.Resampling.LANCZOS), float)
    assert np.abs(np.asarray(cut.convert("RGB"), float) - whole).mean() < 40  # noise is hard to pack


@pytest.mark.parametrize("crop", [Rect(-1, 0, 9, 9), Rect(599, 0, 2, 2), Rect(0, 590, 5, 50)])
def test_a_crop_outside_the_picture_is_not_made_up(crop):
    with Thumbnails(Album()) as made:
        shown = made.sample("there", crop)
        picture, cut = shown.wait()
    assert picture and cut is None
    assert (shown.missing, shown.cut_missing) == ("", OUTSIDE)


def test_what_cannot_be_opened_has_its_reason_and_a_neighbour_is_opened_once():
    album = Album()
    with Thumbnails(album) as made:
        assert made.sample("gone", None).missing == "picture is truncated"
        assert made.neighbor("gone") is made.neighbor("gone") is None
        assert made.missing == {"gone": "picture is truncated"}
        assert made.neighbor("there").result() == made.neighbor("there").result()
    assert album.opened == 3
