from __future__ import annotations

import math
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores.label_test import MEANINGS, PARTS, Judged, headline, label_scores, part

FAST = {"replicates": 200}


def judged(n, seed=0, *, memorized=0.2, clusters=None):
    """Random answers with ties among the confidences; right at top-1 is right at top-5."""
    rng = np.random.default_rng(seed)
    reference = rng.random(n) < 0.3
    target = (rng.random(n) < 0.3) | (rng.random(n) < memorized)
    more = rng.random((2, n)) < 0.2
    return Judged(
        np.stack([target, target | more[0]], 1),
        np.stack([reference, reference | more[1]], 1),
        -np.round(rng.random(n) * 4, 1),
        -rng.random(n) * 4,
        None if clusters is None else rng.integers(0, clusters, n),
    )


def swapped(one):
    return Judged(one.reference_right, one.target_right, one.reference_confidence, one.target_confidence, one.groups)


def taken(one, rows):
    return Judged(
        one.target_right[rows],
        one.reference_right[rows],
        one.target_confidence[rows],
        one.reference_confidence[rows],
        None if one.groups is None else one.groups[rows],
    )


sets = st.builds(judged, st.integers(1, 150), st.integers(0, 10**6), clusters=st.sampled_from([None, 5, 60]))


# --- the slow implementation: plain loops over samples, nothing shared with the product


def slow_weights(confidence, share):
    wanted = max(share * len(confidence), 1)
    weights = [0.0] * len(confidence)
    for level in sorted(set(confidence), reverse=True):
        tied = [i for i, value in enumerate(confidence) if value == level]
        for i in tied:
            weights[i] = min(1.0, wanted / len(tied))
        wanted -= min(wanted, len(tied))
    return weights


def slow_mean(values, weights):
    return sum(w * float(v) for v, w in zip(values, weights, strict=True)) / sum(weights)


def slow_scores(targets, control):
    found = {}
    for place, one in (("", targets), ("_control", control)):
        if one is None:
            continue
        n = len(one.target_right)
        for suffix, share in (("", None), ("_confident20", 0.2), ("_confident5", 0.05)):
            ours = [1.0] * n if share is None else slow_weights(one.target_confidence.tolist(), share)
            theirs = [1.0] * n if share is None else slow_weights(one.reference_confidence.tolist(), share)
            for top, column in (("top1", 0), ("top5", 1)):
                f = [bool(row[column]) for row in one.target_right]
                g = [bool(row[column]) for row in one.reference_right]
                gap = [int(a) - int(b) for a, b in zip(f, g, strict=True)]
                found[f"deja_vu_{top}{place or '_targets'}{suffix}"] = slow_mean(gap, ours)
                found[f"accuracy_target_{top}{place}{suffix}"] = slow_mean(f, ours)
                found[f"accuracy_reference_{top}{place}{suffix}"] = slow_mean(g, theirs)
                if share is None:
                    end = ("" if column == 0 else "_top5") + place
                    pairs = list(zip(f, g, strict=True))
                    found["memorized" + end] = pairs.count((True, False)) / n
                    found["misrepresented" + end] = pairs.count((False, True)) / n
                    found["correlated" + end] = pairs.count((True, True)) / n
                    found["unassociated" + end] = pairs.count((False, False)) / n
    for suffix in ("", "_confident20", "_confident5"):
        for top in ("top1", "top5"):
            base = found[f"deja_vu_{top}_targets{suffix}"]
            less = 0 if control is None else found[f"deja_vu_{top}_control{suffix}"]
            found[f"deja_vu_{top}{suffix}"] = base - less
    return found


@settings(max_examples=25, deadline=None)
@given(sets, st.none() | sets)
def test_every_score_is_that_of_the_slow_implementation(targets, control):
    fast, slow = label_scores(targets, control, **FAST), slow_scores(targets, control)
    assert list(fast) == list(MEANINGS)
    assert {key for key, score in fast.items() if score.estimate is not None} == set(slow)
    for key, value in slow.items():
        assert fast[key].estimate == pytest.approx(value, abs=1e-8), key


