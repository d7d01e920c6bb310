from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from dejavu_audit.utility import probe as linear_probe
from dejavu_audit.utility.probe import PENALTIES, fit_probe


@pytest.fixture(scope="module")
def digits():
    """900 handwritten digits to teach and the rest to judge."""
    pictures, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    vectors = pictures.astype(np.float32)[order]
    return vectors[:900], labels[order][:900].astype(np.int64), vectors[900:], labels[order][900:]


def test_it_is_the_logistic_regression_of_scikit_learn(digits):
    """The same penalty in scikit-learn's terms: C = 1 / (penalty * n)."""
    known, labels, asked, truth = digits
    probe = fit_probe(known, labels, seed=0)
    scale = StandardScaler().fit(known)
    other = LogisticRegression(C=1 / (probe.penalty * len(known)), max_iter=5_000, tol=1e-8)
    other.fit(scale.transform(known), labels)
    assert probe.penalty in PENALTIES
    assert (probe.predict(asked) == other.predict(scale.transform(asked))).mean() > 0.995
    assert (probe.predict(asked) == truth).mean() > 0.95


def test_the_penalty_answers_to_the_noise():
    """Where the label is a coin's toss the strongest penalty wins; where two columns tell it, a weaker one does."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 40)).astype(np.float32)
    noise = fit_probe(vectors, rng.integers(0, 2, 300), seed=0)
    clear = fit_probe(vectors, (vectors[:, 0] + vectors[:, 1] > 0).astype(np.int64), seed=0)
    assert noise.penalty == max(PENALTIES)
    assert clear.penalty < noise.penalty


def test_classes_keep_their_numbers():
    vectors = np.array([[0.0], [0.1], [5.0], [5.1]] * 6, np.float32)
    probe = fit_probe(vectors, np.array([7, 7, 300, 300] * 6), seed=0)
    assert probe.predict(np.array([[-1.0], [9.0]])).tolist() == [7, 300]


@pytest.mark.parametrize("labels", [[3], [3, 3, 3], [3, 5]])
def test_few_pictures_and_one_class_are_no_fault(labels):
    vectors = np.arange(len(labels), dtype=np.float32)[:, None]
    probe = fit_probe(vectors, np.array(labels), seed=0)
    assert probe.predict(vectors).tolist() == labels
    assert probe.predict(np.zeros((0, 1))).shape == (0,)


def test_constant_columns_and_large_offsets_do_no_harm():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    vectors = np.stack([labels + rng.normal(0, 0.1, 200) + 1_000, np.full(200, 3.0)], axis=1).astype(np.float32)
    probe = fit_probe(vectors, labels, seed=0)
    assert np.isfinite(probe.weights).all()
    assert (probe.predict(vectors) == labels).mean() > 0.99


def test_the_same_seed_gives_the_same_probe(digits):
    known, labels, *_ = digits
    one, two = (fit_probe(known[:200], labels[:200], seed=4) for _ in range(2))
    assert np.array_equal(one.weights, two.weights)


def test_blocks_change_hardly_anything(digits, monkeypatch):
    known, labels, asked, _ = digits
    whole = fit_probe(known, labels, seed=0).predict(asked)
    monkeypatch.setattr(linear_probe, "BLOCK", 70)
    assert (fit_probe(known, labels, seed=0).predict(asked) == whole).mean() > 0.995


def test_too_much_work_is_cut_to_an_equal_share_of_every_class(digits, monkeypatch):
    """10 classes in 64 dimensions: 64 * 10 * 300 leaves 300 rows, 30 a class."""
    known, labels, asked, truth = digits
    monkeypatch.setattr(linear_probe, "MOST_WORK", 64 * 10 * 300)
    rows = linear_probe._bounded(labels, 64, 10, np.random.default_rng(0))
    assert np.bincount(labels[rows]).tolist() == [30] * 10
    probe = fit_probe(known, labels, seed=0)
    assert probe.taught == 300
    assert (probe.predict(asked) == truth).mean() > 0.9


def test_the_held_back_are_a_fifth_of_every_class():
    labels = np.repeat([0, 1, 2], [50, 5, 4])
    place = linear_probe._place_in_class(labels, np.random.default_rng(0))
    assert sorted(place[:50]) == list(range(50))
    held = place % linear_probe.HELD_BACK == linear_probe.HELD_BACK - 1
    assert np.bincount(labels[held], minlength=3).tolist() == [10, 1, 0]
