from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from dejavu_audit.inference.control import group_numbers, in_set, paired_sets


def dataset(groups):
    return SimpleNamespace(table=pa.table({"group": pa.array(groups, pa.string())}))


def test_without_groups_there_are_no_clusters():
    assert group_numbers(dataset([None, None, None]), np.array([0, 2]), {}) is None


def test_rows_of_a_group_share_a_number_and_others_stand_alone():
    numbers = group_numbers(dataset(["a", None, "a", "b", None]), np.arange(5), {})
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 4


def test_near_duplicates_are_a_cluster_and_join_the_groups_that_they_touch():
    # Rows 0 and 2 share group a, rows 2 and 4 are near-duplicates: one cluster of three; 1 and 3 stand alone.
    numbers = group_numbers(dataset(["a", None, "a", "b", None]), np.arange(5), {2: 7, 4: 7})
    assert numbers[0] == numbers[2] == numbers[4]
    assert len(set(numbers.tolist())) == 3


def test_clusters_alone_make_groups_too():
    numbers = group_numbers(dataset([None, None, None]), np.array([2, 0, 1]), {0: 0, 1: 0})
    assert numbers[1] == numbers[2] != numbers[0]


def plan(symmetric=False):
    return SimpleNamespace(
        dataset=dataset(["a", "a", None, "b", None]),
        split=SimpleNamespace(targets=np.array([0, 1]), control=np.array([3, 4])),
        symmetric=symmetric,
    )


def seen(rows, weights=None):
    matching = None if weights is None else SimpleNamespace(weights=np.array(weights), strata=np.arange(len(weights)))
    return SimpleNamespace(judged=np.array(rows), clusters={}, matching=matching)


def test_the_sets_are_taken_apart_with_their_groups():
    (targets, mine), (control, others) = paired_sets(plan(), seen([4, 1, 0]), lambda at, of: (at.tolist(), of))
    assert targets == [1, 2] and mine.groups[0] == mine.groups[1] and mine.weights is None and mine.strata is None
    assert control == [0] and others.groups[0] != mine.groups[0]


def test_the_sets_are_taken_apart_with_their_weights():
    both = paired_sets(plan(), seen([4, 1, 0], [0.5, 1.0, 2.0]), lambda at, of: of)
    assert [of.weights.tolist() for of in both] == [[1.0, 2.0], [0.5]]
    assert [of.strata.tolist() for of in both] == [[1, 2], [0]]


def test_without_a_control_there_is_none():
    targets, control = paired_sets(plan(), seen([0, 1]), lambda at, of: at.tolist())
    assert targets == [0, 1] and control is None


def test_the_symmetric_test_has_no_control_but_the_references_members():
    assert in_set(plan(), np.array([0, 3])) == ["target", "control"]
    assert in_set(plan(symmetric=True), np.array([0, 3])) == ["target", "reference-member"]
