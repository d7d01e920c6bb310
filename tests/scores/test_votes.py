from __future__ import annotations

import math
import time
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores import votes as module
from dejavu_audit.scores.votes import votes


def slow(neighbours, labels):
    """One query, in plain Python."""
    cast = [labels[i] for i in neighbours]
    count = Counter(cast)
    ranks = {c: sum(rank for rank, other in enumerate(cast, 1) if other == c) for c in count}
    order = sorted(count, key=lambda c: (-count[c], ranks[c], c))
    entropy = -sum(n / len(cast) * math.log(n / len(cast)) for n in count.values())
    return order, [count[c] for c in order], -entropy


def test_by_hand():
    # Labels of the six neighbours, nearest first: 3 5 5 3 0 7. Classes 3 and 5 have two votes each; the ranks of 3 sum
    # to 1 + 4 = 5, those of 5 to 2 + 3 = 5: equal too, so the lower class is first. Class 0 (rank 5) is before class 7.
    given_ = votes(np.arange(6)[None], np.array([3, 5, 5, 3, 0, 7]), 9)
    assert given_.top1.tolist() == [3]
    assert given_.top5.tolist() == [[3, 5, 0, 7, -1]]
    assert given_.tied.tolist() == [True]
    # H = 2 * (1/3) ln 3 + 2 * (1/6) ln 6 = 0.7324 + 0.5973
    assert given_.confidence[0] == pytest.approx(-1.3297, abs=1e-4)
    assert given_.indptr.tolist() == [0, 4]
    assert given_.classes.tolist() == [3, 5, 0, 7] and given_.counts.tolist() == [2, 2, 1, 1]


def test_the_nearer_of_two_equal_counts_wins():
    # 5 at ranks 1 and 3 (4), 3 at ranks 2 and 4 (6).
    assert votes(np.arange(4)[None], np.array([5, 3, 5, 3]), 9).top1.tolist() == [5]


def test_one_voice_and_one_neighbour():
    united = votes(np.array([[0, 1, 2]]), np.array([4, 4, 4]), 5)
    assert united.confidence.tolist() == [0] and not np.signbit(united.confidence[0])
    assert united.tied.tolist() == [False] and united.top5.tolist() == [[4, -1, -1, -1, -1]]
    one = votes(np.array([[1]]), np.array([4, 2]), 5)
    assert one.top5.tolist() == [[2, -1, -1, -1, -1]] and one.tied.tolist() == [False]


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6), st.integers(0, 9), st.integers(1, 40), st.integers(1, 12), st.integers(1, 4))
def test_agrees_with_counting_by_hand(seed, q, k, n_classes, block):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, 60)
    neighbours = np.array([rng.permutation(60)[:k] for _ in range(q)]).reshape(q, k)
    whole, module.BLOCK = module.BLOCK, block
    try:
        given_ = votes(neighbours, labels, n_classes)
    finally:
        module.BLOCK = whole
    assert len(given_.top1) == q
    for i in range(q):
        order, counts, confidence = slow(neighbours[i], labels.tolist())
        entries = slice(given_.indptr[i], given_.indptr[i + 1])
        assert given_.classes[entries].tolist() == order and given_.counts[entries].tolist() == counts
        assert given_.top1[i] == order[0]
        assert given_.top5[i].tolist() == (order + [-1] * 5)[:5]
        assert given_.confidence[i] == pytest.approx(confidence)
        assert given_.tied[i] == (len(counts) > 1 and counts[0] == counts[1])


def test_a_hundred_thousand_queries_take_seconds():
    rng = np.random.default_rng(0)
    neighbours = rng.integers(0, 50_000, (100_000, 100))
    labels = rng.integers(0, 1_000, 50_000)
    began = time.process_time()
    votes(neighbours, labels, 1_000)
    assert time.process_time() - began < 15


@pytest.mark.parametrize(
    ("indices", "labels"), [([[0, 3]], [0, 1, 1]), ([[-1, 0]], [0, 1]), ([[0]], [9]), ([[0]], [-1]), ([[]], [0])]
)
def test_what_cannot_be_is_refused(indices, labels):
    with pytest.raises(ValueError, match="must lie"):
        votes(np.array(indices, np.int64), np.array(labels), 3)
