from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa

from dejavu_audit.inference.label import judge


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
    other = expected | {"top1": np.zeros(4, int), "top5": np.zeros((4, 1), int)}
    inferred = SimpleNamespace(
        rows=rows,
        votes=SimpleNamespace(**answers),
        expected=SimpleNamespace(**expected),
        members={"one": SimpleNamespace(**expected), "other": SimpleNamespace(**other)},
    )
    seen = SimpleNamespace(judged=rows, clusters={}, matching=None)
    targets, control = judge(plan, seen, inferred)
    assert targets.target_right.tolist() == [[True, True], [False, True]]
    assert targets.reference_right.tolist() == [[True, True], [True, True]]
    assert control.target_right.tolist() == [[True, True], [False, False]]
    assert control.reference_right.tolist() == [[False, False], [False, False]]
    assert control.reference_confidence.tolist() == [1, 1]
    alone, _ = judge(plan, seen, inferred, "other")
    assert alone.reference_right.tolist() == [[False, False], [False, False]]
    assert alone.target_right.tolist() == targets.target_right.tolist()
