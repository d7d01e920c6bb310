from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from dejavu_audit.scores.agreement import (
    FEWEST,
    alike_score,
    cross_table,
    kappa,
    kappa_score,
    spearman,
    spearman_score,
)
from dejavu_audit.scores.estimates import Draws

QUICK = Draws(replicates=300)
answers = hnp.arrays(np.int64, st.integers(1, 40), elements=st.integers(0, 3))


def test_kappa_by_hand():
    # Cohen's own kind of table: 20 and 15 of 50 on the diagonal, p = 0.7. The first says yes 25 times, the second 30:
    # by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5, so kappa = (0.7 - 0.5) / (1 - 0.5) = 0.4.
    assert kappa([[20, 5], [10, 15]]) == pytest.approx(0.4)


def test_kappa_is_not_measured_where_chance_alone_agrees():
    assert kappa([[7, 0], [0, 0]]) is None
    assert kappa([[0, 0], [0, 0]]) is None


@given(answers, st.randoms(use_true_random=False))
def test_kappa_is_sklearns(first, random):
    second = np.array([random.randrange(4) if random.random() < 0.5 else value for value in first.tolist()])
    ours = kappa(cross_table(first, second, 4))
    if ours is None:
        assert len({*first.tolist(), *second.tolist()}) == 1
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def test_the_table_has_the_first_judge_in_rows():
    assert cross_table([0, 0, 1], [1, 1, 0], 2).tolist() == [[0, 2], [1, 0]]
    assert cross_table([0, 0, 1], [1, 1, 0], 2, weights=[2, 0, 5]).tolist() == [[0, 2], [5, 0]]


def test_spearman_by_hand():
    # Ranks 1 2 3 4 and 2 1 4 3: 1 - 6 * (1 + 1 + 1 + 1) / (4 * 15) = 0.6.
    assert spearman([10, 20, 30, 40], [0.2, 0.1, 0.4, 0.3]) == pytest.approx(0.6)


@given(hnp.arrays(np.float64, (2, 30), elements=st.integers(0, 6).map(float)))
def test_spearman_is_scipys_with_ties(columns):
    ours = spearman(*columns)
    if min(np.ptp(columns, axis=1)) == 0:
        assert ours is None
    else:
        assert ours == pytest.approx(stats.spearmanr(*columns).statistic, abs=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 1_000))
def test_counting_a_sample_twice_is_having_it_twice(seed):
    from dejavu_audit.scores.agreement import _spearman

    rng = np.random.default_rng(seed)
    first, second, times = rng.integers(0, 5, 20), rng.integers(0, 5, 20), rng.integers(0, 3, 20)
    times[:2], first[:2], second[:2] = 1, (0, 1), (0, 1)  # neither column is constant
    repeated = stats.spearmanr(np.repeat(first, times), np.repeat(second, times)).statistic
    assert _spearman(first, second)(times.astype(float)) == pytest.approx(repeated, abs=1e-12)


def test_a_column_that_is_constant_correlates_with_nothing():
    score = spearman_score(np.ones(50), np.arange(50), "a", QUICK)
    assert (score.estimate, score.low, score.high, score.n) == (None, None, None, 0)


def test_what_was_not_measured_is_left_out():
    first = np.array([1, 2, np.nan, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.0])
    second = np.where(np.isnan(first), 0, first)
    score = spearman_score(first, second, "a", QUICK)
    assert (score.estimate, score.n) == (pytest.approx(1.0), 12)


def test_the_interval_is_seeded_by_its_key_and_covers():
    # Spearman's coefficient of a bivariate normal with correlation r is 6 / pi * asin(r / 2).
    rng, hits = np.random.default_rng(0), 0
    truth = 6 / np.pi * np.arcsin(0.25)
    for trial in range(100):
        x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 60).T
        score = spearman_score(x, y, str(trial), QUICK)
        hits += score.low <= truth <= score.high
    assert 88 <= hits <= 100  # 95 expected; fewer than 88 has a chance of 0.2 %
    assert spearman_score(x, y, "a", QUICK) == spearman_score(x, y, "a", QUICK)
    assert spearman_score(x, y, "a", QUICK) != spearman_score(x, y, "b", QUICK)


def test_clusters_are_resampled_whole():
    # Each sample four times over: as good as a quarter of the samples, so the interval is about twice as wide.
    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    y = x + rng.normal(size=200)
    groups = np.repeat(np.arange(200), 4)
    whole = spearman_score(np.repeat(x, 4), np.repeat(y, 4), "a", QUICK, groups)
    torn = spearman_score(np.repeat(x, 4), np.repeat(y, 4), "a", QUICK)
    assert 1.5 < (whole.high - whole.low) / (torn.high - torn.low) < 2.6


def test_too_few_samples_have_an_estimate_and_no_interval():
    score = spearman_score(np.arange(FEWEST - 1), np.arange(FEWEST - 1), "a", QUICK)
    assert (score.estimate, score.low, score.method) == (pytest.approx(1.0), None, "none")


def test_kappa_has_no_interval_where_hardly_anything_differs():
    first = np.arange(100) % 2
    second = first.copy()
    second[:3] = 1 - second[:3]
    score = kappa_score(first, second, 2, "a", QUICK)
    assert score.estimate == pytest.approx(cohen_kappa_score(first, second))
    assert (score.low, score.high) == (None, None)
    second[:30] = 1 - first[:30]
    score = kappa_score(first, second, 2, "a", QUICK)
    assert score.low < score.estimate < score.high


def test_alike_counts_both_ways():
    score = alike_score([True, False, True, False], [True, False, False, True], "a", QUICK)
    assert (score.estimate, score.n) == (0.5, 4)
    assert 0 < score.low < 0.5 < score.high < 1


def test_no_sample_is_not_measured():
    for score in (
        spearman_score([], [], "a", QUICK),
        kappa_score(np.zeros(0, int), np.zeros(0, int), 2, "a", QUICK),
        alike_score([], [], "a", QUICK),
    ):
        assert (score.estimate, score.low, score.high, score.n) == (None, None, None, 0)
