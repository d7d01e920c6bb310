from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_baselines import tag_counts
from dejavu_baselines.tag_counts import (
    Bernoulli,
    chosen_tags,
    count,
    normalised,
    published_log_ratios,
    published_scores,
)

# --- the slow implementations: loops over pictures, classes and tags, nothing shared with the product


def slow_tags(scores, k, threshold):
    chosen = []
    for row in scores:
        order = sorted(range(len(row)), key=lambda tag: (-row[tag], tag))
        chosen.append([tag for tag in order if row[tag] > threshold][: k or None])
    return chosen


def slow_log_joint(fit, labels, asked, n_classes, n_tags, alpha):
    joint = []
    for tags in asked:
        row = []
        for c in range(n_classes):
            of = [t for t, label in zip(fit, labels, strict=True) if label == c]
            score = math.log((len(of) + alpha) / (len(fit) + alpha * n_classes))
            for tag in range(n_tags if tags else 0):
                p = (sum(tag in t for t in of) + alpha) / (len(of) + 2 * alpha)
                score += math.log(p if tag in tags else 1 - p)
            row.append(score)
        joint.append(row)
    return np.array(joint)


def slow_published(fit, labels, asked, n_classes, k, alpha):
    scores = []
    for tags in asked:
        row = []
        for c in range(n_classes):
            product = 1.0
            for tag in tags:
                total = sum(tag in t for t in fit)
                own = sum(tag in t for t, label in zip(fit, labels, strict=True) if label == c)
                if alpha:
                    product *= (own + alpha) / (total + k * alpha)
                else:
                    product *= (own or 1e-10) / (total or 1e-10)
            row.append(product if tags else 0.0)
        scores.append(row)
    return np.array(scores)


def world(n, v, c, seed, spread=4):
    """Scores with many ties and zeros, in float16 as taggers give them; some pictures have no tag at all."""
    rng = np.random.default_rng(seed)
    scores = (rng.integers(0, spread, (n, v)) * (rng.random((n, v)) < 0.5) / 8).astype(np.float16)
    return scores, rng.integers(0, c, n)


worlds = st.builds(
    world, st.integers(1, 30), st.integers(1, 7), st.integers(1, 5), st.integers(0, 10**6), st.sampled_from([2, 4])
)


@settings(max_examples=40, deadline=None)
@given(worlds, st.sampled_from([1, 2, 3, 5, None]), st.sampled_from([0.0, 0.2]))
def test_the_likeliest_tags_are_those_of_the_slow_sort(made, k, threshold):
    tags = chosen_tags(made[0], k, threshold)
    assert [set(row.nonzero()[0].tolist()) for row in tags.toarray()] == [
        set(row) for row in slow_tags(made[0].tolist(), k, threshold)
    ]


@settings(max_examples=40, deadline=None)
@given(worlds, st.sampled_from([1, 2, 3, 5]), st.sampled_from([0.01, 1.0, 2.5]), st.integers(0, 10**6))
def test_naive_bayes_is_the_double_loop(made, k, alpha, seed):
    (scores, labels), v = made, made[0].shape[1]
    n_classes = int(labels.max()) + 2  # one class without a picture
    asked = world(12, v, 1, seed)[0]
    learned = Bernoulli.learn(
        count(chosen_tags(scores, k, 0), labels, n_classes), np.bincount(labels, minlength=n_classes), alpha
    )
    slow = slow_log_joint(slow_tags(scores, k, 0), labels, slow_tags(asked, k, 0), n_classes, v, alpha)
    np.testing.assert_allclose(learned.log_joint(chosen_tags(asked, k, 0)), slow, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(worlds, st.sampled_from([1, 2, 3, 5]), st.sampled_from([0.0, 1.0, 2.5]), st.integers(0, 10**6))
def test_the_published_rule_is_the_double_loop(made, k, alpha, seed):
    (scores, labels), v = made, made[0].shape[1]
    n_classes = int(labels.max()) + 2
    asked = world(12, v, 1, seed)[0]
    ratios = published_log_ratios(count(chosen_tags(scores, None, 0.2), labels, n_classes), k, alpha)
    fast = published_scores(ratios, chosen_tags(asked, k, 0.2))
    slow = slow_published(slow_tags(scores, None, 0.2), labels, slow_tags(asked, k, 0.2), n_classes, k, alpha)
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=0)


