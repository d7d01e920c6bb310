from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.duplicates import nearest as module
from dejavu_audit.duplicates.background import Background
from dejavu_audit.duplicates.nearest import Nearest


def units(n, seed, d=32):
    vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def near(vectors, seed, share=0.3):
    moved = vectors + share * units(len(vectors), seed)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


def indexed(vectors, queries, each=1):
    """An index of len(vectors) / each pictures."""
    by_picture = vectors.reshape(-1, each, vectors.shape[1])
    return Nearest(len(by_picture), each, lambda some: by_picture[some], queries, dim=vectors.shape[1])


def test_few_are_compared_exactly():
    vectors, queries = units(50, 0), units(7, 1)
    likeness, place = indexed(vectors, 7).search(queries, 3)
    want = np.argsort(-(queries @ vectors.T), axis=1)[:, :3]
    assert place.tolist() == want.tolist()
    np.testing.assert_allclose(likeness, np.take_along_axis(queries @ vectors.T, want, 1), atol=1e-6)
    assert indexed(vectors[:2], 7).search(queries, 5)[1].shape == (7, 2)
    assert indexed(vectors, 7, each=5).search(queries, 3)[1].tolist() == want.tolist()


@pytest.mark.parametrize("compact", [1_000_000, 1_000])
def test_many_are_found_through_lists(monkeypatch, compact):
    monkeypatch.setattr(module, "EXACT", 0)
    monkeypatch.setattr(module, "COMPACT", compact)
    vectors = units(6_000, 0)
    monkeypatch.setattr(module, "BLOCK", 1_000)
    index = indexed(vectors, 2_000, each=2)
    assert index._index.nlist > 20
    likeness, place = index.search(near(vectors[:2_000], 1), 1)
    right = place[:, 0] == np.arange(2_000)
    assert right.mean() > 0.8  # of vectors with no structure at all, the hardest to list
    truth = np.einsum("nd,nd->n", vectors[:2_000], near(vectors[:2_000], 1))[right]
    off = np.abs(likeness[right, 0] - truth)
    # A byte a number: what lies outside the range that was learned is cut off, in under one of a hundred vectors.
    assert off.max() < 1e-5 if compact > 10_000 else np.quantile(off, 0.98) < 0.02


def test_the_background_is_what_is_common_less_the_duplicates():
    shirts = near(np.repeat(units(1, 3), 300, axis=0), 4, 0.4)
    vectors = np.concatenate([shirts, units(300, 5)])
    vectors[301] = vectors[300]  # a duplicate of one of the others
    background = Background(vectors, np.ones(600, bool))
    levels = background.levels(np.arange(600))
    assert np.median(levels[:300]) > 0.9 > 0.6 > np.median(levels[300:])
    assert levels[300] < 0.7 and levels.max() <= 0.985
    assert background.of_pairs(np.array([0]), np.array([400])) == max(levels[0], levels[400])


def test_the_level_by_hand_and_a_sample_too_small():
    # Of 40, the share that is passed over is 0.0015 * 40, so 1 and itself: 2; the third most alike is the level.
    vectors = units(40, 0)
    likeness = np.sort(vectors[5] @ vectors.T)[::-1]
    assert Background(vectors, np.ones(40, bool)).levels(np.array([5])) == pytest.approx(likeness[2], abs=1e-6)
    assert Background(vectors[:2], np.ones(2, bool)).levels(np.array([0])) == 0
    assert Background(vectors, np.zeros(40, bool)).levels(np.array([0])) == 0


def test_a_pile_of_duplicates_does_not_raise_the_bar():
    vectors = np.concatenate([np.repeat(units(1, 0), 200, axis=0), units(200, 1)])
    assert Background(vectors, np.ones(400, bool)).levels(np.array([0])) < 0.7
