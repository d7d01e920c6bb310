from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from dejavu_baselines import linear

CPU = torch.device("cpu")


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(linear, "BLOCK", 37)  # several blocks, the last not full
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=300)
    x = rng.normal(5, 2, (300, 6)).astype(np.float32)
    x[np.arange(300), labels] += 2
    x[:, 5] = 7  # constant
    return x, labels


def test_moments_are_those_of_the_rows(world):
    x, _ = world
    rows = np.arange(0, 300, 2)
    mean, spread = linear.moments(x, rows)
    assert mean == pytest.approx(x[rows].mean(axis=0), rel=1e-5)
    assert spread[:5] == pytest.approx(x[rows, :5].std(axis=0), rel=1e-4)
    assert spread[5] == 1


def test_it_is_the_logistic_regression_of_scikit_learn(world):
    x, labels = world
    rows = np.arange(200)
    mean, spread = linear.moments(x, rows)
    start = np.zeros((3, 7), np.float32)
    ours = linear.fit(x, labels, rows, start, mean, spread, 0.01, iterations=500, device=CPU)
    # scikit-learn minimises C * sum of losses + |w|^2 / 2: penalty = 1 / (C n).
    theirs = LogisticRegression(C=1 / (0.01 * 200), tol=1e-8, max_iter=2000)
    theirs.fit((x[:200] - mean) / spread, labels[:200])
    expected = theirs.predict_proba((x[200:] - mean) / spread)
    assert softmax(linear.scores(ours, x[200:], mean, spread), axis=1) == pytest.approx(expected, abs=2e-3)
