"""Workflow commands say what did not pass, and no text gets out of its place in them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.annotations import MOST, SUMMARY_VARIABLE, annotate, command, step_summary
from tests.gate.gate_records import gate_record, limit, requirement


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """What GitHub's runner makes of a line: its grammar, and its unescaping in its order."""
    found = re.fullmatch(r"::(\w+) ([^:]*(?:=[^,:]*)(?:,[^:]*)?)::(.*)", line)
    assert found, line
    kind, properties, message = found.groups()

    def plain(text: str) -> str:
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            text = text.replace(code, character)
        return text

    split = dict(one.split("=", 1) for one in properties.split(","))
    return kind, {name: plain(value) for name, value in split.items()}, plain(message)


def test_the_verdict_comes_first_and_then_what_did_not_pass():
    record = gate_record(
        limit("a", "pass"),
        limit("b", "fail"),
        limit("c", "inconclusive"),
        verdict="fail",
        requirements=[requirement("calibrated", met=True), requirement("balanced", met=False)],
    )
    assert [parsed(line) for line in annotate(record)] == [
        ("error", {"title": "dejavu-audit gate: fail"}, "The gate's verdict: fail."),
        ("error", {"title": "Requirement not met: balanced"}, "balanced: not met."),
        ("error", {"title": "Limit exceeded: b"}, "b was judged: fail."),
        ("warning", {"title": "Limit undecided: c"}, "c was judged: inconclusive."),
    ]


def test_a_pass_is_a_notice_alone():
    assert [parsed(line)[0] for line in annotate(gate_record(limit(), limit("b")))] == ["notice"]


def test_an_undecided_gate_warns_and_one_that_passes_all_the_same_notices():
    undecided = limit("c", "inconclusive")
    assert [parsed(line)[0] for line in annotate(gate_record(undecided, verdict="inconclusive"))] == ["warning"] * 2
    assert [parsed(line)[0] for line in annotate(gate_record(undecided, verdict="pass"))] == ["notice"] * 2


@pytest.mark.parametrize("limits", [MOST - 1, MOST, 25])
def test_no_more_than_github_shows_and_the_rest_is_counted(limits):
    lines = [
        parsed(line) for line in annotate(gate_record(*[limit(f"s{i}", "fail") for i in range(limits)], verdict="fail"))
    ]
    assert len(lines) == MOST
    if limits == MOST - 1:  # with the verdict's own, as many as there is room for
        assert lines[-1][1]["title"] == "Limit exceeded: s8"
    else:
        assert lines[-1][2] == f"{limits - (MOST - 2)} more are in the summary and in junit.xml"


def test_escaping_by_hand():
    line = command("error", "50%, a:b", "x%0A,:\r\n::warning::y")
    assert line == "::error title=50%25%2C a%3Ab::x%250A,:%0D%0A::warning::y"


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))), st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_what_goes_in_comes_out_on_one_line(title, message):
    line = command("warning", title, message)
    assert "\n" not in line and "\r" not in line
    assert parsed(line) == ("warning", {"title": title}, message)


@given(st.text(st.characters(exclude_categories=())))
def test_controls_do_not_reach_the_log(text):
    line = command("warning", text, text)
    line.encode("utf-8")
    assert not re.search("[\x00-\x1f\x7f]", line)


def test_the_summary_is_appended(tmp_path, monkeypatch):
    file = tmp_path / "summary"
    file.write_text("before\n")
    monkeypatch.setenv(SUMMARY_VARIABLE, str(file))
    assert step_summary("## One\n\nfound: é\n") == file
    step_summary("## Two")
    assert file.read_text("utf-8") == "before\n## One\n\nfound: é\n\n## Two\n\n"


@pytest.mark.parametrize("value", [None, ""])
def test_outside_of_github_nothing_is_written(monkeypatch, value):
    monkeypatch.delenv(SUMMARY_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(SUMMARY_VARIABLE, value)
    assert step_summary("text") is None


def test_a_summary_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(SUMMARY_VARIABLE, str(tmp_path / "none" / "summary"))
    with pytest.raises(AuditError, match=f"No such file.*{SUMMARY_VARIABLE}"):
        step_summary("text")
