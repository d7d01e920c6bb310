from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from dejavu_audit.scores.blind import PENALTY, CrossFit, auc, auc_interval, aucs, blind, folds_of
from dejavu_audit.scores.two_sample import Exchange


def standard(columns):
    return (columns - columns.mean(0)) / columns.std(0)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10**6))
def test_the_auc_is_that_of_sklearn_with_ties_and_weights(n, seed):
    rng = np.random.default_rng(seed)
    targets = np.arange(n) < rng.integers(1, n)
    scores, weights = rng.integers(0, 5, n).astype(float), rng.random(n) + 0.1
    assert auc(scores, targets, weights) == pytest.approx(roc_auc_score(targets, scores, sample_weight=weights))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 25), st.integers(0, 10**6))
def test_many_aucs_are_those_found_one_by_one(n, seed):
    rng = np.random.default_rng(seed)
    scores, weights = rng.integers(0, 4, (n, 6)).astype(float), rng.random(n) + 0.1
    labels = rng.permuted(np.broadcast_to(np.arange(n) < rng.integers(1, n), (6, n)), axis=1).T
    found = aucs(scores, labels, weights)
    for column in range(6):
        weight = np.where(labels[:, column], 1.0, weights)
        assert found[column] == pytest.approx(auc(scores[:, column], labels[:, column], weight))


def test_the_interval_is_delongs():
    # Targets 3, 2; control 1, 2.5. Shares of the control below: 1, 1/2; AUC 3/4. Shares of the targets above: 1, 1/2.
    # Variance = (1/8) / 2 + (1/8) / 2 = 1/8; on the logit scale the half-width is 1.96 * 0.35355 / (0.75 * 0.25).
    estimate, low, high = auc_interval([3, 2, 1, 2.5], [1, 1, 0, 0])
    half = 1.959964 * 0.125**0.5 / 0.1875
    assert estimate == 0.75
    assert (low, high) == pytest.approx((1 / (1 + np.exp(half - np.log(3))), 1 / (1 + np.exp(-half - np.log(3)))))


def test_copies_do_not_narrow_the_interval():
    rng = np.random.default_rng(0)
    scores, targets = rng.random(40), np.arange(40) < 20
    once = auc_interval(scores, targets)
    copied = auc_interval(np.repeat(scores, 9), np.repeat(targets, 9), units=np.repeat(np.arange(40), 9))
    assert copied == pytest.approx(once)


def test_the_interval_covers_the_truth():
    # Normal scores a standard deviation apart: AUC = Phi(1 / sqrt 2) = 0.76025.
    rng, covered = np.random.default_rng(0), 0
    for _ in range(600):
        scores = np.concatenate([rng.normal(1, 1, 40), rng.normal(0, 1, 60)])
        _, low, high = auc_interval(scores, np.arange(100) < 40)
        covered += low <= 0.76025 <= high
    assert covered / 600 == pytest.approx(0.95, abs=0.03)


def test_told_apart_without_fault_still_has_a_low_end_below_1():
    # Ten pairs that share no sample are all in order with a chance of at most A^10: 0.025^(1/10) = 0.6915.
    estimate, low, high = auc_interval(np.arange(20), np.arange(20) >= 10)
    assert (estimate, high) == (1, 1)
    assert low == pytest.approx(0.6915, abs=1e-4)
    assert auc_interval(-np.arange(20), np.arange(20) >= 10) == (0, 0, pytest.approx(0.3085, abs=1e-4))


def test_equal_scores_say_nothing():
    assert auc_interval([1, 1, 1, 1], [1, 1, 0, 0]) == (0.5, 0, 1)


def test_one_sample_on_a_side_says_nothing():
    assert auc_interval([3, 1, 2], [1, 0, 0]) == (1, 0, 1)


