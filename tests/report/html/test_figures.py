from __future__ import annotations

import pytest

from dejavu_audit.report.html.figures import in_hundred, p_value, percent, points, said
from dejavu_audit.report.score_record import ScoreRecord


def test_points_are_signed_and_percent_is_not():
    assert (points(0.1234), points(-0.05), points(0.0), points(-0.00001)) == ("+12.3", "−5.0", "+0.0", "+0.0")
    assert (percent(0.1234), percent(-0.05)) == ("12.3", "−5.0")


def test_what_was_not_measured_is_a_word():
    nothing = ScoreRecord(estimate=None, low=None, high=None, n=0, method="none")
    assert said(nothing, signed=True) == said(None, signed=True) == ("not measured", "")
    assert said(ScoreRecord(estimate=0.5, low=None, high=None, n=3, method="none"), signed=False) == ("50.0", "")
    assert said(ScoreRecord(estimate=0.5, low=0.25, high=0.75, n=3, method="x"), signed=True) == (
        "+50.0", "+25.0 to +75.0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("three", "told"),
    [
        ((0.432, 0.373, 0.492), ("43", "37", "49", "100")),
        ((0.004, 0.001, 0.007), ("4", "1", "7", "1,000")),
        ((0.0002, 0.0, 0.0005), ("2", "0", "5", "10,000")),
        ((-0.1, -0.4, 0.15), ("−10", "−40", "15", "100")),
    ],
)
def test_frequencies_are_whole_numbers_of_enough(three, told):
    assert in_hundred(*three) == told


def test_p_values():
    assert [p_value(p) for p in (None, 0.0001, 0.0123, 0.5)] == ["not measured", "< 0.001", "= 0.012", "= 0.50"]
