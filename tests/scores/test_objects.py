from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dejavu_audit.scores import objects
from dejavu_audit.scores.objects import binary, compare, predicted_objects


def rows(matrix):
    """The objects of every sample, in order."""
    return [row.nonzero()[0].tolist() for row in matrix.toarray()]


def matrix(*lists, o=6):
    dense = np.zeros((len(lists), o), bool)
    for i, held in enumerate(lists):
        dense[i, held] = True
    return sparse.csr_array(dense)


def world(n, k, p, o, seed, density=0.3):
    rng = np.random.default_rng(seed)
    neighbors = np.stack([rng.permutation(p)[:k] for _ in range(n)]) if n else np.zeros((0, k), int)
    return neighbors, sparse.csr_array(rng.random((p, o)) < density)


worlds = st.integers(1, 8).flatmap(
    lambda k: st.builds(
        world, st.integers(0, 12), st.just(k), st.integers(k, 15), st.integers(1, 9), st.integers(0, 10**6)
    )
)


# --- the slow implementations: loops over samples, neighbours and objects


def slow_predicted(neighbors, public, top_n):
    held = rows(public)
    out = []
    for near in neighbors.tolist():
        count, nearest = {}, {}
        for rank, neighbour in enumerate(near):
            for each in held[neighbour]:
                count[each] = count.get(each, 0) + 1
                nearest.setdefault(each, rank)
        out.append(sorted(sorted(count, key=lambda each: (-count[each], nearest[each], each))[:top_n]))
    return out


def slow_compare(predicted, truth, epsilon=0.0):
    out = []
    for one, two in zip(map(set, rows(predicted)), map(set, rows(truth)), strict=True):
        correct = len(one & two)
        precision = correct / len(one) if one else 0.0
        recall = correct / len(two)
        whole = precision + recall + epsilon
        out.append((precision, recall, 2 * precision * recall / whole if whole else 0.0, correct, len(one), len(two)))
    return out


@settings(max_examples=80, deadline=None)
@given(worlds, st.sampled_from([None, 1, 2, 10]))
def test_predictions_are_those_of_the_slow_loop(made, top_n):
    found = predicted_objects(*made, top_n)
    assert found.shape == (len(made[0]), made[1].shape[1])
    assert found.dtype == bool
    assert rows(found) == slow_predicted(*made, top_n)


@settings(max_examples=50, deadline=None)
@given(worlds, st.integers(0, 10**6), st.sampled_from([None, "published"]))
def test_comparisons_are_those_of_the_slow_loop(made, seed, compat):
    found = predicted_objects(*made)
    truth = np.random.default_rng(seed).random(found.shape) < 0.3
    truth[:, 0] |= ~truth.any(axis=1)
    got = compare(found, sparse.csr_array(truth), compat=compat)
    columns = (got.precision, got.recall, got.f1, got.correct, got.predicted, got.true)
    expected = np.array(slow_compare(found, sparse.csr_array(truth), 1e-5 if compat else 0)).reshape(-1, 6)
    np.testing.assert_allclose(np.stack(columns, axis=1), expected, rtol=0, atol=1e-12)


def test_union_and_most_frequent_by_hand():
    public = matrix([0, 1], [1, 2], [2, 3], [])
    neighbors = np.array([[0, 1, 2], [2, 1, 0], [3, 3, 3], [3, 2, 0]])
    assert rows(predicted_objects(neighbors, public)) == [[0, 1, 2, 3], [0, 1, 2, 3], [], [0, 1, 2, 3]]
    # Objects 1 and 2 are held twice; the first sample's nearest neighbour has 1, the second's has 2. In the last one
    # all are held once: 2 and 3 by the nearer neighbour, and 2 is the lower.
    assert rows(predicted_objects(neighbors, public, 1)) == [[1], [2], [], [2]]
    assert rows(predicted_objects(neighbors, public, 3)) == [[0, 1, 2], [1, 2, 3], [], [0, 2, 3]]


def test_comparison_by_hand():
    #           2 of 3 right, 2 of 4 found; nothing right; nothing predicted; all right
    predicted = matrix([0, 1, 5], [0], [], [2])
    truth = matrix([0, 1, 2, 3], [1], [4], [2])
    got = compare(predicted, truth)
    assert got.precision.tolist() == [2 / 3, 0, 0, 1]
    assert got.recall.tolist() == [1 / 2, 0, 0, 1]
    assert got.f1.tolist() == [4 / 7, 0, 0, 1]  # 2 (2/3)(1/2) / (7/6)
    assert (got.correct.tolist(), got.predicted.tolist(), got.true.tolist()) == (
        [2, 0, 0, 1],
        [3, 1, 0, 1],
        [4, 1, 1, 1],
    )
    published = compare(predicted, truth, compat="published").f1
    assert published.tolist() == pytest.approx([(2 / 3) / (7 / 6 + 1e-5), 0, 0, 2 / (2 + 1e-5)], abs=1e-15)
    assert got.taken(np.array([3, 0])).recall.tolist() == [1, 1 / 2]


@pytest.mark.parametrize("top_n", [None, 3])
def test_blocks_give_what_one_piece_gives(monkeypatch, top_n):
    neighbors, public = world(40, 5, 30, 12, 0)
    whole = predicted_objects(neighbors, public, top_n)
    monkeypatch.setattr(objects, "BLOCK", 23)
    sizes = [len(block) for block in objects._blocks(neighbors, public)]
    assert sum(sizes) == 40 and len(sizes) > 10
    assert rows(predicted_objects(neighbors, public, top_n)) == rows(whole)


def test_however_the_matrix_says_it_an_entry_counts_once():
    # Object 2 of sample 0 twice, object 1 stored as 0, indices out of order, counts above 1.
    rough = sparse.csr_matrix((np.array([1, 1, 0, 7]), np.array([2, 2, 1, 0]), np.array([0, 3, 4])), shape=(2, 3))
    before = rough.copy()
    assert rows(binary(rough)) == [[2], [0]]
    assert rows(predicted_objects(np.array([[0, 1]]), rough, 1)) == [[2]]
    assert compare(rough, rough).correct.tolist() == [1, 1]
    assert (rough.data.tolist(), rough.indices.tolist()) == (before.data.tolist(), before.indices.tolist())


def test_equal_ratios_are_equal_numbers():
    # 1/3 and 2/6: population gaps must not hang on the last bit.
    truth = matrix([0], [0, 1], o=8)
    got = compare(matrix([0, 2, 3], [0, 1, 2, 3, 4, 5], o=8), truth)
    assert got.precision[0] == got.precision[1]


def test_faults_are_named():
    public = matrix([0], [1])
    for neighbors in ([[0, 2]], [[-1, 0]]):
        with pytest.raises(ValueError, match="between 0 and 1"):
            predicted_objects(np.array(neighbors), public)
    with pytest.raises(ValueError, match=r"\(n, k\)"):
        predicted_objects(np.array([0, 1]), public)
    with pytest.raises(ValueError, match="top_n"):
        predicted_objects(np.array([[0]]), public, 0)
    with pytest.raises(ValueError, match="1 samples have no true object"):
        compare(public, matrix([0], []))
    with pytest.raises(ValueError, match=r"\(2, 6\)"):
        compare(public, matrix([0]))
