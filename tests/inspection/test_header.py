from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dejavu_audit.inspection.header import header, jpeg_quality


def encoded(kind, size=(40, 30), mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)).convert(mode).save(
        file, kind, **options
    )
    return file.getvalue()


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 51, 75, 90, 95])
def test_the_quality_that_pillow_saved_with_is_read_back(quality):
    assert header(encoded("JPEG", quality=quality)) == ("JPEG", 40, 30, quality)


def test_a_grey_jpeg_has_a_quality_too():
    assert header(encoded("JPEG", mode="L", quality=60)).jpeg_quality == 60


def test_other_formats_have_none():
    assert header(encoded("PNG")) == ("PNG", 40, 30, None)
    assert header(encoded("WEBP")).format == "WEBP"


def test_what_is_no_picture_has_no_header():
    assert header(b"") == header(b"no picture") == header(encoded("PNG")[:20]) == (None, None, None, None)


def test_a_bomb_has_no_header(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert header(encoded("PNG")).width is None


def test_a_table_of_another_length_has_no_quality():
    assert jpeg_quality([16] * 63) is None
    # All steps are 1: the finest table that there is.
    assert jpeg_quality([1] * 64) == 100
