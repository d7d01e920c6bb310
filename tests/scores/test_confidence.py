from __future__ import annotations

import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores.confidence import entropy, memorization_confidence, most_confident


def test_entropy_by_hand():
    # Four votes: 2, 1, 1, 0. H = -(1/2 ln 1/2 + 2 * 1/4 ln 1/4) = 1/2 ln 2 + 1/2 ln 4 = 3/2 ln 2.
    assert entropy(np.array([2, 1, 1, 0]) / 4) == pytest.approx(1.5 * math.log(2))


def test_entropy_goes_over_rows():
    rows = np.array([[1.0, 0.0], [0.5, 0.5]], np.float32)
    np.testing.assert_allclose(entropy(rows), [0, math.log(2)])
    assert not np.signbit(entropy(rows)[0])


@pytest.mark.parametrize("bad", [[-0.1, 1.1], [math.nan, 1]])
def test_entropy_refuses_what_is_no_probability(bad):
    with pytest.raises(ValueError, match="0 or more"):
        entropy(bad)


def test_memorization_confidence_is_how_much_surer_the_audited_model_is():
    # The audited model is certain (H = 0), the reference torn between two (H = ln 2).
    sure, torn = -entropy([1, 0]), -entropy([0.5, 0.5])
    assert memorization_confidence(sure, torn) == pytest.approx(math.log(2))


def test_most_confident_without_ties():
    assert most_confident([0.1, 0.9, 0.5, 0.7, 0.3], 0.4).tolist() == [0, 1, 0, 1, 0]


def test_ties_at_the_cut_share_what_is_left():
    # 40 % of 5 is 2: the 0.9 is in, and three 0.5 share the one place left.
    np.testing.assert_allclose(most_confident([0.5, 0.9, 0.5, 0.1, 0.5], 0.4), [1 / 3, 1, 1 / 3, 0, 1 / 3])


def test_a_part_of_a_sample_has_a_part_of_its_weight():
    # 30 % of 5 is 1.5.
    assert most_confident([5, 4, 3, 2, 1], 0.3).tolist() == [1, 0.5, 0, 0, 0]


def test_at_least_one_sample_counts():
    assert most_confident([1, 2, 3], 0.05).tolist() == [0, 0, 1]
    assert most_confident([], 0.05).shape == (0,)


def test_a_share_a_hair_above_a_whole_number_takes_no_further_sample():
    assert 0.07 * 100 > 7
    assert np.count_nonzero(most_confident(np.arange(100), 0.07)) == 7


def test_confidences_that_differ_in_the_last_bit_are_tied():
    one, other = 0.1 + 0.2, 0.3
    assert one != other
    assert most_confident([one, other, 0], 1 / 3).tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize(("values", "share"), [([1, math.nan], 0.5), ([1, 2], 0), ([1, 2], 1.5)])
def test_most_confident_refuses_nonsense(values, share):
    with pytest.raises(ValueError, match=r"confidence|share"):
        most_confident(values, share)


@settings(deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=6), st.integers(1, 6))
def test_weights_are_chances_over_all_tie_breaks(values, wanted):
    """The slow way: take the first `wanted` of a stable sort, for every order of the samples."""
    n = len(values)
    wanted = min(wanted, n)
    taken = [Fraction(0)] * n
    orders = list(permutations(range(n)))
    for order in orders:
        for i in sorted(order, key=lambda i: -values[i])[:wanted]:
            taken[i] += Fraction(1, len(orders))
    np.testing.assert_allclose(most_confident(values, wanted / n), [float(t) for t in taken], atol=1e-9)
