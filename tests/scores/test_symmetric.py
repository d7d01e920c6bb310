from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.scores.estimates import NOTHING, Score
from dejavu_audit.scores.label_test import Judged, headline, label_scores
from dejavu_audit.scores.symmetric import symmetric, symmetric_headline


def judged(f, g):
    f, g = np.array(f, bool), np.array(g, bool)
    sure = np.linspace(0, 1, len(f))
    return Judged(np.stack([f, f], axis=1), np.stack([g, g], axis=1), sure, sure)


def test_the_mean_of_both_directions_worked_by_hand():
    """On A's four pictures A is right on 3, B on 1: DV_A = 0.5. On B's five, A on 1, B on 2: DV_B = 0.2. Mean 0.35."""
    targets = judged([1, 1, 1, 0], [0, 0, 1, 0])
    others = judged([1, 0, 0, 0, 0], [1, 1, 0, 0, 0])
    scores = label_scores(targets, others, replicates=200)
    found = symmetric(scores)
    assert found["deja_vu_top1_targets"].estimate == 0.5
    assert found["deja_vu_top1_reference_members"].estimate == pytest.approx(0.2)
    assert found["deja_vu_top1_symmetric"].estimate == pytest.approx(0.35)
    assert found["accuracy_reference_top1_reference_members"].estimate == pytest.approx(0.4)
    assert "deja_vu_top1" not in found and not [key for key in found if "_control" in key]
    number = symmetric_headline(headline(scores, targets, others, draws=100))
    assert number.metric == "deja_vu_top1_symmetric" and number.estimate == pytest.approx(0.35)
    assert (number.low, number.high) == (found["deja_vu_top1_symmetric"].low, found["deja_vu_top1_symmetric"].high)


def test_exchanging_the_models_changes_nothing_but_the_names():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 60)) < 0.5, rng.random((2, 50)) < 0.4
    one = symmetric(label_scores(judged(*a), judged(*b), replicates=200))
    two = symmetric(label_scores(judged(*b[::-1]), judged(*a[::-1]), replicates=200))
    for key in ("deja_vu_top1_symmetric", "deja_vu_top5_symmetric"):
        assert one[key].estimate == pytest.approx(two[key].estimate)
    assert one["deja_vu_top1_targets"].estimate == pytest.approx(two["deja_vu_top1_reference_members"].estimate)


def test_intervals_keep_their_order_and_nothing_stays_nothing():
    score = Score(0.2, 0.1, 0.4, 9, "bootstrap")
    found = symmetric(
        {"ppg": NOTHING, "ppg_targets": score, "ppg_control": score, "ppg_k1_top10": score,
         "ppg_targets_k1_top10": score, "ppg_control_k1_top10": score, "memorized": score}
    )  # fmt: skip
    assert found["ppg_reference_members"] == Score(-0.2, -0.4, -0.1, 9, "bootstrap")
    assert found["ppg_symmetric"] == NOTHING
    assert found["ppg_k1_top10_symmetric"] == Score(0.1, 0.05, 0.2, 9, "bootstrap")
    assert found["ppg_reference_members_k1_top10"].estimate == -0.2
    assert found["memorized"] == score
