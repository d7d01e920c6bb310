from __future__ import annotations

import codecs
import io

import pytest

from dejavu_audit.cli.letters import NAME, plain_letters

codecs.register_error(NAME, plain_letters)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("déjà vu", "deja vu"),
        ("±5 – 3 × 2 ≥ 1", "+-5 - 3 x 2 >= 1"),
        ("e\N{COMBINING ACUTE ACCENT}", "e"),
        ("日本", "??"),
        ("½", "12"),
    ],
)
def test_the_nearest_letters_that_there_are(text, shown):
    assert text.encode("ascii", NAME).decode() == shown


def test_a_stream_keeps_what_it_can_show():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1", errors=NAME)
    stream.write("déjà – vu")
    stream.flush()
    assert raw.getvalue().decode("latin-1") == "déjà - vu"


def test_it_is_for_encoding_alone():
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("ascii", NAME)
