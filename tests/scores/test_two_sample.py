from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dejavu_audit.scores.two_sample import Coded, Exchange, compare, holm, quantile_codes

numbers = st.lists(st.integers(0, 6), min_size=2, max_size=40)


def number(values, most=255):
    return Coded(quantile_codes(values, most)[:, None], ordered=True)


def test_codes_keep_order_and_ties_and_give_what_is_missing_a_code_of_its_own():
    assert quantile_codes([3.0, np.nan, 1.0, 3.0, 7.5], 255).tolist() == [2, 0, 1, 2, 3]


def test_more_values_than_bins_are_cut_into_bins_of_like_size():
    codes = quantile_codes(np.random.default_rng(0).random(1_000), 10)
    assert np.bincount(codes)[1:].tolist() == pytest.approx([100] * 10, abs=1)


def test_a_value_that_fills_many_bins_fills_one():
    values = np.concatenate([np.zeros(600), np.arange(1, 401)])
    codes = quantile_codes(values, 10)
    assert len(set(codes[:600].tolist())) == 1
    assert np.all(np.diff(codes) >= 0)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers)
def test_the_distance_of_numbers_is_that_of_kolmogorov_and_smirnov(one, two):
    targets = np.arange(len(one) + len(two)) < len(one)
    found = compare([number(np.array(one + two, float))], Exchange.of(targets), draws=20, seed=0)[0]
    assert found.distance == pytest.approx(stats.ks_2samp(one, two).statistic, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(numbers, numbers)
def test_the_distance_of_categories_is_total_variation(one, two):
    targets = np.arange(len(one) + len(two)) < len(one)
    codes = Coded(np.array(one + two)[:, None], ordered=False)
    found = compare([codes], Exchange.of(targets), draws=20, seed=0)[0]
    expected = sum(abs(one.count(v) / len(one) - two.count(v) / len(two)) for v in range(7)) / 2
    assert found.distance == pytest.approx(expected, abs=1e-9)


def test_the_p_value_is_that_of_all_relabellings():
    # Targets 1 2 3, control 4 5 6 7: of the C(7, 3) = 35 ways to choose three, only 1 2 3 and 5 6 7 give a distance
    # of 1, so that p = 2 / 35.
    targets = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    found = compare([number([1.0, 2, 3, 4, 5, 6, 7])], Exchange.of(targets), draws=40_000, seed=0)[0]
    assert found.distance == 1
    assert found.p_value == pytest.approx(2 / 35, abs=0.004)


def test_the_chi_square_p_value_is_that_of_all_relabellings():
    codes, targets = np.array([0, 0, 0, 1, 2, 2, 1, 2]), np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)

    def statistic(chosen):
        one = np.bincount(codes[list(chosen)], minlength=3) / 4
        two = np.bincount(np.delete(codes, list(chosen)), minlength=3) / 4
        return sum((a - b) ** 2 / (a + b) for a, b in zip(one, two, strict=True) if a + b)

    seen = statistic(np.flatnonzero(targets))
    every = [statistic(chosen) >= seen - 1e-9 for chosen in combinations(range(8), 4)]
    found = compare([Coded(codes[:, None], ordered=False)], Exchange.of(targets), draws=40_000, seed=1)[0]
    assert found.p_value == pytest.approx(np.mean(every), abs=0.01)


def test_a_cluster_moves_as_a_whole():
    # Ten copies of each of six pictures say no more than six pictures do: 2 of C(6, 3) = 20 relabellings.
    values, targets = np.repeat([1.0, 2, 3, 4, 5, 6], 10), np.repeat([1, 1, 1, 0, 0, 0], 10).astype(bool)
    alone = compare([number(values)], Exchange.of(targets), draws=999, seed=0)[0]
    whole = compare([number(values)], Exchange.of(targets, groups=np.repeat(list("abcdef"), 10)), draws=20_000, seed=0)[
        0
    ]
    assert alone.p_value == 0.001
    assert whole.p_value == pytest.approx(0.1, abs=0.01)


def test_a_cluster_in_both_sets_is_two():
    exchange = Exchange.of([1, 1, 0, 0], groups=["a", "a", "a", "b"])
    assert exchange.sizes == (1, 2)