def test_naive_bayes_by_hand():
    # Class 0: 3 pictures, of which tag 0 is on 2 and tag 1 on none. Class 1: 1 picture with tag 1 alone. alpha = 1.
    # P(0) = 4/6, P(1) = 2/6; P(tag 0 | 0) = 3/5, P(tag 1 | 0) = 1/5; P(tag 0 | 1) = 1/3, P(tag 1 | 1) = 2/3.
    tags = np.array([[1, 0], [1, 0], [0, 0], [0, 1]])
    counts = count(chosen_tags(tags, 2, 0), np.array([0, 0, 0, 1]), 2)
    assert counts.tolist() == [[2, 0], [0, 1]]
    learned = Bernoulli.learn(counts, np.array([3, 1]), 1.0)
    joint = np.exp(learned.log_joint(chosen_tags(np.array([[1, 0], [1, 1], [0, 0]]), 2, 0)))
    assert joint.tolist() == pytest.approx(
        np.array(
            [
                [4 / 6 * 3 / 5 * 4 / 5, 2 / 6 * 1 / 3 * 1 / 3],  # tag 0 is there, tag 1 is not
                [4 / 6 * 3 / 5 * 1 / 5, 2 / 6 * 1 / 3 * 2 / 3],
                [4 / 6, 2 / 6],  # no tag: the prior alone
            ]
        )
    )


def test_the_published_rule_by_hand():
    # Tag 0 is on 3 pictures of class 0 and 1 of class 1; tag 1 on 1 of class 1 alone; tag 2 on none.
    counts = np.array([[3, 1], [0, 1], [0, 0]])
    asked = chosen_tags(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]]), 2, 0)
    floor = published_scores(published_log_ratios(counts, 2, 0), asked)
    # A tag that nobody has counts 1e-10 / 1e-10 = 1 for every class.
    np.testing.assert_allclose(floor, [[3 / 4, 1 / 4], [3 / 4 * 1e-10, 1 / 4], [1, 1], [0, 0]], rtol=1e-12)
    laplace = published_scores(published_log_ratios(counts, 2, 1), asked)
    np.testing.assert_allclose(
        laplace, [[4 / 6, 2 / 6], [4 / 6 / 3, 2 / 6 * 2 / 3], [1 / 2, 1 / 2], [0, 0]], rtol=1e-12
    )


def test_blocks_choose_what_one_piece_chooses(monkeypatch):
    scores, _ = world(50, 9, 2, 0)
    whole = chosen_tags(scores, 3, 0).toarray()
    monkeypatch.setattr(tag_counts, "CELLS", 70)
    np.testing.assert_array_equal(chosen_tags(scores, 3, 0).toarray(), whole)
    assert chosen_tags(scores[:0], 3, 0).shape == (0, 9)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3333, 0.5, 1.0])
def test_every_kind_of_number_is_compared_alike(kind, threshold):
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.random(500), [0, 0.1, 0.3333, 0.5, 1.0, 1e-7, -0.0, -0.2]]).reshape(4, -1).astype(kind)
    above = scores.astype(np.float64) > threshold
    if kind is np.float32:  # where a threshold is compared in the scores' own kind
        above = scores > np.float32(threshold)
    np.testing.assert_array_equal(chosen_tags(scores, None, threshold).toarray(), above)
    assert chosen_tags(scores, 3, threshold).nnz == np.minimum(above.sum(axis=1), 3).sum()


def test_a_threshold_is_not_rounded_to_the_scores_kind():
    # 0.1 in float16 is 0.09998: not above 0.1.
    assert chosen_tags(np.array([[0.1]], np.float16), 1, 0.1).nnz == 0
    assert chosen_tags(np.array([[0.1]], np.float16), 1, 0.0999).nnz == 1


def test_what_is_no_number_is_no_tag():
    for kind in (np.float16, np.float32):
        assert chosen_tags(np.array([[np.nan, 0.5, 0.2]], kind), 2, 0).toarray().tolist() == [[0, 1, 1]]


def test_probabilities_survive_logarithms_far_below_zero():
    p = normalised(np.array([[-5000.0, -5001.0], [-1e-3, -900.0]]))
    assert p.dtype == np.float32
    np.testing.assert_allclose(p, [[1 / (1 + math.exp(-1)), 1 / (1 + math.e)], [1, 0]], rtol=1e-6, atol=1e-30)
