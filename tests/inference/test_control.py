from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from dejavu_audit.inference.control import group_numbers, in_set, paired_sets


def dataset(groups):
    return SimpleNamespace(table=pa.table({"group": pa.array(groups, pa.string())}))


def test_without_groups_there_are_no_clusters():
    assert group_numbers(dataset([None, None, None]), np.array([0, 2])) is None


def test_rows_of_a_group_share_a_number_and_others_stand_alone():
    numbers = group_numbers(dataset(["a", None, "a", "b", None]), np.arange(5))
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 4


def test_a_group_that_is_named_like_a_row_does_not_swallow_it():
    numbers = group_numbers(dataset(["1", None]), np.arange(2))
    assert len(set(numbers.tolist())) == 2


def plan(symmetric=False):
    return SimpleNamespace(
        dataset=dataset(["a", "a", None, "b", None]),
        split=SimpleNamespace(targets=np.array([0, 1]), control=np.array([3, 4])),
        symmetric=symmetric,
    )


def test_the_sets_are_taken_apart_with_their_groups():
    rows = np.array([4, 1, 0])
    (targets, groups), (control, others) = paired_sets(plan(), rows, lambda at, of: (at.tolist(), of.tolist()))
    assert targets == [1, 2] and groups[0] == groups[1]
    assert control == [0] and others[0] != groups[0]


def test_without_a_control_there_is_none():
    targets, control = paired_sets(plan(), np.array([0, 1]), lambda at, of: at.tolist())
    assert targets == [0, 1] and control is None


def test_the_symmetric_test_has_no_control_but_the_references_members():
    assert in_set(plan(), np.array([0, 3])) == ["target", "control"]
    assert in_set(plan(symmetric=True), np.array([0, 3])) == ["target", "reference-member"]
