from __future__ import annotations

from dejavu_audit.errors import AuditError, SetAside, unknown


def test_near_matches_are_offered():
    message = str(unknown("encoder family", "opneclip", ["openclip", "timm"]))
    assert message == "unknown encoder family 'opneclip': did you mean openclip?"


def test_a_short_list_is_shown_where_nothing_is_near():
    assert str(unknown("data set", "zzz", ["scenes", "imagenet"])).endswith("choose from imagenet, scenes")


def test_a_long_list_is_counted():
    assert "1,000 are known" in str(unknown("model", "zzz", [f"model-{i}" for i in range(1000)]))


def test_nothing_installed():
    assert "none is installed" in str(unknown("baseline", "zzz", []))


def test_a_set_aside_picture_is_not_an_audit_error():
    assert not issubclass(SetAside, AuditError)
    assert SetAside("picture is truncated").reason == "picture is truncated"
