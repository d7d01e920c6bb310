from __future__ import annotations

import pytest

from dejavu_audit.report.html.material import Material
from dejavu_audit.report.html.wording import ALARM, CALM, DOUBT, NONE, words
from dejavu_audit.report.reading import read_run
from tests.report.html.runs import balance, change
from tests.run_folders import write_run


def told(folder, test="label", **parts):
    run = write_run(folder / "run", test)
    headline = parts.pop("headline", {})
    membership = {"standing": parts.pop("standing", "known")}
    change(run, headline=headline, membership=membership, **parts)
    return words(Material(read_run(run), None, True))


def test_memorization_is_told_as_a_frequency(tmp_path):
    said = told(tmp_path, headline={"estimate": 0.432, "low": 0.373, "high": 0.492})
    assert said.tone == ALARM
    assert said.title == "This model has memorized individual pictures of its training data."
    assert "about 43 in 100 pictures more than the background alone explains: 37 to 49 in 100, with 95 %" in said.more


def test_nothing_shown_says_what_cannot_be_ruled_out(tmp_path):
    said = told(tmp_path, "objects", headline={"estimate": 0.001, "low": -0.012, "high": 0.014})
    assert said.tone == CALM
    assert said.title.startswith("No memorization")
    assert "up to 14 in 1,000 captions cannot be ruled out" in said.more


@pytest.mark.parametrize(
    ("parts", "tone", "start"),
    [
        ({"headline": {"estimate": None, "low": None, "high": None}}, NONE, "Nothing could be measured"),
        ({"headline": {"calibrated": False}}, DOUBT, "Without pictures that the model never saw"),
        ({"headline": {"estimate": -0.2, "low": -0.3, "high": -0.1}}, DOUBT, "The result is the wrong way round"),
        ({"standing": "unknown"}, ALARM, "This model behaves as if it had memorized pictures of its"),
        ({"standing": "contradicted"}, DOUBT, "The result contradicts"),
        (
            {"standing": "contradicted", "headline": {"estimate": 0.0, "low": -0.1, "high": 0.1}},
            CALM,
            "Nothing was found, and nothing was there",
        ),
        ({"balance": balance(True)}, DOUBT, "The result cannot be relied on"),
        ({"headline": {"metric": "deja_vu_top1_symmetric"}}, ALARM, "These models have memorized"),
    ],
)
def test_every_finding_has_its_words(tmp_path, parts, tone, start):
    said = told(tmp_path, **parts)
    assert said.tone == tone
    assert said.title.startswith(start)


def test_symmetric_and_unknown_agree_in_number(tmp_path):
    said = told(tmp_path, headline={"metric": "ppg_symmetric"}, standing="unknown")
    assert said.title == "These models behave as if they had memorized pictures of their training data."


def test_where_nothing_can_be_memorized_it_says_why(tmp_path):
    known = {
        "status": "contradicted",
        "why": "the targets were not in the training data",
        "source": "",
        "basis": "header",
    }
    run = write_run(tmp_path / "run")
    change(
        run,
        headline={"estimate": 0.006, "low": -0.024, "high": 0.037},
        membership={"standing": "contradicted", "target": known},
    )
    said = words(Material(read_run(run), None, True))
    assert said.more.startswith("The targets were not in the training data. The test found 1 in 100 pictures more")
    assert "trained on" not in said.more
