from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.scores.similarities import NEAREST, similarities


def unit(rng, n, d=5):
    vectors = rng.normal(size=(n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def slow(queries, labels, public, public_labels, classes, unit):
    by_class, margin = np.full((len(queries), classes), np.nan), np.full(len(queries), np.nan)
    for i, query in enumerate(queries.astype(np.float64)):
        alike = np.array([query @ x if unit else -np.linalg.norm(query - x) for x in public.astype(np.float64)])
        for c in range(classes):
            mine = sorted(alike[public_labels == c])[-NEAREST:]
            by_class[i, c] = np.mean(mine) if mine else np.nan
        others = sorted(alike[public_labels != labels[i]])[-NEAREST:]
        margin[i] = by_class[i, labels[i]] - (np.mean(others) if others else np.nan)
    return by_class, margin


def test_by_hand():
    # On a line: the own class lies at distances 1 and 3 (mean 2), the other at 4: margin -2 + 4.
    queries, public = np.array([[0.0]], np.float32), np.array([[1], [-3], [4]], np.float32)
    found = similarities(queries, [0], public, [0, 0, 1], 2, unit=False)
    np.testing.assert_allclose(found.by_class, [[-2, -4]], rtol=1e-6)
    np.testing.assert_allclose(found.margin, [2], rtol=1e-6)


@pytest.mark.parametrize("cosine", [True, False])
@pytest.mark.parametrize("block_bytes", [1, 20_000, 64 << 20])
def test_it_is_the_slow_loop_whatever_the_block(cosine, block_bytes):
    rng = np.random.default_rng(0)
    queries, public = unit(rng, 23), unit(rng, 90)
    if not cosine:
        queries, public = 3 * queries + 10, 3 * public + 10
    labels, theirs = rng.integers(0, 4, 23), rng.choice(4, 90, p=[0.6, 0.3, 0.05, 0.05])
    found = similarities(queries, labels, public, theirs, 4, unit=cosine, block_bytes=block_bytes)
    by_class, margin = slow(queries, labels, public, theirs, 4, cosine)
    np.testing.assert_allclose(found.by_class, by_class, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(found.margin, margin, rtol=2e-5, atol=2e-5)


def test_a_class_without_public_pictures_and_one_alone_have_no_margin():
    rng = np.random.default_rng(0)
    found = similarities(unit(rng, 2), [0, 1], unit(rng, 6), [0] * 6, 2, unit=True)
    assert np.isnan(found.by_class).tolist() == [[False, True], [False, True]]
    assert np.isnan(found.margin).all()  # the first has no others, the second no own


def test_nobody_asked_is_nobody_answered():
    rng = np.random.default_rng(0)
    found = similarities(unit(rng, 0), [], unit(rng, 6), [0] * 6, 2, unit=True)
    assert (found.by_class.shape, found.margin.shape) == ((0, 2), (0,))


def test_what_does_not_go_together_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="do not go together"):
        similarities(unit(rng, 2), [0], unit(rng, 6), [0] * 6, 2, unit=True)
