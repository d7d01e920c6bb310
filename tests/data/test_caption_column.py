from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.data.caption_column import LONGEST, NOT_UTF8, TOO_LONG, as_text, caption_notes, clean_captions

TEXTS = st.none() | st.text(max_size=4).map(str.encode) | st.binary(max_size=3) | st.just(b"x" * (LONGEST + 1))


def clean(values, kind):
    column, faults = clean_captions(pa.chunked_array([pa.array(values, kind)]))
    return column.to_pylist(), {fault: count for fault, count in faults.items() if count}


def test_text_loses_what_surrounds_it_and_blanks_are_none():
    assert clean([" a dog\n", "", "  ", None, "b\u00a0"], pa.string()) == (["a dog", None, None, None, "b"], {})


def test_the_limit_counts_characters_not_bytes():
    at, over = "ü" * LONGEST, "ü" * (LONGEST + 1)
    assert clean([at, over, "x" * 100_000], pa.string()) == ([at, None, None], {TOO_LONG: 2})


def test_of_a_list_the_bad_are_dropped_and_an_empty_list_is_none():
    lists = [["a", "", " b "], [], None, [None, " "], ["x" * 10_001], ["c"]]
    expected = [["a", "b"], None, None, None, None, ["c"]]
    for kind in (pa.list_(pa.string()), pa.large_list(pa.large_string())):
        assert clean(lists, kind) == (expected, {TOO_LONG: 1})


def test_lists_of_a_fixed_size():
    assert clean([["a", "b"], None, ["", "c"]], pa.list_(pa.string(), 2))[0] == [["a", "b"], None, ["c"]]


def test_text_that_only_claims_to_be_utf8():
    raw = pa.array([b"good", b"\xff", None], pa.binary())
    claimed = pa.Array.from_buffers(pa.string(), 3, raw.buffers())  # as a Parquet file may hold it
    column, faults = clean_captions(pa.chunked_array([claimed]))
    assert (column.to_pylist(), faults[NOT_UTF8]) == (["good", None, None], 1)


def test_empty_columns_and_columns_without_a_type():
    assert clean_captions(pa.chunked_array([], pa.string()))[0].to_pylist() == []
    assert clean([None, None], pa.null())[0] == [None, None]
    assert clean([[], None], pa.list_(pa.null()))[0] == [None, None]


@pytest.mark.parametrize("values", [[1], [1.5], [True], [[1]], [[["a"]]], [{"en": "a"}]])
def test_what_is_no_text_is_refused(values):
    with pytest.raises(pa.ArrowException):
        clean_captions(pa.chunked_array([pa.array(values)]))


def slow(value):
    """One caption the slow way: itself or None, and its fault."""
    if value is None:
        return None, None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None, NOT_UTF8
    text = text.strip()
    return (text, None) if 0 < len(text) <= LONGEST else (None, TOO_LONG if text else None)


@given(st.lists(st.none() | st.lists(TEXTS, max_size=3), max_size=5), st.integers(0, 5))
def test_lists_agree_with_one_by_one(lists, cut):
    chunks = [pa.array(part, pa.list_(pa.binary())) for part in (lists[:cut], lists[cut:])]
    column, faults = clean_captions(pa.chunked_array(chunks))
    one_by_one = [[slow(one) for one in some or []] for some in lists]
    assert column.to_pylist() == [[text for text, _ in some if text is not None] or None for some in one_by_one]
    for fault in (NOT_UTF8, TOO_LONG):
        assert faults[fault] == sum(found == fault for some in one_by_one for _, found in some)


@given(st.lists(TEXTS, max_size=6))
def test_text_agrees_with_one_by_one(values):
    column, faults = clean_captions(pa.chunked_array([pa.array(values, pa.binary())]))
    assert column.to_pylist() == [slow(value)[0] for value in values]
    assert faults.total() == sum(slow(value)[1] is not None for value in values)


def test_single_captions_become_text_and_several_stay_lists():
    single = pa.chunked_array([pa.array([["a"], None], pa.list_(pa.string())), pa.array([["b"]])])
    assert as_text(single).to_pylist() == ["a", None, "b"]
    several = pa.chunked_array([pa.array([["a", "b"], None])])
    assert as_text(several) is several
    assert as_text(pa.chunked_array([pa.nulls(2, pa.list_(pa.string()))])).to_pylist() == [None, None]
    text = pa.chunked_array([pa.array(["a"])])
    assert as_text(text) is text


def test_notes_count_and_say_what_becomes_of_them():
    assert caption_notes({NOT_UTF8: 12, TOO_LONG: 0}) == ("12 captions are not UTF-8: they are taken as missing",)
