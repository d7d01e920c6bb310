from __future__ import annotations

import pytest

from dejavu_audit.report import verdict
from dejavu_audit.report.record import HeadlineRecord


def headline(estimate, low, high, *, calibrated=True):
    return HeadlineRecord(
        metric="deja_vu_top1",
        estimate=estimate,
        low=low,
        high=high,
        level=0.95,
        calibrated=calibrated,
        p_value=0.5,
        p_value_test="permutation",
    )


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (headline(0.1, 0.05, 0.15), "memorizes"),
        (headline(0.1, -0.01, 0.15), "not shown"),
        (headline(0.0, 0.0, 0.01), "not shown"),
        (headline(-0.1, -0.2, -0.05), "reversed"),
        (headline(0.1, 0.05, 0.15, calibrated=False), "uncalibrated"),
        (headline(None, None, None), "not measured"),
    ],
)
def test_the_interval_decides_never_the_point(number, found):
    assert verdict.finding(number) == found


def test_the_sentence_holds_number_and_interval():
    said = verdict.sentence("timm x", headline(0.123, 0.051, 0.2))
    assert said.startswith("Memorization: timm x")
    assert "+12.3 points (95 % interval +5.1 to +20.0)" in said


def test_nothing_shown_is_not_nothing_there():
    assert "up to +3.0 points cannot be ruled out" in verdict.sentence("m", headline(0.0, -0.02, 0.03))


def test_without_a_control_the_bias_is_said():
    said = verdict.caveats(
        headline=headline(0.1, 0.05, 0.2, calibrated=False), control=0, groups=True, base=0.2, lost=0, asked=100
    )
    assert said[0].startswith(
        "Uncalibrated, biased upward where the encoder reads backgrounds better than the baseline"
    )


def test_a_baseline_that_is_never_right_is_said():
    said = verdict.caveats(headline=headline(0.1, 0.05, 0.2), control=5000, groups=True, base=0.0, lost=0, asked=100)
    assert any("names no target at all" in line for line in said)


def test_many_set_aside_are_said():
    said = verdict.caveats(headline=headline(0.1, 0.05, 0.2), control=5000, groups=True, base=0.3, lost=20, asked=100)
    assert any("20 of 100" in line for line in said)
