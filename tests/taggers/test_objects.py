"""From scores and lists to sparse matrices, against loops."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers import objects
from dejavu_audit.taggers.objects import object_matrix, tag_matrix, top_tags

SCORES = np.array([[0.9, 0.5, 0.1], [0.0, 0.0, 0.0], [0.2, 0.2, 0.6]], np.float16)


def test_a_score_equal_to_the_threshold_does_not_count():
    assert tag_matrix(SCORES, 0.5).toarray().tolist() == [[True, False, False], [False] * 3, [False, False, True]]
    assert tag_matrix(SCORES, 0.0).sum() == 6  # but for row 1, whose scores are all 0


def test_top_tags_of_equal_scores_keep_the_first():
    # Row 2: 0.6 first, then the 0.2 of column 0, not that of column 1.
    assert top_tags(SCORES, 2).toarray().tolist() == [[True, True, False], [False] * 3, [True, False, True]]
    assert top_tags(SCORES, 2, threshold=0.5).toarray().tolist() == [
        [True, False, False],
        [False] * 3,
        [False, False, True],
    ]
    assert np.array_equal(top_tags(SCORES, 7).toarray(), SCORES > 0)
    with pytest.raises(ValueError, match="at least 1"):
        top_tags(SCORES, 0)


@settings(max_examples=60, deadline=None)
@given(
    # few values, so that there are ties
    hnp.arrays(
        np.float16, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.sampled_from([0, 0.25, 0.5, 1])
    ),
    st.integers(1, 9),
    st.sampled_from([0.0, 0.25, 0.4]),
    st.integers(1, 4),
)
def test_top_tags_against_a_loop(scores, k, threshold, block):
    expected = np.zeros(scores.shape, bool)
    for row, values in enumerate(scores.tolist()):
        ranked = sorted(range(len(values)), key=lambda column: (-values[column], column))
        for column in ranked[:k]:
            expected[row, column] = values[column] > threshold
    before, objects.BLOCK = objects.BLOCK, block
    try:
        assert np.array_equal(top_tags(scores, k, threshold).toarray(), expected)
        assert np.array_equal(tag_matrix(scores, threshold).toarray(), scores > threshold)
    finally:
        objects.BLOCK = before


def test_no_pictures_make_an_empty_matrix():
    nothing = np.empty((0, 4), np.float16)
    assert tag_matrix(nothing, 0.5).shape == top_tags(nothing, 2).shape == (0, 4)
    matrix, names = object_matrix(pa.array([], pa.list_(pa.string())), None)
    assert matrix.shape == (0, 0) and names == []


def test_object_matrix_by_hand():
    column = pa.array([["dog", " tree "], None, ["tree", "tree", "Dog", ""], []])
    matrix, names = object_matrix(column, None)
    assert names == ["Dog", "dog", "tree"]  # case counts; sorted by code point
    assert matrix.dtype == bool
    assert matrix.toarray().tolist() == [
        [False, True, True],
        [False, False, False],
        [True, False, True],
        [False, False, False],
    ]
    wider, names = object_matrix(column, ["tree", "car", "dog", "Dog"])
    assert names == ["tree", "car", "dog", "Dog"]
    assert wider.toarray().astype(int).tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]]


def test_an_object_outside_the_vocabulary_is_one_sentence():
    with pytest.raises(AuditError, match=r"^unknown object 'umbrela': did you mean umbrella\?$"):
        object_matrix(pa.array([["cat"], ["umbrela"]]), ["cat", "umbrella"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.none() | st.lists(st.sampled_from(["a", "b", " b", "C", "c c", "\t", ""])), max_size=12),
    st.integers(0, 6),
)
def test_object_matrix_against_sets(lists, cut):
    kind = pa.list_(pa.string())
    chunked = pa.chunked_array([pa.array(lists[:cut], kind), pa.array(lists[cut:], kind)], kind)
    sets = [{name.strip() for name in names or []} - {""} for names in lists]
    matrix, names = object_matrix(chunked, None)
    assert names == sorted(set().union(*sets)) if sets else names == []
    assert [{names[column] for column in np.flatnonzero(row)} for row in matrix.toarray()] == sets