def test_scores_by_hand():
    # Ten targets: the audited model is right on 0 to 5, the reference on 4 to 6, hence memorized 0 1 2 3, correlated
    # 4 5, misrepresented 6, unassociated 7 8 9; DV = (6 - 3) / 10. Its two most confident (20 %) are 6 and 0.
    # The reference's two are 5 and 9. Of ten controls it is right on 0, the reference on 1: DV(H) = 0.
    place = np.arange(10)
    targets = Judged(
        np.stack([place <= 5, place <= 6], 1),
        np.stack([(place >= 4) & (place <= 6)] * 2, 1),
        np.isin(place, [6, 0]) - 1.0,
        np.isin(place, [5, 9]) - 1.0,
    )
    control = Judged(np.stack([place == 0] * 2, 1), np.stack([place == 1] * 2, 1), -place * 1.0, -place * 1.0)
    scores = label_scores(targets, control)
    expected = {
        "deja_vu_top1": 0.3,
        "deja_vu_top1_targets": 0.3,
        "deja_vu_top1_control": 0,
        "deja_vu_top5_targets": 0.4,  # top-5 the audited model is right on 6 too
        "accuracy_target_top1": 0.6,
        "accuracy_reference_top1": 0.3,
        "accuracy_target_top1_control": 0.1,
        "memorized": 0.4,
        "correlated": 0.2,
        "misrepresented": 0.1,
        "unassociated": 0.3,
        "misrepresented_top5": 0,
        "unassociated_control": 0.8,
        "deja_vu_top1_targets_confident20": 0,  # memorized 0, misrepresented 6
        "deja_vu_top1_control_confident20": 0,  # the same
        "accuracy_target_top1_confident20": 0.5,
        "accuracy_reference_top1_confident20": 0.5,
        # 5 % of ten is half a sample, but at least one: 6 and 0 by half each; of the control, sample 0 alone.
        "deja_vu_top1_targets_confident5": 0,
        "deja_vu_top1_control_confident5": 1,
        "deja_vu_top1_confident5": -1,
    }
    assert {key: scores[key].estimate for key in expected} == pytest.approx(expected)
    assert scores["deja_vu_top1"].n == 20
    assert scores["memorized"].n == 10
    assert scores["accuracy_target_top1_confident20"].n == 2


@settings(max_examples=20, deadline=None)
@given(sets, sets)
def test_scores_hang_together(targets, control):
    scores = label_scores(targets, control, **FAST)
    for end in ("", "_top5", "_control", "_top5_control"):
        assert sum(scores[name + end].estimate for name in PARTS) == pytest.approx(1)
        top = "top5" if "top5" in end else "top1"
        gap = scores[f"deja_vu_{top}_{'control' if 'control' in end else 'targets'}"].estimate
        assert scores["memorized" + end].estimate - scores["misrepresented" + end].estimate == pytest.approx(gap)
    for key, score in scores.items():
        assert score.low <= score.estimate <= score.high, key
        assert math.isfinite(score.low + score.high)
        assert score.n >= 1
        if not key.startswith("deja_vu"):
            assert score.low >= 0
            assert score.high <= 1


@settings(max_examples=15, deadline=None)
@given(sets, sets)
def test_swapping_the_models_negates(targets, control):
    # The confident ones are chosen by another confidence then, so only the whole sets are compared.
    scores, turned = label_scores(targets, control, **FAST), label_scores(swapped(targets), swapped(control), **FAST)
    for key in (k for k in MEANINGS if k.startswith("deja_vu") and "confident" not in k):
        assert turned[key].estimate == pytest.approx(-scores[key].estimate)
        assert turned[key].method == scores[key].method
        if scores[key].method != "bootstrap":
            assert (turned[key].low, turned[key].high) == pytest.approx((-scores[key].high, -scores[key].low), abs=1e-9)
    assert turned["memorized"].estimate == scores["misrepresented"].estimate


@pytest.mark.parametrize("clusters", [None, 120])
def test_order_is_of_no_matter(clusters):
    targets, control = judged(400, 1, clusters=clusters), judged(300, 2, clusters=clusters)
    mixed = taken(targets, np.random.default_rng(0).permutation(400)), taken(control, np.arange(300)[::-1])
    one, two = label_scores(targets, control, **FAST), label_scores(*mixed, **FAST)
    for key in MEANINGS:
        assert (one[key].estimate, one[key].low, one[key].high) == pytest.approx(
            (two[key].estimate, two[key].low, two[key].high), abs=1e-9
        )
    assert headline(one, targets, control).p_value == headline(two, *mixed).p_value


