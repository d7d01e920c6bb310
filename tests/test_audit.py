"""The pieces of the story that can be told without pictures; the whole is in test_end_to_end.py."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from dejavu_audit.audit import announce, audit, group_numbers, judge, refuse_if_too_few
from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError


def test_a_model_without_family_is_refused():
    with pytest.raises(AuditError, match="'ViT-B-32' lacks its family; write it as in 'openclip:ViT-B-32'"):
        audit("ViT-B-32", data="scenes")


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


def test_judging_worked_by_hand():
    """Four samples of true class 1: f says 1, 0, 1, 0 and g says 1, 1, 0, 0; rows 10 and 11 are the targets."""
    answers = {
        "top1": np.array([1, 0, 1, 0]), "top5": np.array([[1, 0], [0, 1], [1, -1], [0, -1]]), "confidence": np.zeros(4)
    }  # fmt: skip
    expected = {"top1": np.array([1, 1, 0, 0]), "top5": np.array([[1], [1], [0], [0]]), "confidence": np.ones(4)}
    rows = np.array([10, 11, 20, 21])
    labels = np.ones(30, np.int64)
    plan = SimpleNamespace(
        labels=labels,
        dataset=SimpleNamespace(table=pa.table({"group": pa.nulls(30, pa.string())})),
        split=SimpleNamespace(targets=rows[:2], control=rows[2:]),
    )
    inferred = SimpleNamespace(
        seen=SimpleNamespace(crops=SimpleNamespace(rows=rows)),
        votes=SimpleNamespace(**answers),
        expected=SimpleNamespace(**expected),
    )
    targets, control = judge(plan, inferred)
    assert targets.target_right.tolist() == [[True, True], [False, True]]
    assert targets.reference_right.tolist() == [[True, True], [True, True]]
    assert control.target_right.tolist() == [[True, True], [False, False]]
    assert control.reference_right.tolist() == [[False, False], [False, False]]
    assert control.reference_confidence.tolist() == [1, 1]


def plan_of(sizes, **settings):
    config = AuditConfig.resolve(family="timm", model="x", data="scenes", **settings)
    sets = {name: np.arange(size) for name, size in sizes.items()}
    return SimpleNamespace(config=config, split=SimpleNamespace(sets=lambda: sets))


@pytest.mark.parametrize(
    ("lost", "settings", "says"),
    [
        ({"target": Counter({"picture is truncated": 6})}, {}, "6 of 10 target pictures had to be set aside"),
        ({"target": Counter({"no usable background": 10})}, {}, "under --min-side 100; choose a smaller one"),
        ({"fit": Counter({"picture is missing": 10})}, {"max_set_aside": 1.0}, "so that none is left"),
        ({}, {"k": 60}, "only 50 public pictures are usable, fewer than --k 60"),
    ],
)
def test_too_few_pictures_end_the_run(lost, settings, says):
    sizes = {"target": 10, "control": 10, "public": 50, "fit": 10}
    counts = {name: lost.get(name, Counter()) for name in sizes}
    used = {name: size - counts[name].total() for name, size in sizes.items()}
    with pytest.raises(AuditError) as caught:
        refuse_if_too_few(plan_of(sizes, **{"k": 10, **settings}).config, used, counts)
    assert says in str(caught.value)


def test_as_many_as_allowed_may_be_lost():
    used = {"target": 5, "control": 0, "public": 50, "fit": 10}
    counts = {name: Counter() for name in used} | {"target": Counter({"x": 5})}
    refuse_if_too_few(plan_of(used, k=10).config, used, counts)


def test_the_width_is_told_beforehand():
    """Var = 0.2/500 + 0.2/500 = 0.0008, its root 0.02828, times 1.96 is 5.5 points."""
    said = []
    plan = plan_of({"target": 500, "control": 500, "public": 50, "fit": 10})
    announce(plan, SimpleNamespace(say=said.append))
    assert "1,060 pictures (500 target, 500 control, 50 public, 10 fit)" in said[0]
    assert said[0].endswith("about +-5.5 points")
