from __future__ import annotations

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.neighbors import nearest


def slow(queries, public, k):
    distances = np.sqrt(((queries[:, None].astype(float) - public[None].astype(float)) ** 2).sum(axis=2))
    order = np.array([sorted(range(len(public)), key=lambda p, row=row: (row[p], p))[:k] for row in distances])
    order = order.reshape(len(queries), k).astype(np.int64)
    return order, np.take_along_axis(distances, order, axis=1)


def unit(rng, n, d):
    vectors = rng.normal(size=(n, d)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_by_hand():
    public = np.array([[0, 0], [3, 4], [3, 4], [1, 0]], np.float32)
    found = nearest(np.array([[0, 0]], np.float32), public, 4)
    assert found.indices.tolist() == [[0, 3, 1, 2]]
    assert found.distances.tolist() == [[0, 1, 5, 5]]  # true distances: sqrt(9 + 16) = 5
    assert found.indices.dtype == np.int64 and found.distances.dtype == np.float32


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 7), st.integers(1, 90), st.integers(1, 5), st.integers(1, 3), st.data())
def test_agrees_with_sorting_all_distances_ties_included(seed, q, p, d, values, data):
    rng = np.random.default_rng(seed)
    # Few distinct coordinates: most distances are tied, exactly.
    public = rng.integers(0, values + 1, (p, d)).astype(np.float32)
    queries = rng.integers(0, values + 1, (q, d)).astype(np.float32)
    k = data.draw(st.integers(1, p))
    indices, distances = slow(queries, public, k)
    found = nearest(queries, public, k, block=data.draw(st.integers(1, 4)))
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-6)


def test_does_not_depend_on_blocks_or_threads():
    rng = np.random.default_rng(0)
    public, queries = unit(rng, 3_000, 64), unit(rng, 200, 64)
    public[1_000:2_000] = public[:1_000]  # every one of these is tied with its copy
    before = faiss.omp_get_max_threads()
    found = nearest(queries, public, 50)
    indices, _ = slow(queries[:20], public, 50)
    np.testing.assert_array_equal(found.indices[:20], indices)
    try:
        for block, threads in ((1, 1), (7, 2), (200, 1), (19, 2)):
            faiss.omp_set_num_threads(threads)
            again = nearest(queries, public, 50, block=block)
            np.testing.assert_array_equal(again.indices, found.indices)
            np.testing.assert_array_equal(again.distances, found.distances)
    finally:
        faiss.omp_set_num_threads(before)


def test_an_encoder_that_collapsed_gives_the_lowest_indices():
    public = np.tile(unit(np.random.default_rng(0), 1, 32), (5_000, 1))
    public[4_321] = -public[0]
    found = nearest(public[:300], public, 100)
    assert (found.indices == np.arange(100)).all() and (found.distances == 0).all()


def test_a_near_tie_is_decided_by_the_true_distance():
    # Far from the origin single precision cannot tell these apart by |x|^2 - 2xy + |y|^2: 200 rivals within 0.01.
    rng = np.random.default_rng(3)
    center = np.full(16, 1_000, np.float32)
    public = center + rng.normal(size=(400, 16)).astype(np.float32) * 0.01
    indices, distances = slow(center[None], public, 10)
    found = nearest(np.repeat(center[None], 30, axis=0), public, 10)
    assert (found.indices == indices).all()
    np.testing.assert_allclose(found.distances[0], distances[0], rtol=1e-6)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_k_must_be_possible(k):
    with pytest.raises(ValueError, match="k must"):
        nearest(np.zeros((1, 2), np.float32), np.zeros((3, 2), np.float32), k)


def test_widths_must_agree():
    with pytest.raises(ValueError, match="width"):
        nearest(np.zeros((1, 2), np.float32), np.zeros((3, 3), np.float32), 1)


def test_no_queries():
    assert nearest(np.zeros((0, 2), np.float32), np.zeros((3, 2), np.float32), 2).indices.shape == (0, 2)