def test_a_score_hangs_on_its_own_data_alone():
    targets, control = judged(400, 1), judged(300, 2)
    with_control, without = label_scores(targets, control, **FAST), label_scores(targets, None, **FAST)
    shared = [key for key in MEANINGS if "control" not in key and ("targets" in key or "deja_vu" not in key)]
    assert len(shared) == 26
    assert {key: with_control[key] for key in shared} == {key: without[key] for key in shared}


def test_without_a_control_the_score_is_that_of_the_targets_and_the_rest_unmeasured():
    scores = label_scores(judged(400), None, **FAST)
    for key, score in scores.items():
        if "control" in key:
            assert (score.estimate, score.low, score.high, score.n) == (None, None, None, 0)
    for end in ("top1", "top5"):
        assert scores[f"deja_vu_{end}"] == scores[f"deja_vu_{end}_targets"]


def test_empty_sets_are_unmeasured_not_zero():
    full, empty = judged(50), judged(0)
    assert all(score.estimate is None for score in label_scores(empty, empty).values())
    scores = label_scores(full, empty, **FAST)
    # A control that was asked for and lost must not turn into an uncalibrated figure.
    assert scores["deja_vu_top1"].estimate is None
    assert scores["deja_vu_top1_targets"].estimate is not None
    line = headline(scores, full, empty)
    assert (line.estimate, line.p_value, line.calibrated) == (None, None, True)


def test_duplicates_as_clusters_widen():
    once = judged(300)
    four = taken(once, np.tile(np.arange(300), 4))
    known = replace(four, groups=np.tile(np.arange(300), 4))
    blind, clustered = label_scores(four, None), label_scores(known, None)
    alone = label_scores(once, None)
    for key in ("deja_vu_top1", "accuracy_target_top1", "memorized", "deja_vu_top5_confident20"):
        width = [s[key].high - s[key].low for s in (alone, clustered, blind)]
        assert width[1] == pytest.approx(width[0], rel=0.01)
        assert width[1] > 1.5 * width[2]


BOOTSTRAPS = ("percentile", "bca", "studentised")


@pytest.mark.parametrize("interval", ["auto", *BOOTSTRAPS])
def test_some_scores_alone_are_those_of_all(interval):
    targets, control = judged(200, 1), judged(150, 2)
    keys = ("deja_vu_top5_confident20", "accuracy_target_top1", "memorized_control")
    some = label_scores(targets, control, interval=interval, only=keys, **FAST)
    every = label_scores(targets, control, interval=interval, **FAST)
    assert some == {key: every[key] for key in MEANINGS if key in keys}


@pytest.mark.parametrize("interval", BOOTSTRAPS)
def test_the_bootstrap_asked_for_is_used_and_named(interval):
    scores = label_scores(judged(300, 1), judged(300, 2), interval=interval, **FAST)
    assert {score.method for score in scores.values()} == {interval}
    auto = label_scores(judged(300, 1), judged(300, 2), **FAST)
    assert {score.method for score in auto.values()} == {"mover-tango", "tango", "wilson"}
    for key in ("deja_vu_top1", "memorized", "deja_vu_top1_confident20"):
        assert scores[key].estimate == auto[key].estimate
        assert scores[key].high - scores[key].low == pytest.approx(auto[key].high - auto[key].low, rel=0.3)


@settings(max_examples=10, deadline=None)
@given(sets)
def test_whole_weights_are_copies(one):
    times = np.random.default_rng(len(one.target_right)).integers(1, 4, len(one.target_right))
    weighted = label_scores(replace(one, weights=times.astype(float)), None)
    copied = label_scores(taken(one, np.repeat(np.arange(len(times)), times)), None)
    for key, score in weighted.items():
        # A share of n samples is at least one of them, which is another share of the copies.
        if score.estimate is not None and ("confident" not in key or len(times) >= 20):
            assert score.estimate == pytest.approx(copied[key].estimate, abs=1e-8), key
    assert weighted["memorized"].n == len(times)


