"""What dejavu.toml may ask of a run, and what is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.limits import Limit, Requirements, refuse_empty, rules_of
from dejavu_audit.settings.file import SettingsFile, read_settings

PATH = Path("release/dejavu.toml")


def rules(*limits, **gate):
    return rules_of(SettingsFile(PATH, {}, gate, limits))


def test_everything_that_can_be_asked(tmp_path):
    (tmp_path / "dejavu.toml").write_text(
        """
        [gate]
        baseline = "kept/last.parquet"
        inconclusive = "fail"
        max-targets = 5000
        require = { calibrated = true, balanced = false, targets = 1000, control = 500 }

        [[limit]]
        score = "headline"
        max = 0.02

        [[limit]]
        score = "memorized"
        max = 5

        [[limit]]
        score = "ppg"
        max-increase = 0.01
        """
    )
    found = rules_of(read_settings(tmp_path / "dejavu.toml"))
    assert found.limits == (
        Limit("headline", "max", 0.02), Limit("memorized", "max", 5.0), Limit("ppg", "max_increase", 0.01),
    )  # fmt: skip
    assert found.baseline == tmp_path / "kept/last.parquet"  # seen from the file's folder
    assert (found.inconclusive, found.max_targets, found.increases) == ("fail", 5000, True)
    assert found.require == Requirements(calibrated=True, balanced=False, targets=1000, control=500)


def test_defaults_ask_for_nothing_and_name_the_baseline_beside_the_file():
    found = rules({"score": "headline", "max": 0.02})
    assert found.baseline == Path("release/dejavu-baseline.parquet")
    assert (found.inconclusive, found.max_targets, found.increases) == (None, None, False)
    assert found.require == Requirements()


def test_requirements_as_a_list():
    assert rules(require=["calibrated", "balanced"]).require == Requirements(calibrated=True, balanced=True)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"score": "headline", "maxi": 0.1}, r"unknown key 'maxi': did you mean max\b.*limit 1"),
        ({"max": 0.1}, "must name a score"),
        ({"score": 3, "max": 0.1}, "must name a score"),
        ({"score": "headline"}, "must have one of max and max_increase, and has neither"),
        ({"score": "headline", "max": 0.1, "max_increase": 0.1}, "has both"),
        ({"score": "headline", "max": "0.1"}, "max must be a number, not '0.1'"),
        ({"score": "headline", "max": True}, "max must be a number, not True"),
        ({"score": "headline", "max": float("nan")}, "max must be a number"),
        ({"score": "headline", "max": 2}, "a share between -1 and 1, not 2; 0.02 is 2 percentage points"),
        ({"score": "memorized", "max": 0.02}, "a whole number, not 0.02; memorized_share is the share"),
        ({"score": "memorized", "max": -1}, "must be a whole number, not -1"),
        ({"score": "memorized", "max_increase": 1}, "limit it by max"),
        ({"score": "memorized_share", "max_increase": 0.1}, "has no paired increase"),
        ({"score": "memorized_share", "max": -0.1}, "never below 0"),
    ],
)
def test_limit_that_cannot_be_meant(limit, said):
    with pytest.raises(AuditError, match=said):
        rules(limit)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({"base_line": "x"}, "unknown key 'base_line': did you mean baseline"),
        ({"baseline": 3}, "baseline must be the name of a file"),
        ({"baseline": ""}, "baseline must be the name of a file"),
        ({"inconclusive": "passed"}, "unknown outcome 'passed': did you mean pass"),
        ({"require": ["calibrate"]}, "unknown requirement 'calibrate': did you mean calibrated"),
        ({"require": ["targets"]}, "require needs a number for targets"),
        ({"require": {"balanced": 1}}, "balanced must be true or false"),
        ({"require": {"targets": 0}}, "targets must be a whole number of 1 or more"),
        ({"require": 3}, "require must be a list"),
        ({"max_targets": 1.5}, "max_targets must be a whole number"),
    ],
)
def test_gate_that_cannot_be_meant(gate, said):
    with pytest.raises(AuditError, match=said):
        rules({"score": "headline", "max": 0.02}, **gate)


def test_two_limits_of_one_kind_on_one_score_are_refused_and_of_two_kinds_are_not():
    once, twice = {"score": "ppg", "max": 0.1}, {"score": "ppg", "max": 0.2}
    with pytest.raises(AuditError, match="two limits of max on ppg"):
        rules(once, twice)
    assert len(rules(once, {"score": "ppg", "max_increase": 0.1}).limits) == 2


def test_gate_without_a_limit_is_refused():
    with pytest.raises(AuditError, match="the gate has no limits"):
        refuse_empty(rules())
