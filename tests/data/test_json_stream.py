from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data import json_stream
from dejavu_audit.data.json_stream import elements
from dejavu_audit.errors import AuditError

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def read(path, *wanted):
    return list(elements(path, wanted))


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from("abc"), ANY | st.lists(ANY, max_size=4)), st.data())
def test_elements_are_those_that_json_finds(tmp_path_factory, content, data):
    """However the file is spaced, and wherever it is cut into pieces."""
    path = tmp_path_factory.mktemp("json") / "x.json"
    indent, escaped = data.draw(st.sampled_from([None, 0, 3])), data.draw(st.booleans())
    path.write_text(json.dumps(content, indent=indent, ensure_ascii=escaped) + data.draw(st.sampled_from(["", "\n "])))
    expected = [
        (key, one) for key, value in content.items() if isinstance(value, list) and key in "ab" for one in value
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK", data.draw(st.integers(1, 40)))
        assert read(path, "a", "b") == expected


@pytest.mark.parametrize("chunk", range(1, 12))
def test_numbers_cut_anywhere(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    (tmp_path / "x.json").write_text('{"a":[0.25,1e-5,-3,12E+2,7],"b":0.5}')
    assert read(tmp_path / "x.json", "a") == [("a", value) for value in (0.25, 1e-5, -3, 1200.0, 7)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "line 1 of .*x.json is not JSON as COCO has it: { was expected, the file ends"),
        (b"[1]", r"line 1 of .* \{ was expected, not '\['"),
        (b'{"a": [1, 2', "line 1 of .*: , or ] was expected, the file ends"),
        (b'{"a": [1,\n\n {"b" 2}]}', "line 3 of .*: Expecting ':' delimiter"),
        (b'{"a": [1]}\n{}', "line 2 of .*: something follows after its end"),
        (b'{"a": [1]\n"b": 2}', "line 2 of .*: , or } was expected"),
        (b'{"a": [1.]}', "line 1 of .*: , or ] was expected, not '.'"),
        (b"{\n1: 2}", "line 2 of .*: a key in quotes was expected"),
        (b'{"a": ["\n', "Invalid control character"),
        (b'{"a": ["' + b"x" * 100, "Unterminated string"),
        (b'{"a": [1],\n"b": ["\xff"]}', "x.json cannot be read: line 2 is not UTF-8"),
        (b'{"a": [' + b"[" * 100_000, "line 1 of .* is not JSON"),
    ],
)
@pytest.mark.parametrize("chunk", [3, 1 << 20])
def test_what_is_no_json_is_told_with_its_line(tmp_path, monkeypatch, content, says, chunk):
    monkeypatch.setattr(json_stream, "CHUNK", chunk)
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(AuditError, match=says) as raised:
        read(tmp_path / "x.json", "a")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_gone(tmp_path):
    with pytest.raises(AuditError, match=r"gone.json cannot be read: No such file"):
        read(tmp_path / "gone.json", "a")