def test_a_matched_control_is_compared_within_strata():
    """The control holds fewer of an easy class, on which the audited model has the more skill: weights make up."""
    rng = np.random.default_rng(0)

    def drawn(easy):
        right = rng.random((len(easy), 2)) < np.where(easy, 0.8, 0.1)[:, None]
        base = rng.random((len(easy), 2)) < np.where(easy, 0.3, 0.1)[:, None]
        sure = rng.random(len(easy))
        return Judged(right, base, sure, sure, strata=easy.astype(int))

    targets, control = drawn(np.repeat([True, False], [1500, 500])), drawn(np.repeat([True, False], [500, 1500]))
    matched = replace(control, weights=np.repeat([3.0, 1 / 3], [500, 1500]))
    raw, fair = (label_scores(targets, each) for each in (replace(control, strata=None), matched))
    assert raw["deja_vu_top1"].low > 0.1
    assert fair["deja_vu_top1"].low < 0 < fair["deja_vu_top1"].high
    assert fair["deja_vu_top1"].high - fair["deja_vu_top1"].low > raw["deja_vu_top1"].high - raw["deja_vu_top1"].low
    assert headline(fair, targets, matched, draws=999).p_value > 0.02
    assert headline(raw, replace(targets, strata=None), replace(control, strata=None), draws=999).p_value == 0.001


def test_a_set_without_weight_is_unmeasured():
    none = replace(judged(30), weights=np.zeros(30))
    assert all(score.estimate is None for score in label_scores(none, None).values())


@pytest.mark.parametrize("weights", [np.ones(9), -np.ones(10), np.full(10, np.nan)])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        replace(judged(10), weights=weights)


def test_parts_by_hand():
    codes = part([True, True, False, False], [True, False, True, False])
    assert [PARTS[code] for code in codes] == ["correlated", "memorized", "misrepresented", "unassociated"]
    assert codes.dtype == np.int8


def test_headline_is_calibrated_with_a_permutation_test():
    targets, control = judged(400, 1, memorized=0.3), judged(400, 2, memorized=0)
    scores = label_scores(targets, control)
    line = headline(scores, targets, control, draws=999)
    assert (line.metric, line.calibrated, line.p_value_test, line.level) == ("deja_vu_top1", True, "permutation", 0.95)
    assert (line.estimate, line.low, line.high) == tuple(
        getattr(scores["deja_vu_top1"], name) for name in ("estimate", "low", "high")
    )
    assert line.low > 0
    assert line.p_value == 1 / 1000


def test_headline_without_a_control_is_a_mcnemar_test():
    # 3 memorized and nothing else discordant: P(3 of 3 heads) = 1/8.
    right = np.array([[True, True]] * 3 + [[False, False]] * 5)
    targets = Judged(right, np.zeros_like(right), np.zeros(8), np.zeros(8))
    line = headline(label_scores(targets, None), targets, None)
    assert (line.calibrated, line.p_value_test, line.p_value) == (False, "mcnemar", 1 / 8)


def test_meanings_are_one_line_each():
    assert len(MEANINGS) == 58
    assert len(set(MEANINGS.values())) == 58
    assert all(text and "\n" not in text for text in MEANINGS.values())


@pytest.mark.parametrize("field", ["target_right", "reference_right", "target_confidence", "groups"])
def test_columns_of_another_length_are_refused(field):
    one = judged(10, clusters=4)
    with pytest.raises(ValueError, match=field):
        replace(one, **{field: getattr(one, field)[:9] if field != "target_right" else one.target_right[:, 0]})


def test_integers_are_no_answers():
    one = judged(10)
    with pytest.raises(ValueError, match="booleans"):
        replace(one, target_right=one.target_right.astype(int))


@pytest.mark.parametrize("clusters", [None, 50_000])
def test_a_hundred_thousand_samples_take_seconds_and_little_memory(clusters):
    targets, control = judged(100_000, 1, clusters=clusters), judged(100_000, 2, clusters=clusters)
    tracemalloc.start()
    start = time.process_time()
    label_scores(targets, control)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 5  # 0.4 to 0.7 s on two slow cores
    assert peak < 2**30