def test_units_change_places_within_their_cell_alone():
    targets, cells = np.array([1, 0, 1, 1, 0, 0], bool), np.array([0, 0, 1, 1, 1, 2])
    exchange = Exchange.of(targets, cells=cells)
    dealt = np.concatenate(list(exchange.shuffled(500, np.random.default_rng(0))), axis=1)
    assert (dealt[:2].sum(0) == 1).all()
    assert (dealt[2:5].sum(0) == 2).all()
    assert (dealt[5] == 0).all()
    assert dealt[0].mean() == pytest.approx(0.5, abs=0.1)
    assert dealt[2].mean() == pytest.approx(2 / 3, abs=0.1)


def test_a_cluster_over_several_cells_lies_in_that_of_most_of_its_samples():
    exchange = Exchange.of([1, 1, 1, 0, 0], groups=[7, 7, 7, 8, 8], cells=[0, 1, 1, 0, 1])
    by_target = dict(zip(exchange.unit_is_target.tolist(), exchange.cells.tolist(), strict=True))
    assert by_target == {True: 1, False: 0}


def test_weights_of_the_control_count():
    # Control shares 1/4, 1/4, 1/2 by weight, targets 1/2, 1/2, 0: total variation 1/2.
    targets = np.array([1, 1, 0, 0, 0], bool)
    exchange = Exchange.of(targets, as_control=[1, 1, 0.5, 0.5, 1])
    found = compare([Coded(np.array([[0], [1], [0], [1], [2]]), ordered=False)], exchange, draws=20, seed=0)[0]
    assert found.distance == pytest.approx(0.5)


def test_the_component_that_differs_the_most_is_named_rare_ones_included():
    # A word that 6 % of the targets hold and no control picture; beside it 40 words that are common in both.
    rng = np.random.default_rng(0)
    targets = np.arange(1_000) < 500
    words = (rng.random((1_000, 41)) < 0.4).astype(float)
    words[:, 17] = targets & (rng.random(1_000) < 0.06)
    codes = np.stack([quantile_codes(column, 31) for column in words.T], axis=1)
    found = compare([Coded(codes, ordered=True)], Exchange.of(targets), draws=499, seed=0)[0]
    assert (found.component, found.p_value) == (17, 0.002)


def test_what_is_constant_has_distance_0_and_p_1():
    found = compare([number(np.full(20, 3.0))], Exchange.of(np.arange(20) < 10), draws=50, seed=0)[0]
    assert (found.distance, found.chance, found.threshold, found.p_value) == (0, 0, 0, 1)


def test_p_values_hold_their_level_with_ties_and_few_samples():
    rng, low = np.random.default_rng(3), []
    for seed in range(200):
        values, codes = rng.integers(0, 4, 24).astype(float), rng.integers(0, 12, (24, 1))
        exchange = Exchange.of(np.arange(24) < 8)
        found = compare([number(values), Coded(codes, ordered=False)], exchange, draws=99, seed=seed)
        low.append([one.p_value <= 0.1 for one in found])
    # At most 10 %; with 200 draws three standard errors are 6.4 points.
    assert (np.mean(low, axis=0) <= 0.164).all()


def test_the_same_seed_gives_the_same_answer():
    rng = np.random.default_rng(0)
    values, exchange = rng.random(50), Exchange.of(np.arange(50) < 20)
    one, two = (compare([number(values)], exchange, draws=99, seed=4)[0] for _ in range(2))
    assert one == two


def test_a_set_without_samples_is_refused():
    with pytest.raises(ValueError, match="both sets"):
        compare([number([1.0, 2.0])], Exchange.of([True, True]), draws=9, seed=0)


def test_holm_by_hand():
    # Sorted 0.01 0.02 0.03 0.04 times 4 3 2 1 are 0.04 0.06 0.06 0.04; never falling: 0.04 0.06 0.06 0.06.
    assert holm([0.03, 0.01, 0.04, 0.02]).tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.9]).tolist() == [1, 1]
    assert holm([]).tolist() == []
