from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dejavu_audit.report.sheet import CROP, LARGE, SMALL, Strip, Tile, drawable, fitted, font, outlined, page, wrapped
from dejavu_audit.types import Rect

INK = (31, 35, 40)


def flat(width, height, colour=(10, 200, 30)):
    return Image.new("RGB", (width, height), colour)


@pytest.mark.parametrize(("size", "wanted"), [((400, 200), (100, 50)), ((20, 40), (50, 100)), ((3_000, 1), (100, 1))])
def test_a_picture_fits_the_square_and_keeps_its_shape(size, wanted):
    assert fitted(flat(*size), 100).size == wanted


def test_the_rectangle_lies_where_the_crop_is():
    # A picture of 200 x 100 at half its size: the crop at (40, 20), 100 x 60, is columns 20 to 69 and rows 10 to 39.
    drawn = np.asarray(outlined(flat(200, 100), Rect(40, 20, 100, 60), 100)).astype(int)
    changed = (drawn != (10, 200, 30)).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (columns[0], columns[-1], rows[0], rows[-1]) == (20, 69, 10, 39)
    assert not changed[15:35, 25:65].any()  # the inside is left alone
    orange = tuple(int(CROP[i : i + 2], 16) for i in (1, 3, 5))
    assert tuple(drawn[11, 40]) == orange
    assert tuple(drawn[10, 40]) == (0, 0, 0)


@pytest.mark.parametrize("rect", [Rect(0, 0, 1, 1), Rect(0, 0, 300, 300), Rect(299, 299, 1, 1), Rect(0, 10, 300, 2)])
def test_any_rectangle_can_be_drawn(rect):
    assert outlined(flat(300, 300), rect, 50).size == (50, 50)


@given(st.text(max_size=300), st.integers(20, 300), st.integers(1, 5))
def test_wrapped_text_fits_whatever_it_is(text, width, lines):
    done = wrapped(text, 13, width, lines)
    assert len(done) <= lines
    assert all(font(13).getlength(line) <= width for line in done)
    words = " ".join(drawable(text).split())
    told = " ".join(done).removesuffix("...").replace(" ", "")
    assert words.replace(" ", "").startswith(told)


def test_short_text_stays_whole_and_long_text_says_that_it_goes_on():
    assert wrapped("a short one", 13, 300, 2) == ["a short one"]
    done = wrapped("word " * 20_000, 13, 200, 3)
    assert len(done) == 3
    assert done[-1].endswith("...")
    assert not done[0].endswith("...")
    assert done[0].split() == ["word"] * len(done[0].split())  # broken between words


def test_letters_that_the_font_lacks_are_written_without_accents_or_as_a_question_mark():
    assert drawable("déjà vu – “naïve”…") == 'deja vu - "naive"...'
    assert drawable("鳥 🐦") == "? ?"


def strip(**changes):
    large = (Tile(flat(96, 96)), Tile(None, (), "picture is missing"))
    small = (Tile(flat(96, 48), ("bird", "0.123"), own=True), Tile(None, ("-",), "gone"))
    return Strip(**{"title": "1. a", "says": "label b", "large": large, "small": small, **changes})


def test_a_page_holds_its_strips_and_no_more():
    one, two = page("title", "note", [strip()]), page("title", "note", [strip(), strip()])
    assert one.width == two.width
    assert LARGE < two.height - one.height < LARGE + 120
    assert page("title", "note", []).height < 200


def test_what_is_missing_is_a_grey_tile_with_its_reason():
    def tiles(reason):
        pixels = np.asarray(page("t", "n", [strip(large=(Tile(None, (), reason),), small=())]))
        return (pixels == (0xD4, 0xD9, 0xDE)).all(axis=2).sum(), (pixels == INK).all(axis=2).sum()

    grey, ink = tiles("picture is missing")
    assert 0.9 * LARGE * LARGE < grey < LARGE * LARGE
    assert ink > tiles("")[1]


def test_a_neighbour_of_the_same_class_is_framed():
    def green(own):
        pixels = np.asarray(page("t", "n", [strip(small=(Tile(flat(9, 9), (), own=own),))]))
        return (pixels == (0x1A, 0x7F, 0x37)).all(axis=2).sum()

    assert green(False) == 0
    assert green(True) == pytest.approx(4 * 3 * (SMALL + 3), rel=0.05)


def test_captions_stand_beside_the_picture():
    plain_page = page("t", "n", [strip(large=(Tile(flat(9, 9)),))])
    told = page("t", "n", [strip(large=(Tile(flat(9, 9)),), text=(("caption", "word " * 500), ("objects", "a, b")))])
    assert told.width > plain_page.width
    assert told.height == plain_page.height  # long captions are cut
