from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.figures.findings import by_layer, by_reference, over_size, over_time
from tests.benchmarks.figures.points import RISING, point


def test_it_rises_only_where_the_intervals_do_not_meet():
    said = over_time(RISING)
    assert "From 1 to 16 epochs the calibrated score goes from 1.0 % [−1.0 %, 3.0 %] to 20.0 % [18.0 %, 22.0 %]" in said
    assert "it rises" in said and "**The paper's shape is here.**" in said
    assert "1 against 16: kNN 90.0 % and 97.0 %, linear probe 95.0 % and 95.0 %" in said
    flat = over_time([RISING[0], point(16, "projector", 0.04)])  # [-0.01, 0.03] and [0.02, 0.06]
    assert "no change can be told" in flat and "**The paper's shape is not here.**" in flat
    falling = over_time(RISING[::-1])
    assert "it falls" in falling and "**The paper's shape is not here.**" in falling


def test_a_flat_line_is_never_called_shown():
    assert "does not contradict" in over_size([point(100, "a", 0.1, 0.05), point(600, "a", 0.12)])
    for points in (RISING, RISING[::-1]):
        assert "**The paper's shape is not here.**" in over_size(points)


def test_layers_are_compared_at_each_epoch_and_judged_at_the_last():
    backbone = [point(1, "backbone", 0.0), point(8, "backbone", 0.01), point(16, "backbone", 0.05)]
    said = by_layer([*backbone, *RISING])
    # 1: [-0.01, 0.03] against [-0.02, 0.02]; 8: [0.06, 0.10] against [-0.01, 0.03]; 16: [0.18, …] against [0.03, 0.07].
    assert "above the backbone's at 2 of 3 epochs" in said and "**The paper's shape is here.**" in said
    assert "backbone against projector: kNN 90.0 % and 97.0 %" in said
    swapped = [
        replace(p, series={"backbone": "projector", "projector": "backbone"}[p.series]) for p in backbone + RISING
    ]
    assert "at 0 of 3 epochs" in by_layer(swapped) and "**The paper's shape is not here.**" in by_layer(swapped)


def test_references_agree_where_each_lies_in_the_other_s_interval():
    one = [point(1, "one model", 0.01, uncalibrated=0.10), point(16, "one model", 0.20, uncalibrated=0.30)]
    two = [point(1, "two models", 0.02, uncalibrated=0.06), point(16, "two models", 0.19, uncalibrated=0.28)]
    said = by_reference([*one, *two])
    assert "at 2 of 2 epochs, 1.0 points apart on average" in said
    assert "the one-model score is 3.0 points higher" in said and "**The paper's shape is here.**" in said
    apart = by_reference([*one, two[0], replace(two[1], estimate=0.16, low=0.14, high=0.18)])
    assert "at 1 of 2 epochs" in apart and "**The paper's shape is not here.**" in apart
    # One interval holds the other's estimate, but not the reverse.
    assert "at 1 of 2" in by_reference([*one, two[0], replace(two[1], estimate=0.19, low=0.185, high=0.195)])


@pytest.mark.parametrize("says", [over_time, over_size])
def test_what_was_not_measured_is_said_so(says):
    said = says([replace(RISING[0], estimate=None, low=None, high=None, knn=None), RISING[-1]])
    assert "from not measured to 20.0 %" in said and "kNN" not in said
    assert "so no change can be told" in said and "overlap" not in said
    assert "None" not in said and "nan" not in said
