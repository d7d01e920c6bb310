from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from dejavu_audit.scores.conformal import benjamini_hochberg, p_values, reach

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)
UNIT = st.lists(st.floats(0, 1), max_size=30)


def test_p_values_by_hand():
    # Control 1, 2, 3. Above all: (1 + 0) / 4; above two of them: (1 + 1) / 4; below all: 4 / 4.
    np.testing.assert_allclose(p_values([3.5, 2.5, 0], [1, 3, 2], seed=0), [0.25, 0.5, 1])


def test_a_tie_falls_either_way_by_the_seed():
    found = {p_values([1.0], [1.0], seed=seed)[0] for seed in range(40)}
    assert found == {0.5, 1.0}
    assert p_values([1.0], [1.0], seed=3) == p_values([1.0], [1.0], seed=3)


def test_without_ties_seed_and_order_are_of_no_matter():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=40), rng.normal(size=60)
    order, other = rng.permutation(40), rng.permutation(60)
    np.testing.assert_array_equal(p_values(one, two, seed=0)[order], p_values(one[order], two[other], seed=9))


def test_more_targets_leave_the_others_as_they_are():
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 3, 30), rng.integers(0, 3, 50)
    np.testing.assert_array_equal(p_values(one, two, seed=1)[:10], p_values(one[:10], two, seed=1))


def test_weighted_p_values_by_hand():
    # Control scores 1, 2, 3 weigh 1, 2, 3; a target at 2.5 that weighs 2: (2 + 3) / (2 + 6).
    assert p_values([2.5], [1, 2, 3], seed=0, weights=[1, 2, 3], target_weights=[2]) == pytest.approx(5 / 8)
    # Without its own weight it counts as the heaviest of the control, 3: (3 + 3) / (3 + 6).
    assert p_values([2.5], [1, 2, 3], seed=0, weights=[1, 2, 3]) == pytest.approx(6 / 9)


@settings(max_examples=50)
@given(SCORES, SCORES, st.floats(0.1, 5), st.integers(0, 5))
def test_equal_weights_change_nothing(one, two, weight, seed):
    plain = p_values(one, two, seed=seed)
    weighed = p_values(one, two, seed=seed, weights=[weight] * len(two), target_weights=[weight] * len(one))
    np.testing.assert_allclose(weighed, plain)
    assert np.all((plain >= 1 / (1 + len(two))) & (plain <= 1))


@settings(max_examples=50)
@given(SCORES, SCORES, st.integers(0, 5))
def test_a_higher_score_has_no_larger_p(one, two, seed):
    p = p_values(one, two, seed=seed)
    order = np.argsort(one, kind="stable")
    for low, high in itertools.pairwise(order):
        if one[low] < one[high]:
            assert p[low] >= p[high]
    slow = [(1 + sum(h > s for h in two)) / (1 + len(two)) for s in one]  # no tie counted
    slower = [(1 + sum(h >= s for h in two)) / (1 + len(two)) for s in one]  # every tie counted
    assert np.all((np.array(slow) <= p + 1e-12) & (p <= np.array(slower) + 1e-12))


@pytest.mark.parametrize("levels", [None, 3])
def test_p_values_of_exchangeable_samples_are_uniform(levels):
    """With 19 controls, p is uniform on 1/20, 2/20, …: 3,000 draws of each, ties or not; 5 standard errors."""
    rng = np.random.default_rng(1)
    draw = (lambda n: rng.normal(size=n)) if levels is None else (lambda n: rng.integers(0, levels, n))
    counts = np.zeros(20)
    for seed in range(3_000):
        counts[round(20 * p_values(draw(1), draw(19), seed=seed)[0]) - 1] += 1
    assert np.abs(counts - 150).max() < 5 * 150**0.5


def test_a_reweighted_control_is_uniform_too():
    """The control has half of its samples in each cell, the targets nine in ten in the one that scores higher."""
    rng = np.random.default_rng(2)
    small, plain = [], []
    for seed in range(2_000):
        cell, target = rng.random(40) < 0.5, rng.random() < 0.9
        weight = np.where(cell, 0.9 / 0.5, 0.1 / 0.5)
        score, mine = rng.normal(2.0 * cell), rng.normal(2.0 * target)
        own = [1.8 if target else 0.2]
        small.append(p_values([mine], score, seed=seed, weights=weight, target_weights=own)[0] <= 0.1)
        plain.append(p_values([mine], score, seed=seed)[0] <= 0.1)
    assert np.mean(small) < 0.1 + 3 * (0.09 / 2_000) ** 0.5
    assert np.mean(plain) > 0.13  # unweighted, they look memorized


