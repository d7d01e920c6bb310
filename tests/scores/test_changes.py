from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.scores.changes import change_samples, joined_groups, parts_of, sample_values, taken
from dejavu_audit.scores.estimates import Draws, scores_of
from dejavu_audit.scores.intervals import mover, tango
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.label_test import Judged, label_scores
from dejavu_audit.scores.object_test import object_scores
from dejavu_audit.scores.objects import PerSample

DRAWS = Draws()


def judged(n, seed, **kinds):
    rng = np.random.default_rng(seed)
    first = rng.random((2, n)) < 0.5
    second = first | (rng.random((2, n)) < 0.3)
    return Judged(
        np.stack([first[0], second[0]], 1), np.stack([first[1], second[1]], 1), rng.normal(size=n), rng.normal(size=n),
        **kinds,
    )  # fmt: skip


def objects(n, seed, **kinds):
    rng = np.random.default_rng(seed)
    true = np.random.default_rng(0).integers(1, 5, n)

    def one():
        predicted = rng.integers(1, 6, n)
        correct = np.minimum(rng.integers(0, 4, n), np.minimum(true, predicted))
        precision, recall = correct / predicted, correct / true
        total = precision + recall
        f1 = np.divide(2 * precision * recall, total, out=np.zeros(n), where=total > 0)
        return PerSample(precision, recall, f1, correct, predicted, true)

    return JudgedObjects(one(), one(), rng.random(n), **kinds)


@pytest.mark.parametrize("make", [judged, objects])
def test_each_change_is_the_difference_of_the_two_audits_own_scores(make):
    scores = label_scores if make is judged else object_scores
    old, new = make(40, 1), make(40, 2)
    control = make(30, 3), make(30, 4)
    found = scores_of(*change_samples((old, new), control), DRAWS)
    before, after = scores(old, control[0]), scores(new, control[1])
    gap = "deja_vu_top1" if make is judged else "ppg"
    assert {gap, f"{gap}_targets", f"{gap}_control", "memorized", "memorized_control"} <= set(found)
    for key, score in found.items():
        assert score.estimate == pytest.approx(after[key].estimate - before[key].estimate, abs=1e-12), key
        assert score.low <= score.estimate <= score.high


def test_a_worked_example():
    # Of 10 targets the model newly gets 3 and loses 1; the reference stays. Tango's interval is of 3 up and 1 down.
    right = np.zeros((10, 2), bool)
    before, after = right.copy(), right.copy()
    before[0] = True
    after[1:4] = True
    still = np.zeros(10)
    old, new = Judged(before, right, still, still), Judged(after, right, still, still)
    seen, made_of = change_samples((old, new), None)
    found = scores_of(seen, made_of, DRAWS)
    low, high = tango(3, 1, 10, 0.95)
    for key in ("deja_vu_top1", "deja_vu_top1_targets", "accuracy_target_top1", "memorized"):
        assert found[key].estimate == pytest.approx(0.2)
        assert (found[key].low, found[key].high) == pytest.approx((float(low), float(high)))
    assert found["accuracy_reference_top1"].estimate == 0
    # With a control of which nothing changes, MOVER joins the intervals of both.
    found = scores_of(*change_samples((old, new), (old, old)), DRAWS)
    ends = mover(0.2, (low, high), 0.0, tango(0, 0, 10, 0.95))
    assert (found["deja_vu_top1"].low, found["deja_vu_top1"].high) == pytest.approx([float(end) for end in ends])


def test_a_change_of_both_models_counts_double_and_its_interval_allows_for_it():
    none, all_ = np.zeros((20, 2), bool), np.ones((20, 2), bool)
    still = np.zeros(20)
    found = scores_of(
        *change_samples((Judged(none, all_, still, still), Judged(all_, none, still, still)), None), DRAWS
    )
    assert found["deja_vu_top1"].estimate == 2
    assert found["deja_vu_top1"].high == 2


def test_the_pairing_narrows_the_interval_where_most_samples_stay():
    old = judged(400, 1)
    changed = old.target_right.copy()
    changed[:8] = ~changed[:8]
    new = Judged(changed, old.reference_right, old.target_confidence, old.reference_confidence)
    paired = scores_of(*change_samples((old, new), None), DRAWS)["deja_vu_top1"]
    alone = label_scores(old, None)["deja_vu_top1"]
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_clusters_of_either_audit_are_taken_whole():
    pairs = np.arange(100) // 10
    old, new = judged(100, 1), judged(100, 2, groups=pairs)
    alone = scores_of(*change_samples((old, judged(100, 2)), None), DRAWS)["deja_vu_top1"]
    whole = scores_of(*change_samples((old, new), None), DRAWS)["deja_vu_top1"]
    assert whole.estimate == alone.estimate
    assert (whole.low, whole.high) != (alone.low, alone.high)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=15))
def test_joined_groups_are_the_transitive_closure(of):
    one, two = (np.array(column) for column in zip(*of, strict=True))
    n = len(of)
    near = (one[:, None] == one) | (two[:, None] == two)
    for _ in range(n):
        near = near @ near
    found = joined_groups(one, two)
    assert np.array_equal(found[:, None] == found, near)
    assert joined_groups(None, two) is two and joined_groups(one, None) is one and joined_groups(None, None) is None


def test_taking_some_keeps_all_columns_in_step():
    one = judged(10, 0, groups=np.arange(10), weights=np.arange(10.0))
    rows = np.array([7, 2])
    some = taken(one, rows)
    assert np.array_equal(some.groups, [7, 2]) and np.array_equal(some.weights, [7, 2]) and some.strata is None
    assert np.array_equal(parts_of(some), parts_of(one)[rows])
    other = objects(10, 0)
    few = taken(other, rows)
    assert len(few) == 2 and np.array_equal(few.target.precision, other.target.precision[rows])
    assert np.array_equal(sample_values(few)["aucg"], sample_values(other)["aucg"][rows])
