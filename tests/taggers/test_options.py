"""Options and lists of names."""

from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.options import check, names_in, names_or_file, whole


def test_names_in_a_file(tmp_path):
    (tmp_path / "n.txt").write_text("\ufeffdog\n\n  traffic light \nDog\n", encoding="utf-8")
    assert names_in(tmp_path / "n.txt", "it") == ["dog", "traffic light", "Dog"]
    assert names_or_file(str(tmp_path / "n.txt"), "it") == ["dog", "traffic light", "Dog"]
    assert names_or_file("dog, tree ,", "it") == ["dog", "tree"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no names"),
        (b"dog\ndog\n", "holds the name 'dog' twice"),
        (b"\xff\xfe\x00", "cannot be read as text"),
        (b"x" * 500, "holds a name of 500 characters"),
    ],
)
def test_faults_of_a_file(tmp_path, content, message):
    (tmp_path / "n.txt").write_bytes(content)
    with pytest.raises(AuditError, match=message):
        names_in(tmp_path / "n.txt", "it")


def test_a_missing_file_is_not_taken_for_a_name(tmp_path):
    with pytest.raises(AuditError, match="there is no file"):
        names_or_file(str(tmp_path / "n.txt"), "it")


@pytest.mark.parametrize("text", ["3", "4097", "-5", "1e2", "", "٣٢٠"])
def test_whole_numbers(text):
    with pytest.raises(AuditError, match=r"size=.* must be a whole number from 32 to 4,096"):
        whole({"size": text}, "size", 320, 32, 4096)
    assert whole({}, "size", 320, 32, 4096) == 320 and whole({"size": "64"}, "size", 320, 32, 4096) == 64


def test_unknown_options_have_near_matches():
    with pytest.raises(AuditError, match=r"unknown option of the tagger timm 'class': did you mean classes"):
        check({"class": "x"}, ("classes",), "timm")
