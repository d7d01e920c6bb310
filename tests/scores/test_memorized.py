from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.scores.conformal import benjamini_hochberg, p_values
from dejavu_audit.scores.memorized import find_memorized


def world(n=100, m=400, memorized=30, shift=4.0, seed=0):
    rng = np.random.default_rng(seed)
    targets = np.r_[np.ones(n, bool), np.zeros(m, bool)]
    score = rng.normal(size=n + m)
    score[:memorized] += shift
    return {"strong": score, "weak": score + rng.normal(0, 3, n + m)}, targets


def find(scores, targets, by="strong", **kinds):
    return find_memorized(scores, targets, by=by, **kinds)


def test_it_lists_what_p_values_and_benjamini_hochberg_say():
    scores, targets = world()
    found = find(scores, targets, q=0.07, seed=5)
    p = p_values(scores["strong"][targets], scores["strong"][~targets], seed=5)
    np.testing.assert_array_equal(found.p_value[targets], p)
    assert np.isnan(found.p_value[~targets]).all()
    np.testing.assert_array_equal(found.listed[targets], benjamini_hochberg(p, 0.07))
    assert not found.listed[~targets].any()
    assert 20 <= found.found <= 40
    assert found.reason is None
    assert list(found.counts) == [0.05, 0.07, 0.1, 0.2]
    assert found.counts[0.07] == found.found
    assert (found.targets, found.control) == (100, 400)
    assert found.share.low < 0.3 < found.share.high
    assert found.notes == ()


def test_every_score_is_compared():
    scores, targets = world()
    found = find(scores, targets)
    assert list(found.compared) == ["strong", "weak"]
    assert found.compared["strong"].listed == found.counts
    assert found.compared["strong"].auc == found.figures.auc
    assert found.compared["weak"].auc.estimate < found.compared["strong"].auc.estimate
    assert find(scores, targets, by="weak").counts == found.compared["weak"].listed
    with pytest.raises(ValueError, match="no score 'none'"):
        find(scores, targets, by="none")


def test_a_sample_without_a_score_is_left_out():
    scores, targets = world()
    lost = np.zeros(500, bool)
    lost[[0, 99, 100, 499]] = True
    part = find({"strong": np.where(lost, np.nan, scores["strong"])}, targets)
    whole = find({"strong": scores["strong"][~lost]}, targets[~lost])
    np.testing.assert_array_equal(part.p_value[~lost], whole.p_value)
    assert np.isnan(part.p_value[lost]).all()
    assert (part.targets, part.control) == (98, 398)
    assert not part.listed[lost].any()


def all_words(found):
    """Every number of a result is finite or None, whatever was asked of it."""
    assert not found.listed.any()
    for score in (found.share, found.figures.auc, *(one.true_positive for one in found.figures.at)):
        for value in (score.estimate, score.low, score.high):
            assert value is None or np.isfinite(value)
    return found.reason


@pytest.mark.parametrize(
    ("score", "targets", "says"),
    [
        ([], [], "no target has a score"),
        ([1.0, 2.0], [False, False], "no target has a score"),
        ([np.nan, 2.0], [True, False], "no target has a score"),
        ([1.0, 2.0], [True, True], "there is no control"),
        ([1.0, np.nan], [True, False], "there is no control"),
        ([0.5] * 50, [True] * 20 + [False] * 30, "all 50 samples have the same score"),
        ([3.0, 1.0, 2.0, 2.0, 3.0, 1.0], [True] * 3 + [False] * 3, "the same pictures"),
    ],
)
def test_where_nothing_can_be_told_words_stand_for_the_number(score, targets, says):
    found = find({"strong": np.array(score), "weak": np.array(score)}, np.array(targets, bool))
    assert says in all_words(found)
    assert found.counts is None
    assert found.compared["weak"].listed is None
    assert np.isnan(found.p_value).all()
    assert found.share.estimate is None


@pytest.mark.parametrize("m", [1, 8])
def test_a_control_smaller_than_one_over_q_had_to_leave_it_empty(m):
    score = np.r_[np.full(20, 5.0), np.arange(m)]
    found = find({"strong": score}, np.arange(20 + m) < 20)
    said = all_words(found)
    assert "had to be empty" in said
    assert "9 control samples are the fewest that could list any" in said  # 1 / (1 + 9) = 0.1
    assert "199 would list a single target" in said  # 1 / 200 = 0.1 / 20
    assert found.counts[0.1] == 0
    assert not found.reach.possible


def test_an_empty_list_says_what_it_would_have_taken():
    # 50 targets, 99 controls: 1/100 <= j 0.1 / 50 takes j = 5 above all of them; one is.
    score = np.r_[100.0, np.zeros(49), np.arange(1, 100)]
    said = all_words(find({"strong": score}, np.arange(149) < 50))
    assert "need not have been: 5 targets above every one of the 99 control samples" in said
    assert "and 1 is;" in said
    assert "with 499 control samples one would do" in said
    five = np.r_[np.full(5, 100.0), np.zeros(45), np.arange(1, 100)]
    assert find({"strong": five}, np.arange(149) < 50).found == 5


def test_a_matched_control():
    scores, targets = world()
    strata = np.arange(500) % 2
    weights = np.where(targets, 1.0, np.where(strata == 0, 1.5, 0.5))
    weights[0] = 0  # a target in a cell without control
    found = find(scores, targets, weights=weights, strata=strata)
    own = np.where(strata == 0, 1.5, 0.5)
    expected = p_values(
        scores["strong"][1:100], scores["strong"][100:], seed=0, weights=weights[100:], target_weights=own[1:100]
    )
    np.testing.assert_allclose(found.p_value[1:100], expected)
    assert np.isnan(found.p_value[0])
    assert found.targets == 99
    assert "weighted" in found.notes[0]
    assert found.reach.least_p == pytest.approx(1.5 / (400 + 1.5))
    # Without the cells every target weighs as the heaviest: no p-value is smaller for it.
    assert np.all(find(scores, targets, weights=weights).p_value[1:100] >= expected - 1e-12)


def test_clusters_are_told_and_widen_intervals():
    scores, targets = world()
    pairs = {"strong": np.repeat(scores["strong"], 2)}
    alone, paired = (find(pairs, np.repeat(targets, 2), groups=of) for of in (np.arange(1_000), np.arange(1_000) // 2))
    assert alone.notes == ()
    assert "group" in paired.notes[0]
    assert paired.figures.auc.low < alone.figures.auc.low
    assert paired.share.low < alone.share.low


def test_a_list_without_memorization_is_mostly_empty():
    """At q = 10 % a list without any memorized sample has an entry in at most one audit of ten."""
    lists = [find(*world(memorized=0, seed=seed)).found > 0 for seed in range(100)]
    assert np.mean(lists) <= 0.1 + 3 * (0.09 / 100) ** 0.5
