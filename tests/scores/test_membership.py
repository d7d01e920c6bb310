from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm
from sklearn.metrics import roc_auc_score, roc_curve

from dejavu_audit.scores.estimates import NOTHING
from dejavu_audit.scores.membership import clopper_pearson, figures, roc

SCORES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=15)


def auc(targets, control, **kinds):
    return figures(targets, control, rates=(), **kinds).auc


def test_the_curve_by_hand():
    # Targets 3, 1; control 2, 1: at 3 one target; at 2 one of each; at 1 (a tie) all.
    curve = roc([3, 1], [2, 1])
    assert curve.threshold.tolist() == [np.inf, 3, 2, 1]
    assert curve.true_positive.tolist() == [0, 0.5, 0.5, 1]
    assert curve.false_positive.tolist() == [0, 0, 0.5, 1]
    # Pairs: 3 > 2, 3 > 1, 1 < 2, 1 = 1: (1 + 1 + 0 + 1/2) / 4.
    assert auc([3, 1], [2, 1]).estimate == 0.625


@settings(max_examples=50)
@given(SCORES, SCORES)
def test_curve_and_area_are_scikit_learns(targets, control):
    truth, score = np.r_[np.ones(len(targets)), np.zeros(len(control))], np.r_[targets, control]
    found = auc(targets, control)
    assert found.estimate == pytest.approx(roc_auc_score(truth, score))
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    curve = roc(targets, control)
    x, y, _ = roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive, x)
    np.testing.assert_allclose(curve.true_positive, y)


def slow_delong(targets, control, level=0.95):
    """DeLong's variance, pair by pair."""
    pairs = np.array([[(t > c) + (t == c) / 2 for c in control] for t in targets])
    of_targets, of_control = pairs.mean(axis=1), pairs.mean(axis=0)
    estimate = pairs.mean()
    error = (of_targets.var(ddof=1) / len(targets) + of_control.var(ddof=1) / len(control)) ** 0.5
    half = norm.ppf((1 + level) / 2) * error / (estimate * (1 - estimate))
    return [1 / (1 + np.exp(-(np.log(estimate / (1 - estimate)) + sign * half))) for sign in (-1, 1)]


def test_the_interval_of_the_area_is_delongs():
    rng = np.random.default_rng(0)
    targets, control = rng.normal(1, 1, 80).round(1), rng.normal(size=120).round(1)
    found = auc(targets, control)
    assert found.method == "delong"
    np.testing.assert_allclose((found.low, found.high), slow_delong(targets, control))
    # Every sample four times over, as clusters: a sample's weight in the estimate is the same, and so is its error.
    groups = np.repeat(np.arange(80), 4), np.repeat(np.arange(120), 4)
    again = auc(np.repeat(targets, 4), np.repeat(control, 4), groups=groups)
    np.testing.assert_allclose((again.estimate, again.low, again.high), (found.estimate, found.low, found.high))
    # A weight of 2 for each control sample changes nothing; 0 takes one out.
    weighed = auc(targets, np.r_[control, 99], weights=np.r_[np.full(120, 2.0), 0])
    np.testing.assert_allclose((weighed.estimate, weighed.low, weighed.high), (found.estimate, found.low, found.high))


def test_the_interval_of_the_area_covers():
    rng = np.random.default_rng(1)
    for mean in (0, 2):
        hits = [
            (found := auc(rng.normal(mean, 1, 60), rng.normal(size=100))).low <= norm.cdf(mean / 2**0.5) <= found.high
            for _ in range(200)
        ]
        assert 0.91 <= np.mean(hits) <= 0.99


def test_sets_that_do_not_overlap_have_an_interval_that_is_no_point():
    found = auc([5, 6, 7, 8], [1, 2, 3, 4, 4])
    assert (found.estimate, found.high, found.method) == (1, 1, "clopper-pearson")
    assert found.low == pytest.approx(0.025 ** (1 / 4))  # the exact bound of 4 in 4


def test_rates_by_hand():
    control = np.arange(200) / 200  # 1 % of them: two, 0.995 and 0.99
    at = figures([0.99, 0.992, 0.994, 1.2, 0.1], control, rates=(0.01,)).at[0]
    assert (at.threshold, at.false_positive, at.true_positive.estimate) == (0.99, 0.01, 0.8)
    exact = binomtest(4, 5).proportion_ci(0.95, "exact")
    assert (at.true_positive.low, at.true_positive.high) == pytest.approx((exact.low, exact.high))


def test_ties_are_never_split():
    # Three control samples share the highest score: to call one a member is to call all three, 1.5 % of 200.
    control = np.r_[np.ones(3), np.zeros(197)]
    at = figures([1.0, 1.0, 2.0], control, rates=(0.01, 0.015)).at
    assert [one.true_positive.estimate for one in at] == [pytest.approx(1 / 3), 1]
    assert [one.false_positive for one in at] == [0, 0.015]
    # No target is above them either: nobody is told, and that is measured.
    nobody = figures([1.0, 1.0], control, rates=(0.01,)).at[0]
    assert (nobody.true_positive.estimate, nobody.threshold) == (0, None)


@settings(max_examples=50)
@given(SCORES, st.lists(st.integers(-4, 4).map(float), min_size=20, max_size=40), st.sampled_from([0.05, 0.1, 0.3]))
def test_the_rate_is_kept_and_no_threshold_does_better(targets, control, rate):
    at = figures(targets, control, rates=(rate,)).at[0]
    best = max(
        np.mean(np.array(targets) >= cut)
        for cut in [np.inf, *targets, *control]
        if np.mean(np.array(control) >= cut) <= rate + 1e-9
    )
    assert at.true_positive.estimate == pytest.approx(best)
    assert at.false_positive <= rate + 1e-9


@pytest.mark.parametrize(("m", "measured"), [(99, False), (100, True)])
def test_a_control_that_is_too_small_for_a_rate_says_how_many_it_takes(m, measured):
    at = figures(np.arange(50.0), np.arange(m) / m, rates=(0.01, 0.001)).at
    assert [one.control_needed for one in at] == [100, 1000]
    assert (at[0].true_positive != NOTHING) == measured
    assert (at[1].true_positive, at[1].false_positive, at[1].threshold) == (NOTHING, None, None)


def test_nothing_to_measure_is_null():
    for targets, control in (([], [1.0]), ([1.0], []), ([], [])):
        found = figures(targets, control)
        assert found.auc == NOTHING
        assert {one.true_positive for one in found.at} == {NOTHING}
    with pytest.raises(ValueError, match="targets and control"):
        roc([1.0], [])


def test_equal_scores_are_guessing():
    found = figures(np.ones(50), np.ones(200))
    assert (found.auc.estimate, found.at[0].true_positive.estimate) == (0.5, 0)
    assert np.isfinite([found.auc.low, found.auc.high]).all()


@pytest.mark.parametrize(("x", "n"), [(0, 10), (3, 10), (10, 10), (1, 1)])
def test_clopper_pearson_is_scipys(x, n):
    exact = binomtest(x, n).proportion_ci(0.9, "exact")
    assert clopper_pearson(x, n, 0.9) == pytest.approx((exact.low, exact.high))