@pytest.mark.parametrize(
    ("targets", "control", "kinds", "says"),
    [
        ([1.0], [], {}, "need a control"),
        ([np.nan], [1.0], {}, "target scores"),
        ([1.0], [np.inf], {}, "control scores"),
        ([1.0], [1.0], {"weights": [-1.0]}, "weights"),
        ([1.0], [1.0], {"weights": [0.0]}, "not all 0"),
        ([1.0], [1.0], {"weights": [1.0], "target_weights": [1.0, 2.0]}, "target weights"),
    ],
)
def test_what_has_no_p_value_is_refused(targets, control, kinds, says):
    with pytest.raises(ValueError, match=says):
        p_values(targets, control, seed=0, **kinds)


def test_benjamini_hochberg_by_hand():
    # Sorted 0.01, 0.04, 0.08, 0.5 against 0.025, 0.05, 0.075, 0.1 at q = 0.1: the second is the last to pass.
    np.testing.assert_array_equal(benjamini_hochberg([0.5, 0.04, 0.01, 0.08], 0.1), [False, True, True, False])
    # 0.02, 0.06, 0.07 against 1/30, 2/30, 3/30: the third passes and takes the second along (0.06 < 0.0667 anyway).
    np.testing.assert_array_equal(benjamini_hochberg([0.02, 0.069, 0.07], 0.1), [True, True, True])


def test_a_bound_that_is_met_exactly_lists():
    # 29 controls and 3 of 9 targets above all of them: p = 1 / 30 = 3 q / 9 at q = 0.1; 2 of 6 likewise, 1 of 4 not.
    for above, n, listed in ((3, 9, 3), (2, 6, 2), (1, 3, 1), (1, 4, 0)):
        p = np.r_[np.full(above, 1 / 30), np.ones(n - above)]
        assert benjamini_hochberg(p, 0.1).sum() == listed


@settings(max_examples=100)
@given(UNIT, st.floats(0.01, 0.5))
def test_benjamini_hochberg_is_the_slow_loop(p, q):
    ordered, last = sorted(p), 0
    for j, value in enumerate(ordered, 1):
        if value <= j * q / len(p):
            last = j
    expected = [last > 0 and value <= ordered[last - 1] for value in p]
    found = benjamini_hochberg(p, q)
    if all(abs(value * len(p) - j * q) > 1e-7 for j, value in enumerate(ordered, 1)):  # elsewhere rounding decides
        np.testing.assert_array_equal(found, expected)
        if p:
            np.testing.assert_array_equal(found, false_discovery_control(p) <= q)
    assert np.all(benjamini_hochberg(p, min(2 * q, 0.99)) >= found)


@pytest.mark.parametrize(("p", "q"), [([1.1], 0.1), ([np.nan], 0.1), ([0.1], 0.0), ([0.1], 1.0)])
def test_what_is_no_p_value_is_refused(p, q):
    with pytest.raises(ValueError):
        benjamini_hochberg(p, q)


@pytest.mark.parametrize("q", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("rounded", [False, True])
def test_the_list_keeps_its_rate(q, rounded):
    """200 targets, a fifth memorized, 300 controls, 400 audits: the share of false ones is q (1 - 0.2) or less."""
    rng = np.random.default_rng(3)
    memorized = np.arange(200) < 40
    false, found = [], []
    for seed in range(400):
        one, two = rng.normal(3.0 * memorized), rng.normal(size=300)
        if rounded:
            one, two = one.round(), two.round()
        listed = benjamini_hochberg(p_values(one, two, seed=seed), q)
        false.append((listed & ~memorized).sum() / max(listed.sum(), 1))
        found.append((listed & memorized).sum())
    assert np.mean(false) <= q + 3 * np.std(false) / 20
    # It does list; rounded, a memorized sample of 3 ties with the 4 in 1,000 of the control that score 3 or more.
    assert np.mean(found) > (5 if rounded or q == 0.05 else 20)


@pytest.mark.parametrize(
    ("n", "m", "q", "needed", "alone", "possible"),
    [
        (300, 1_500, 0.1, 2, 2_999, True),  # 300 / (0.1 * 1,501) = 1.9987
        (300, 2_999, 0.1, 1, 2_999, True),
        (300, 9, 0.1, 300, 2_999, True),  # the least p is 0.1: every target must be above all
        (300, 8, 0.1, 334, 2_999, False),
        (1, 19, 0.05, 1, 19, True),
        (1, 18, 0.05, 2, 19, False),
    ],
)
def test_what_a_control_can_reach(n, m, q, needed, alone, possible):
    found = reach(n, q, m)
    assert (found.targets_needed, found.control_needed, found.possible) == (needed, alone, possible)
    assert found.least_p == 1 / (1 + m)
    for above in {min(needed - 1, n), min(needed, n)}:
        p = p_values(np.r_[np.ones(above), np.zeros(n - above)], np.full(m, 0.5), seed=0)
        assert benjamini_hochberg(p, q).any() == (above >= needed)
