from __future__ import annotations

import time
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores import significance
from dejavu_audit.scores.significance import mcnemar, permutation_test


def columns(both, first, second, neither):
    return np.repeat([1, 1, 0, 0], [both, first, second, neither]), np.repeat(
        [1, 0, 1, 0], [both, first, second, neither]
    )


def test_mcnemar_by_hand():
    # 5 to 1 among 6 fair coins: P(>= 5 heads) = (6 + 1) / 64; two-sided twice that.
    result = mcnemar(*columns(10, 5, 1, 7))
    assert (result.first_only, result.second_only) == (5, 1)
    assert result.greater == pytest.approx(7 / 64)
    assert result.two_sided == pytest.approx(14 / 64)


def test_mcnemar_without_discordant_samples_knows_nothing():
    assert mcnemar(*columns(3, 0, 0, 4)).greater == 1
    assert mcnemar([], []).two_sided == 1


def test_mcnemar_of_a_worse_model_is_not_significant():
    # P(>= 1 of 6) = 63 / 64
    assert mcnemar(*columns(0, 1, 5, 0)).greater == pytest.approx(63 / 64)


def test_mcnemar_refuses_columns_of_two_lengths():
    with pytest.raises(ValueError, match="shape"):
        mcnemar([True], [True, False])


def exact(one, two):
    """All ways to deal the clusters (lists of values) out again; the share that is at least as far apart."""
    pool, k = [*one, *two], len(one)

    def gap(chosen):
        inside = [v for i in chosen for v in pool[i]]
        outside = [v for i in range(len(pool)) if i not in chosen for v in pool[i]]
        return sum(inside) / len(inside) - sum(outside) / len(outside)

    deals = list(combinations(range(len(pool)), k))
    return np.mean([gap(deal) >= gap(tuple(range(k))) - 1e-12 for deal in deals])


def test_permutation_test_by_hand():
    # Six samples, the two 1 and a 0 in the targets: 3 of C(6, 3) = 20 deals of three hold both 1 and one of four 0.
    # That makes 4 of 20 deals.
    p = permutation_test([1, 1, 0], [0, 0, 0])
    assert exact([[1], [1], [0]], [[0], [0], [0]]) == 0.2
    assert p == pytest.approx(0.2, abs=0.016)


def test_permutation_test_of_equal_samples_is_1():
    assert permutation_test([0, 0], [0, 0, 0]) == 1


def test_permutation_test_is_never_0():
    assert permutation_test(np.ones(50), np.zeros(50), draws=999) == 1 / 1000


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 1), min_size=1, max_size=3), min_size=2, max_size=8), st.data())
def test_permutation_test_is_that_of_all_deals(clusters, data):
    cut = data.draw(st.integers(1, len(clusters) - 1))
    sides = clusters[:cut], clusters[cut:]
    flat = [[v for cluster in side for v in cluster] for side in sides]
    # The same names in both sets: a group is another one in the other set.
    names = [[i for i, cluster in enumerate(side) for _ in cluster] for side in sides]
    p = permutation_test(*flat, target_groups=names[0], control_groups=names[1], draws=4000)
    assert p == pytest.approx(exact(*sides), abs=0.04)  # five standard errors at p = 1/2


def test_clusters_make_the_evidence_weaker():
    # 40 targets that say 1 look overwhelming, but as two clusters against two they are 1 of C(4, 2) = 6 deals.
    ones, zeros, halves = np.ones(40), np.zeros(40), np.repeat([0, 1], 20)
    assert permutation_test(ones, zeros) < 0.001
    assert permutation_test(ones, zeros, target_groups=halves, control_groups=halves) == pytest.approx(1 / 6, abs=0.02)


def test_the_order_of_samples_and_the_size_of_blocks_are_of_no_matter(monkeypatch):
    rng = np.random.default_rng(0)
    one, two = rng.integers(-1, 2, 80), rng.integers(-1, 2, 70)
    p = permutation_test(one, two, seed=4)
    assert permutation_test(rng.permutation(one), two, seed=4) == p
    monkeypatch.setattr(significance, "BLOCK", 100)
    assert permutation_test(one, two, seed=4) == p