def test_scores_are_those_of_ridge_fitted_on_the_other_folds():
    rng = np.random.default_rng(0)
    for n, p in ((60, 7), (30, 50)):  # more samples than columns, and fewer
        x, labels = standard(rng.normal(size=(n, p))), (rng.random((n, 3)) < 0.4).astype(float)
        folds = folds_of(np.arange(n), 0)
        found = CrossFit(x, folds).scores(labels)
        for fold in range(5):
            rest, held = folds != fold, folds == fold
            values = np.linalg.svd(x[rest], compute_uv=False) ** 2
            alpha = PENALTY * values[values > 1e-9 * values.max()].mean()
            model = Ridge(alpha=alpha, fit_intercept=False).fit(x[rest], labels[rest] - labels[rest].mean(0))
            assert np.allclose(found[held], model.predict(x[held]), atol=1e-8)


def test_only_differences_within_cells_are_learned():
    # The column tells the cells apart, and the cells differ in their share of targets; within them it tells nothing.
    rng = np.random.default_rng(1)
    cells = np.repeat([0, 1], 300)
    targets = rng.random(600) < np.where(cells == 0, 0.2, 0.8)
    x = standard(np.stack([cells, rng.normal(size=600)], axis=1).astype(float))
    folds, labels = folds_of(np.arange(600), 0), targets[:, None].astype(float)
    assert auc(CrossFit(x, folds).scores(labels)[:, 0], targets) > 0.7
    within = CrossFit(x, folds, cells).scores(labels)[:, 0]
    assert abs(np.corrcoef(within, cells)[0, 1]) < abs(np.corrcoef(within, x[:, 1])[0, 1])


def test_folds_keep_clusters_whole_and_alike_in_size():
    groups = np.repeat(np.arange(100), 3)
    folds = folds_of(groups, 0)
    assert all(len(set(folds[groups == one].tolist())) == 1 for one in range(100))
    assert np.bincount(folds).tolist() == [60] * 5


def test_a_shift_is_found_and_its_absence_is_not():
    rng = np.random.default_rng(0)
    x, targets = rng.normal(size=(400, 10)), np.arange(400) < 200
    nothing = blind(standard(x), Exchange.of(targets), seed=0, draws=199)
    assert nothing.p_value > 0.05
    assert nothing.low < 0.5 < nothing.high
    # Two columns 0.8 standard deviations apart: no classifier is above Phi(0.8 sqrt 2 / sqrt 2) = 0.788.
    x[targets, :2] += 0.8
    found = blind(standard(x), Exchange.of(targets), seed=0, draws=199)
    assert found.p_value == 0.005
    assert 0.7 < found.auc < 0.83
    assert 0.5 < found.threshold < found.detectable < 0.65


def test_what_is_said_to_be_detectable_is_detected_four_times_in_five():
    rng, noticed, reached, said = np.random.default_rng(0), [], [], []
    for seed in range(120):
        x, targets = rng.normal(size=(120, 3)), np.arange(120) < 60
        x[targets, 0] += 0.64
        found = blind(standard(x), Exchange.of(targets), seed=seed, draws=99)
        noticed.append(found.auc > found.threshold)
        reached.append(found.auc)
        said.append(found.detectable)
    # The shift is chosen so that the classifier reaches on average what is said to be detectable.
    assert np.mean(reached) == pytest.approx(np.mean(said), abs=0.015)
    assert np.mean(noticed) == pytest.approx(0.8, abs=0.12)


def test_p_values_hold_their_level():
    rng, low = np.random.default_rng(0), []
    for seed in range(200):
        found = blind(standard(rng.normal(size=(30, 12))), Exchange.of(np.arange(30) < 10), seed=seed, draws=39)
        low.append(found.p_value <= 0.1)
    assert np.mean(low) <= 0.1 + 3 * (0.09 / 200) ** 0.5


def test_copies_across_folds_would_give_a_shift_away_that_is_none():
    # Every cluster has a value of its own: without whole clusters in a fold the copies are recognised.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 6)
    x, targets = standard(np.repeat(rng.normal(size=(40, 60)), 6, axis=0)), groups < 20
    leaky = blind(x, Exchange.of(targets), seed=0, draws=99)
    whole = blind(x, Exchange.of(targets, groups=groups), groups=groups, seed=0, draws=99)
    assert leaky.auc > 0.95
    assert whole.auc < 0.75
    assert whole.p_value > 0.05


def test_single_samples_are_refused():
    with pytest.raises(ValueError, match="two samples"):
        blind(np.ones((4, 1)), Exchange.of([True, False, False, False]), seed=0)
