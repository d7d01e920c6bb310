from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dejavu_audit.scores import utility
from dejavu_audit.scores.estimates import NOTHING, Draws
from dejavu_audit.scores.utility import caption_ranks, class_vectors, most_alike, share, unit

VECTORS = arrays(np.float32, st.tuples(st.integers(1, 8), st.just(3)), elements=st.integers(-3, 3).map(float))


def test_a_share_is_a_proportion_with_an_interval():
    """60 of 80 right: 0.75, with Wilson's interval."""
    score = share(np.arange(80) < 60, None, "knn_top1", Draws(replicates=500))
    assert (score.estimate, score.n, score.method) == (0.75, 80, "wilson")
    assert 0.6 < score.low < 0.75 < score.high < 0.9


def test_a_share_of_nothing_is_nothing():
    assert share(None, None, "a", Draws()) == NOTHING
    assert share(np.zeros(0, bool), None, "a", Draws()) == NOTHING


def test_clusters_widen_the_interval():
    """200 pictures in 50 clusters of equal ones say as much as 50 pictures."""
    right = np.repeat(np.arange(50) % 2 == 0, 4)
    alone = share(right, None, "a", Draws())
    clustered = share(right, np.repeat(np.arange(50) * 7, 4), "a", Draws())
    assert clustered.estimate == alone.estimate == 0.5
    assert (clustered.high - clustered.low) / (alone.high - alone.low) == pytest.approx(2, rel=0.2)


def test_unit_leaves_zero_alone():
    assert unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [pytest.approx([0.6, 0.8]), [0, 0]]


def test_class_vectors_are_the_mean_direction():
    """One class, two templates: (2, 0) and (0, 5) have directions (1, 0) and (0, 1); the mean lies between."""
    prompts = np.array([[[2.0, 0.0]], [[0.0, 5.0]]])
    assert class_vectors(prompts)[0].tolist() == pytest.approx([0.5**0.5, 0.5**0.5])


def test_most_alike_by_cosine_ties_to_the_lower():
    classes = np.array([[0.0, 1.0], [10.0, 1.0], [0.0, 2.0]])
    assert most_alike(np.array([[0.1, 5.0], [5.0, 0.1], [0.0, 1.0]]), classes).tolist() == [0, 1, 0]


def test_ranks_by_hand():
    """The caption (1, 0): pictures at cosine 1, 0.8 and 0. Ties count against: two equal pictures rank 1 each."""
    pictures = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    assert caption_ranks(np.array([[2.0, 0.0]] * 3), pictures, np.arange(3)).tolist() == [0, 1, 2]
    alike = np.array([[1.0, 0.0]] * 2)
    assert caption_ranks(alike, alike, np.arange(2)).tolist() == [1, 1]


@given(VECTORS, VECTORS, st.data())
def test_ranks_against_a_slow_loop(captions, pictures, data):
    own = np.array(
        data.draw(st.lists(st.integers(0, len(pictures) - 1), min_size=len(captions), max_size=len(captions)))
    )
    one, two = unit(captions), unit(pictures)
    expected = []
    for caption, mine in zip(one, own, strict=True):
        alike = [float(np.dot(caption.astype(np.float64), picture.astype(np.float64))) for picture in two]
        clear = sum(value > alike[mine] + 1e-5 for value in alike)
        at_most = sum(value > alike[mine] - 1e-5 for value in alike) - 1
        expected.append((clear, at_most))
    found = caption_ranks(captions, pictures, own)
    assert all(low <= rank <= high for rank, (low, high) in zip(found, expected, strict=True))


@pytest.mark.parametrize("block", [1, 3, 100])
def test_blocks_change_nothing(monkeypatch, block):
    rng = np.random.default_rng(0)
    captions, pictures = rng.normal(size=(10, 4)), rng.normal(size=(7, 4))
    own = rng.integers(0, 7, 10)
    whole = caption_ranks(captions, pictures, own), most_alike(captions, pictures)
    monkeypatch.setattr(utility, "BLOCK", block)
    assert np.array_equal(caption_ranks(captions, pictures, own), whole[0])
    assert np.array_equal(most_alike(captions, pictures), whole[1])


def test_no_rows_give_no_answers():
    assert most_alike(np.zeros((0, 3)), np.eye(3)).shape == (0,)
    assert caption_ranks(np.zeros((0, 3)), np.eye(3), np.zeros(0, int)).shape == (0,)
