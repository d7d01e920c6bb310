from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.scores import sample_scores as scores


def test_votes_and_ratio_by_hand():
    np.testing.assert_allclose(scores.votes([0, 3, 10], 10), [0, 0.3, 1])
    # p = 0.1 of 10 classes stays 0.1: (3 / 0.1 + 1) / 11; without a vote 1 / 11.
    np.testing.assert_allclose(scores.ratio([3, 0], 10, [0.1, 0.7], 10), np.log([31 / 11, 1 / 11]))
    # p = 0.5 becomes (0.5 + 0.1) / 2 = 0.3; p = 0 becomes 0.05.
    np.testing.assert_allclose(scores.expected([0.5, 0.0], 10), [0.3, 0.05])
    np.testing.assert_allclose(scores.ratio([3, 3], 10, [0.5, 0.0], 10), np.log([11 / 11, 61 / 11]))
    # Taken as they are, 3 / 0.5 + 1 = 7.
    np.testing.assert_allclose(scores.ratio([3], 10, [0.5]), np.log([7 / 11]))


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1)), min_size=2, max_size=20), st.integers(2, 50))
def test_the_ratio_rises_with_votes_and_falls_with_what_is_expected(samples, classes):
    votes, p = (np.array(column) for column in zip(*samples, strict=True))
    found = scores.ratio(votes, 20, p, classes)
    assert np.isfinite(found).all()
    assert np.all(scores.ratio(np.minimum(votes + 1, 20), 20, p, classes) >= found)
    assert np.all(scores.ratio(votes, 20, np.minimum(p + 0.1, 1), classes) <= found)
    np.testing.assert_allclose(found[votes == 0], -np.log(21))


@pytest.mark.parametrize(
    ("votes", "p", "says"),
    [([11], [0.5], "between 0 and k"), ([1], [1.5], "probabilities"), ([1], [np.nan], "probabilities"),
     ([1, 2], [0.5], "2 samples")],
)  # fmt: skip
def test_what_is_no_vote_or_probability_is_refused(votes, p, says):
    with pytest.raises(ValueError, match=says):
        scores.ratio(votes, 10, p, 10)


def test_a_probability_may_be_rounded_above_1():
    assert scores.expected(np.array([np.nextafter(np.float32(1), np.float32(2))]), 10) == pytest.approx(0.55)


def slow_standing(by_class, labels, p):
    n, c = by_class.shape
    z = np.zeros((n, c))
    for j in range(c):
        z[:, j] = (by_class[:, j] - np.mean(by_class[:, j])) / np.std(by_class[:, j])
    found = []
    for i in range(n):
        row = (z[i] - np.mean(z[i])) / np.std(z[i])
        weight = [np.exp(scores.SHIFT * value) for value in row]
        found.append(np.log(weight[labels[i]] / sum(weight)) - np.log((p[i] + 1 / c) / 2))
    return found


def test_standing_is_the_slow_loop():
    rng = np.random.default_rng(0)
    by_class, labels, p = rng.normal(size=(30, 7)), rng.integers(0, 7, 30), rng.random(30)
    np.testing.assert_allclose(scores.standing(by_class, labels, p), slow_standing(by_class, labels, p))


def test_standing_does_not_hang_on_scale_order_or_empty_classes():
    rng = np.random.default_rng(0)
    by_class, labels, p = rng.normal(size=(30, 7)), rng.integers(0, 7, 30), rng.random(30)
    found = scores.standing(by_class, labels, p)
    moved = by_class * 3 + rng.normal(size=7) + 5 * rng.normal(size=(1, 7))
    np.testing.assert_allclose(scores.standing(moved, labels, p), found)
    order = rng.permutation(30)
    np.testing.assert_allclose(scores.standing(by_class[order], labels[order], p[order]), found[order])
    # A class without public pictures: its samples have no score, the others go on without it.
    gone = by_class.copy()
    gone[:, 3] = np.nan
    left = scores.standing(gone, labels, p)
    assert np.isnan(left[labels == 3]).all()
    assert np.isfinite(left[labels != 3]).all()


def test_standing_of_an_encoder_that_collapsed_is_what_the_reference_says():
    flat = scores.standing(np.full((4, 5), 0.7, np.float32), np.arange(4), np.full(4, 0.2))
    np.testing.assert_allclose(flat, 0, atol=1e-12)  # log 1/5 less log 1/5
    assert np.isnan(scores.standing(np.full((2, 3), np.nan), np.zeros(2, int), np.full(2, 0.5))).all()
    assert scores.standing(np.zeros((0, 3)), np.zeros(0, int), np.zeros(0)).shape == (0,)


def test_the_gaps_of_the_object_test():
    np.testing.assert_allclose(scores.recall_gap([0.5, 0], [0.25, 1]), [0.25, -1])
    np.testing.assert_allclose(scores.precision_gap([1], [0.5]), [0.5])
    assert scores.correct_gap(np.array([3, 0]), np.array([1, 2])).tolist() == [2.0, -2.0]


def test_the_default_is_one_of_the_scores():
    assert {test: name in scores.MEANINGS[test] for test, name in scores.DEFAULT.items()} == {
        "label": True,
        "objects": True,
    }
