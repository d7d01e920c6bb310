from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.scores.top_share import checked_weights, mean_one, ranking, top_share


def test_the_first_and_those_at_the_cut_by_hand():
    # Ten in order, of which 40 % are taken; half of that to either side of the cut: the third to the sixth.
    top = top_share(np.arange(10), 0.4)
    assert top.taken.tolist() == [0] * 6 + [1] * 4
    assert top.at_cut.tolist() == [0] * 4 + [1] * 4 + [0] * 2
    assert top.value_at_cut(np.arange(10.0), np.ones(10)) == 5.5


def test_the_whole_has_no_cut():
    top = top_share([3, 1, 2], 1)
    assert top.taken.tolist() == [1, 1, 1]
    assert top.value_at_cut(np.ones(3), np.ones(3)) is None
    assert top_share([], 0.2).taken.shape == (0,)


def test_a_share_is_one_of_the_weight():
    # Weights 3, 1, 1, 1 in falling order: half of 6 is the first alone; two thirds take the second too.
    weights = mean_one([3, 1, 1, 1])
    assert top_share([9, 8, 7, 6], 0.5, weights).taken.tolist() == [1, 0, 0, 0]
    assert top_share([9, 8, 7, 6], 2 / 3, weights).taken.tolist() == pytest.approx([1, 1, 0, 0])
    # Ties share by weight: of 3 + 1 tied, three of the six.
    assert top_share([9, 9, 7, 6], 0.5, weights).taken.tolist() == [0.75, 0.75, 0, 0]


def test_whole_weights_are_copies():
    rng = np.random.default_rng(0)
    order, weights = rng.integers(0, 9, 30), rng.integers(0, 4, 30)
    scaled = mean_one(weights)
    fast = top_share(order, 0.3, scaled).taken
    copies = top_share(np.repeat(order, weights), 0.3).taken
    there = weights > 0
    slow = np.array([copies[at] for at in np.cumsum(weights)[there] - 1])
    np.testing.assert_allclose(fast[there], slow)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.floats(0.01, 1))
def test_as_much_is_taken_as_asked(values, share):
    top = top_share(values, share)
    assert top.taken.sum() == pytest.approx(max(share * len(values), 1), abs=1e-8)
    assert ((top.taken >= 0) & (top.taken <= 1)).all()
    # Nobody is taken before a higher one is taken whole.
    for value in set(values):
        if top.taken[np.array(values) == value].max() > 0:
            assert top.taken[np.array(values) > value].min(initial=1) == 1


def test_mean_one_counts_only_what_is_there():
    assert mean_one([2, 0, 6]).tolist() == [0.5, 0, 1.5]
    assert mean_one([0, 0]).tolist() == [0, 0]


@pytest.mark.parametrize("weights", [[1, 2], [1, -1, 1], [1, np.nan, 1], [1, np.inf, 1]])
def test_weights_must_be_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        checked_weights(weights, 3)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        ranking([1, np.nan])
    with pytest.raises(ValueError, match="share"):
        top_share([1, 2], 0)
