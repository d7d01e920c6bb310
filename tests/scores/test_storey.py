from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.scores.estimates import NOTHING
from dejavu_audit.scores.storey import storey


def test_by_hand():
    # Half of the control scores 2 or less. Of the targets one in four does: 1 - (1/4) / (1/2).
    found = storey([1, 5, 6, 7], [1, 2, 3, 4])
    assert (found.estimate, found.n) == (0.5, 8)
    assert 0 <= found.low < 0.5 < found.high <= 1
    # As many or more low ones as in the control: 0, with an interval from there.
    assert storey([1, 2, 3, 4], [1, 2, 3, 4]).estimate == 0
    assert storey([1, 1, 1, 9], [1, 2, 3, 4]).estimate == 0
    # None at all: all of them.
    assert storey([5, 5, 5, 5], [1, 2, 3, 4]).estimate == 1


def test_ties_are_not_split():
    # Nine in ten of the control score 0, so all of these are looked at: 1 - (3/5) / (9/10).
    assert storey([0, 0, 0, 1, 1], [0] * 9 + [1]).estimate == pytest.approx(1 / 3)


def test_weights_and_clusters():
    # Weights 3, 1, 1, 1: half of the weight lies at the first alone; a quarter of the targets is there.
    assert storey([1, 5, 6, 7], [1, 2, 3, 4], weights=[3, 1, 1, 1]).estimate == 0.5
    rng = np.random.default_rng(0)
    one, two = rng.normal(1, 1, 100), rng.normal(size=100)
    plain = storey(one, two)
    twice = storey(np.repeat(one, 2), np.repeat(two, 2), groups=(np.repeat(np.arange(100), 2),) * 2)
    assert (twice.low, twice.high) == pytest.approx((plain.low, plain.high))
    narrower = storey(np.repeat(one, 2), np.repeat(two, 2))
    assert narrower.low > twice.low


@pytest.mark.parametrize(
    ("targets", "control"), [([], [1.0]), ([1.0], []), ([1.0, 1.0], [1.0]), ([0.0, 1.0], [1.0, 1.0])]
)
def test_where_no_low_score_can_be_told_nothing_is_measured(targets, control):
    assert storey(targets, control) == NOTHING


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("rounded", [False, True])
def test_the_interval_covers_and_its_lower_end_bounds_the_share(share, rounded):
    rng = np.random.default_rng(4)
    covers, bounds = [], []
    for _ in range(300):
        one, two = rng.normal(4.0 * (rng.random(150) < share)), rng.normal(size=200)
        if rounded:
            one, two = one.round(), two.round()
        found = storey(one, two)
        covers.append(found.low <= share <= found.high)  # at 4, hardly a memorized sample scores low
        bounds.append(found.low <= share)
    assert np.mean(covers) >= 0.91
    assert np.mean(bounds) >= 0.94
