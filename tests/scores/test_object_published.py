"""Against a re-implementation of what the published code computes, from its description, in plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores.object_order import ORDERS
from dejavu_audit.scores.object_published import f1_gap, right_edges
from dejavu_audit.scores.object_test import JudgedObjects, object_scores
from dejavu_audit.scores.objects import PerSample

SHARES = {"0_1pct": 0.001, "1pct": 0.01, "10pct": 0.1}
recalls = st.lists(st.sampled_from([0.0, 1 / 3, 0.25, 0.5, 0.07, 2 / 3, 0.99, 1.0]), min_size=1, max_size=60)


def judged(n, seed, memorized=0.0):
    """Random finds of two models; of the memorized samples the first finds all."""
    rng = np.random.default_rng(seed)
    true, extra = rng.integers(1, 6, n), rng.integers(0, 6, (2, n))
    correct = rng.binomial(true, 0.4, (2, n))
    correct[0] = np.where(rng.random(n) < memorized, true, correct[0])

    def model(c, e):
        precision = np.array(
            [right / (right + wrong) if right + wrong else 0.0 for right, wrong in zip(c, e, strict=True)]
        )
        recall = c / true
        return PerSample(precision, recall, 2 * precision * recall / (precision + recall + 1e-5), c, c + e, true)

    return JudgedObjects(*map(model, correct, extra), np.round(rng.random(n), 2))


def area(recall):
    """Under the curve "share of samples in this bin or a higher one", drawn over 100 bins from least to greatest."""
    low, high = min(recall), max(recall)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, 101).tolist()
    counts = [0] * 100
    for value in recall:
        place = 99
        while place > 0 and value < edges[place]:
            place -= 1
        counts[place] += 1
    total = edges[0] - 0.0  # up to the first edge all samples are there
    for place in range(100):
        total += (edges[place + 1] - edges[place]) * sum(counts[place:]) / len(recall)
    return total  # beyond the last edge none is


def published(one):
    """The figures that the published code prints for one set."""
    n = len(one.distance)
    precision = [one.target.precision.tolist(), one.reference.precision.tolist()]
    recall = [one.target.recall.tolist(), one.reference.recall.tolist()]
    correct = [one.target.correct.tolist(), one.reference.correct.tolist()]
    found = {"aucg": area(recall[0]) - area(recall[1])}
    for name, gaps in (("ppg", precision), ("prg", recall)):
        better = [a > b for a, b in zip(*gaps, strict=True)]
        worse = [a < b for a, b in zip(*gaps, strict=True)]
        found[name] = sum(better) / n - sum(worse) / n
    order = {
        "min_dist": lambda i: one.distance[i],
        "crct_pred": lambda i: -correct[0][i],
        "max_pred_gap": lambda i: correct[1][i] - correct[0][i],
    }
    for name in ORDERS:
        ranked = sorted(range(n), key=order[name])
        for top, share in SHARES.items():
            chosen = ranked[: max(1, int(n * share))]
            p, r = ([sum(each[i] for i in chosen) / len(chosen) for each in both] for both in (precision, recall))
            f = [2 * a * b / (a + b + 1e-5) for a, b in zip(p, r, strict=True)]
            for measure, (ours, theirs) in zip(("precision", "recall", "f1"), (p, r, f), strict=True):
                found[f"gap_{measure}_top{top}_{name}"] = ours - theirs
    return found


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 150), st.integers(0, 10**6), st.sampled_from([0, 0.4]))
def test_scores_are_the_published_ones(n, seed, memorized):
    targets, control = judged(n, seed, memorized=memorized), judged(40, seed + 1)
    scores = object_scores(targets, control, replicates=100, compat="published")
    expected, base = published(targets), published(control)
    got = {key: scores[f"{key}_targets"].estimate for key in expected}
    assert got == pytest.approx(expected, abs=1e-9)
    calibrated = {key: scores[key].estimate for key in expected}
    assert calibrated == pytest.approx({key: expected[key] - base[key] for key in expected}, abs=1e-9)
    assert all(score.low <= score.estimate <= score.high for score in scores.values())


def test_larger_sets_too():
    targets = judged(3000, 5, memorized=0.1)
    scores = object_scores(targets, None, replicates=100, compat="published")
    expected = published(targets)
    assert {key: scores[key].estimate for key in expected} == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(recalls)
def test_the_area_is_the_mean_of_right_edges(recall):
    assert right_edges(np.array(recall)).mean() == pytest.approx(area(recall), abs=1e-9)


def test_the_published_area_is_not_the_mean_gap():
    # Recalls 0 and 1 make bins of 0.01, of which 0 lies in the first: area 0.01 / 2 + 1 / 2. One and the same recall
    # 0.5 makes bins from 0 to 1, and lies in the one that ends at 0.51.
    assert right_edges(np.array([0.0, 1.0])).mean() == pytest.approx(0.505)
    assert right_edges(np.array([0.5, 0.5])).mean() == pytest.approx(0.51)


def test_the_f1_gap_moves_as_its_linear_form_says():
    """Leaving one sample out moves the gap by what that sample's value says, to first order."""
    rng = np.random.default_rng(0)

    def model(n):
        p, r = rng.random((2, n))
        return PerSample(p, r, p, *np.zeros((3, n), np.int64))

    one, two = model(2000), model(2000)
    values = f1_gap(one, two)
    keep = np.arange(2000) != 7
    without = f1_gap(one.taken(keep), two.taken(keep)).mean()
    assert without - values.mean() == pytest.approx((values.mean() - values[7]) / 1999, rel=1e-2)