def exact_places(one, two):
    """All ways to deal the units out again over the places of their stratum; (value, stratum, weight) a sample."""
    pool, k = [*one, *two], len(one)
    weights = np.array([w for _, _, w in pool])
    strata = np.array([s for _, s, _ in pool])

    def gap(values):
        sides = (slice(k), slice(k, None))
        first, second = (weights[at] @ np.array(values)[at] / weights[at].sum() for at in sides)
        return first - second

    values = [v for v, _, _ in pool]
    found = []
    for order in permutations(range(len(pool))):
        if (strata[list(order)] == strata).all():
            found.append(gap([values[i] for i in order]))
    return np.mean(np.array(found) >= gap(values) - 1e-12)


def p_of(one, two, draws=4000):
    sides = [[np.array(column) for column in zip(*side, strict=True)] for side in (one, two)]
    return permutation_test(
        sides[0][0], sides[1][0], target_strata=sides[0][1], control_strata=sides[1][1],
        target_weights=sides[0][2], control_weights=sides[1][2], draws=draws,
    )  # fmt: skip


units = st.lists(
    st.tuples(st.integers(-1, 1), st.integers(0, 1), st.sampled_from([1.0, 0.5, 2.0])), min_size=1, max_size=3
)


@settings(max_examples=25, deadline=None)
@given(units, units)
def test_strata_and_weights_are_those_of_all_deals(one, two):
    assert p_of(one, two) == pytest.approx(exact_places(one, two), abs=0.04)


def test_strata_take_out_what_they_explain():
    # All targets of the easy stratum are 1, as are its controls; the targets merely hold more of it.
    one = [(1, 0, 1.0)] * 40 + [(0, 1, 1.0)] * 10
    two = [(1, 0, 1.0)] * 10 + [(0, 1, 1.0)] * 40
    values = [v for v, _, _ in one], [v for v, _, _ in two]
    assert permutation_test(*values) < 0.001
    assert p_of(one, two) == 1


def test_clusters_keep_to_the_lowest_stratum_of_their_samples():
    # Clusters {1, 1} of strata 1 and 0, and {0} of stratum 0, in the targets; {0} and {0} of stratum 0 and {1} of
    # stratum 1 in the control. In stratum 0 two of four units are dealt out, the observed one with {1, 1}: half of all.
    p = permutation_test(
        [1, 1, 0], [0, 0, 1], target_groups=[0, 0, 1], target_strata=[1, 0, 0], control_strata=[0, 0, 1], draws=4000
    )
    assert p == pytest.approx(0.5, abs=0.04)


def test_a_set_without_weight_cannot_be_tested():
    with pytest.raises(ValueError, match="weight above 0"):
        permutation_test([1, 0], [1, 0], control_weights=[0, 0])


def test_many_strata_take_seconds():
    rng = np.random.default_rng(0)
    values, strata = rng.integers(-1, 2, (2, 20_000)), rng.integers(0, 1000, (2, 20_000))
    start = time.process_time()
    weights = rng.integers(1, 4, 1000)[strata[1]]
    permutation_test(
        *values, target_strata=strata[0], control_strata=strata[1], control_weights=weights.astype(float), draws=1000
    )
    assert time.process_time() - start < 10  # 0.6 s on a quiet core


def test_p_values_are_uniform_within_strata_that_differ():
    """The control has more of the easy stratum, and weights that make up for it: no false alarm, no lost level."""
    rng, found = np.random.default_rng(1), []
    for seed in range(400):
        strata = np.repeat([0, 1], [100, 100]), np.repeat([0, 1], [50, 150])
        values = [(rng.random(200) < np.where(some == 1, 0.7, 0.2)).astype(int) for some in strata]
        weights = np.where(strata[1] == 1, 100 / 150, 2.0)
        sides = {"target_strata": strata[0], "control_strata": strata[1], "control_weights": weights}
        found.append(permutation_test(*values, **sides, draws=400, seed=seed))
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.06)
    assert np.mean(np.array(found) <= 0.5) == pytest.approx(0.5, abs=0.12)


def test_an_empty_set_cannot_be_tested():
    with pytest.raises(ValueError, match="both sets"):
        permutation_test([], [1])


def test_p_values_are_uniform_when_nothing_is_memorized():
    rng = np.random.default_rng(1)
    p = [permutation_test(*rng.choice([-1, 0, 1], (2, 200), p=[0.2, 0.5, 0.3]), draws=400, seed=i) for i in range(600)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.05)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.1)
