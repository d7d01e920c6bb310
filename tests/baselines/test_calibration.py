from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import expit, softmax

from dejavu_baselines.calibration import PRIOR_WEIGHTS, Calibration, calibrate, class_prior


def test_class_prior_counts_half_a_picture_more():
    # counts 2, 1, 0 -> 2.5, 1.5, 0.5 of 4.5
    assert class_prior([0, 0, 1], 3) == pytest.approx([5 / 9, 3 / 9, 1 / 9])


def test_probabilities_by_hand():
    # Temperature 2 turns scores 2 log 3 and 0 into odds of 3: softmax = 3/4, 1/4. Half of it, half of (1/4, 3/4).
    p = Calibration(2.0, 0.5, np.array([0.25, 0.75])).probabilities([[2 * np.log(3), 0.0]])
    assert p[0] == pytest.approx([0.5, 0.5])
    assert p.dtype == np.float32


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 9), st.integers(0, 1000))
def test_rows_sum_to_one_and_no_class_is_excluded(n_classes, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 1000, (20, n_classes))
    p = calibrate(scores, rng.integers(n_classes, size=20), class_prior([0], n_classes)).probabilities(scores)
    assert p.sum(axis=1) == pytest.approx(np.ones(20), abs=1e-5)
    assert p.min() > 0


def test_an_overconfident_classifier_is_cooled_to_the_truth():
    # Labels drawn from softmax(z); the classifier says 4 z. The truth has temperature 4 and needs no prior.
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1.5, (6000, 5))
    labels = (softmax(z, axis=1).cumsum(axis=1) > rng.random((6000, 1))).argmax(axis=1)
    found = calibrate(4 * z, labels, np.full(5, 0.2))
    assert found.temperature == pytest.approx(4, rel=0.15)
    assert found.prior_weight < 0.15


def test_a_classifier_that_knows_nothing_falls_back_to_the_prior():
    rng = np.random.default_rng(0)
    labels = rng.choice(3, 2000, p=[0.7, 0.2, 0.1])
    prior = class_prior(labels, 3)
    scores = rng.normal(0, 5, (2000, 3))
    found = calibrate(scores, labels, prior)
    assert found.log_loss(scores, labels) <= -np.mean(np.log(prior[labels])) + 1e-3
    assert found.probabilities(scores).argmax(axis=1).tolist() == [0] * 2000


def test_nothing_held_back_means_the_prior():
    found = calibrate(np.zeros((0, 3)), np.zeros(0, np.int64), class_prior([0, 1], 3))
    assert found.prior_weight == PRIOR_WEIGHTS[1]


def test_no_other_temperature_and_weight_do_better():
    # An independent search on a grid.
    rng = np.random.default_rng(3)
    scores, labels = rng.normal(0, 2, (400, 4)), rng.integers(4, size=400)
    scores[np.arange(400), labels] += 1.5
    prior = class_prior(labels, 4)
    best = min(
        Calibration(t, w, prior).log_loss(scores, labels)
        for t in np.geomspace(0.1, 20, 40)
        for w in expit(np.linspace(-6, 6, 25))
    )
    assert calibrate(scores, labels, prior).log_loss(scores, labels) <= best + 1e-6


def test_optimum_has_no_slope():
    rng = np.random.default_rng(4)
    scores, labels = rng.normal(0, 2, (400, 4)), rng.integers(4, size=400)
    hit = rng.random(400) < 0.6
    scores[np.flatnonzero(hit), labels[hit]] += 4
    prior = class_prior(labels, 4)
    found = calibrate(scores, labels, prior)

    def loss(theta):
        own = softmax(scores * np.exp(-theta[0]), axis=1)[np.arange(400), labels]
        return -np.mean(np.log((1 - expit(theta[1])) * own + expit(theta[1]) * prior[labels]))

    at = np.array([np.log(found.temperature), np.log(found.prior_weight / (1 - found.prior_weight))])
    assert approx_fprime(at, loss, 1e-6) == pytest.approx([0, 0], abs=1e-3)


def test_state_and_back():
    calibration = Calibration(1.5, 0.25, np.array([0.4, 0.6]))
    again = Calibration.from_state(calibration.state())
    assert (again.temperature, again.prior_weight, again.prior.tolist()) == (1.5, 0.25, [0.4, 0.6])
