from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.report.html.tracks import axis

SHARES = st.floats(-1, 1, allow_nan=False)


def test_an_axis_has_round_ends_and_holds_zero():
    # 0 to 49.2: a step of 10 gives six ticks from 0 to 50, and a margin of 4 % of 50 at the right: 0 to 52.
    line = axis([0.432, 0.373, 0.492])
    assert [tick.text for tick in line.ticks] == ["0", "+10", "+20", "+30", "+40", "+50"]
    assert (line.low, line.high) == (0, pytest.approx(0.52))
    assert line.at(0.26) == 50
    assert line.at(0) == 0


def test_what_lies_outside_stands_at_the_end():
    line = axis([0.1])
    assert (line.at(-5), line.at(5)) == (0, 100)


def test_small_numbers_have_as_many_decimals_as_their_step():
    assert [tick.text for tick in axis([0.004]).ticks] == ["0", "+0.1", "+0.2", "+0.3", "+0.4"]
    assert [tick.text for tick in axis([3.0], factor=1.0, signed=False, unit=" s").ticks][:2] == ["0 s", "0.5 s"]


@given(st.lists(SHARES, max_size=6))
def test_every_value_is_on_the_axis(values):
    line = axis([*values, None])
    assert line.low <= min([0.0, *values]) and max([0.0, *values]) <= line.high
    places = [tick.at for tick in line.ticks]
    assert 2 <= len(places) <= 9
    assert places == sorted(places) and all(-0.01 <= at <= 100.01 for at in places)
    assert any(tick.text == "0" for tick in line.ticks)


@given(st.tuples(SHARES, SHARES, SHARES).map(sorted))
def test_an_interval_can_be_seen_and_holds_its_estimate(three):
    low, estimate, high = three
    mark = axis(three).mark(estimate, low, high)
    assert mark.width >= 0.4
    assert mark.low - 0.02 <= mark.at <= mark.low + mark.width + 0.02
