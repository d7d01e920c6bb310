from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from dejavu_audit.report.html.texts import LONGEST, changed, clean


class Pair(NamedTuple):
    one: str
    two: int


def test_what_cannot_be_seen_or_turns_text_round_is_a_question_mark():
    assert clean("a\u202eb\x00c\x1bd\ud800e") == "a?b?c?d?e"
    assert clean("Zebra\u200dstreifen, ü, 日本") == "Zebra\u200dstreifen, ü, 日本"  # joiners are letters of scripts


def test_long_texts_are_cut():
    assert len(clean("ü" * 10**6)) == LONGEST + 1


@given(st.text(max_size=50))
def test_what_is_clean_stays_so(text):
    assert clean(clean(text)) == clean(text)
    clean(text).encode("utf-8")


def test_every_text_is_changed_but_keys_and_markup():
    value = {"a": ["a", ("a", 1)], "b": Pair("a", 2), "c": Markup("a"), "d": None}
    assert changed(value, str.upper) == {"a": ["A", ("A", 1)], "b": Pair("A", 2), "c": Markup("a"), "d": None}
    assert isinstance(changed(value, str.upper)["b"], Pair)
