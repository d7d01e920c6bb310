from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores.object_order import ORDERS, SHARES, first, first_published, gap_curve, recall_curves
from dejavu_audit.scores.object_test import JudgedObjects, object_scores
from dejavu_audit.scores.objects import PerSample


def judged(correct, reference, distance):
    """Samples with four objects, of which so many are found, and nothing else."""

    def per_sample(found):
        c = np.asarray(found, np.int64)
        return PerSample((c > 0).astype(float), c / 4, 2 * c / (c + 4), c, c, np.full(len(c), 4))

    return JudgedObjects(per_sample(correct), per_sample(reference), np.asarray(distance, float))


def random(n, seed):
    rng = np.random.default_rng(seed)
    return judged(rng.integers(0, 5, n), rng.integers(0, 5, n), rng.integers(0, 9, n) / 8)


def test_orders_by_hand():
    one = judged([4, 3, 3, 0], [4, 1, 1, 0], [0.4, 0.3, 0.2, 0.1])
    # A quarter of four is one: 2 and 2 more tie for the largest gap; 4 is the most; 0.1 is the nearest.
    assert {order: [each.tolist() for each in first(one, order, 0.25)] for order in ORDERS} == {
        "max_pred_gap": [[1, 2], [0.5, 0.5]],
        "crct_pred": [[0], [1]],
        "min_dist": [[3], [1]],
    }
    assert [first_published(one, order, 0.25)[0].tolist() for order in ORDERS] == [[1], [0], [3]]
    # 0.4 of four is 1.6: the published code rounds down, and ours takes parts.
    assert first_published(one, "min_dist", 0.4)[0].tolist() == [3]
    assert [each.tolist() for each in first(one, "min_dist", 0.4)] == [[2, 3], [pytest.approx(0.6), 1]]
    # At least one.
    assert len(first_published(one, "min_dist", 0.001)[0]) == 1


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 10**6))
def test_the_gap_curve_is_the_mean_of_the_first(n, seed):
    one = random(n, seed)
    for order, (size, gap) in gap_curve(one, "recall", points=20).items():
        assert size[0] == 1 and size[-1] == n and (np.diff(size) > 0).all()
        for each, value in zip(size.tolist(), gap, strict=True):
            rows, weights = first(one, order, each / n)
            assert value == pytest.approx(weights @ one.gap("recall")[rows] / each, abs=1e-9)


def test_the_gap_curve_passes_through_the_scores():
    one = random(1000, 0)
    scores = object_scores(one, None, replicates=100)
    for order, (size, gap) in gap_curve(one, "f1", points=10_000).items():
        curve = dict(zip(size.tolist(), gap.tolist(), strict=True))
        for name, share in SHARES.items():
            assert curve[int(share * 1000)] == pytest.approx(scores[f"gap_f1_top{name}_{order}"].estimate, abs=1e-12)


def test_no_samples_no_curve():
    assert all(size.size == gap.size == 0 for size, gap in gap_curve(random(0, 0)).values())
    with pytest.raises(ValueError, match="at least one"):
        recall_curves(np.zeros(0), np.zeros(0))


def test_recall_curves_by_hand():
    thresholds, target, reference = recall_curves(np.array([0.5, 1.0]), np.array([0.0, 0.5]))
    assert thresholds.tolist() == [0, 0.5, 1]
    assert target.tolist() == [1, 1, 0.5]
    assert reference.tolist() == [1, 0.5, 0]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1))
def test_the_area_between_the_curves_is_the_mean_gap(pairs):
    one, two = np.array(pairs).T
    thresholds, target, reference = recall_curves(one, two)
    assert thresholds[0] == 0 and thresholds[-1] == 1
    assert np.diff(thresholds) @ (target - reference)[1:] == pytest.approx(one.mean() - two.mean(), abs=1e-9)
