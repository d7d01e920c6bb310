from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores.label_test import PARTS
from dejavu_audit.scores.object_test import MEANINGS, MEASURES, JudgedObjects, headline, object_part, object_scores
from dejavu_audit.scores.objects import PerSample

FAST = {"replicates": 100}
ORDERS = ("max_pred_gap", "crct_pred", "min_dist")
SHARES = {"0_1pct": 0.001, "1pct": 0.01, "10pct": 0.1}


def per_sample(correct, predicted, true, epsilon=0.0):
    """By the definitions, a sample at a time."""
    columns = []
    for c, p, t in zip(correct, predicted, true, strict=True):
        precision, recall = (c / p if p else 0.0), c / t
        whole = precision + recall + epsilon
        columns.append((precision, recall, 2 * precision * recall / whole if whole else 0.0))
    precision, recall, f1 = np.array(columns).reshape(-1, 3).T
    return PerSample(precision, recall, f1, *(np.asarray(each, np.int64) for each in (correct, predicted, true)))


def judged(n, seed=0, *, memorized=0.0, clusters=None, published=False):
    """Both models find objects by chance; of the memorized samples the audited one finds them all."""
    rng = np.random.default_rng(seed)
    true = rng.integers(1, 6, n)
    extra = rng.integers(0, 6, (2, n))
    correct = rng.binomial(true, 0.4, (2, n))
    correct[0] = np.where(rng.random(n) < memorized, true, correct[0])
    models = (per_sample(c, c + e, true, 1e-5 if published else 0) for c, e in zip(correct, extra, strict=True))
    return JudgedObjects(
        *models, np.round(rng.random(n), 2), None if clusters is None else rng.integers(0, clusters, n)
    )


def taken(one, rows):
    groups = None if one.groups is None else one.groups[rows]
    return JudgedObjects(one.target.taken(rows), one.reference.taken(rows), one.distance[rows], groups)


def swapped(one):
    return JudgedObjects(one.reference, one.target, one.distance, one.groups)


sets = st.builds(
    judged,
    st.integers(1, 120),
    st.integers(0, 10**6),
    memorized=st.sampled_from([0, 0.3]),
    clusters=st.sampled_from([None, 5, 60]),
)


# --- the slow implementation: plain loops over samples, nothing shared with the product


def slow_first(values, share):
    """Each sample's part in the first `share`: samples tied at the cut share what is left."""
    left = max(share * len(values), 1)
    parts = [0.0] * len(values)
    for level in sorted(set(values), reverse=True):
        tied = [i for i, value in enumerate(values) if value == level]
        for i in tied:
            parts[i] = min(1.0, left / len(tied))
        left -= min(left, len(tied))
    return parts


def slow_scores(one):
    """Every figure of one set by its name without a place."""
    n = len(one.distance)
    f = {m: getattr(one.target, m).tolist() for m in MEASURES}
    g = {m: getattr(one.reference, m).tolist() for m in MEASURES}
    found = {}
    for key, m in (("ppg", "precision"), ("prg", "recall")):
        pairs = list(zip(f[m], g[m], strict=True))
        found[key] = (sum(a > b for a, b in pairs) - sum(a < b for a, b in pairs)) / n
    found["aucg"] = sum(f["recall"]) / n - sum(g["recall"]) / n
    for m in MEASURES:
        found[f"{m}_target"], found[f"{m}_reference"] = sum(f[m]) / n, sum(g[m]) / n
    values = {
        "max_pred_gap": [
            a - b for a, b in zip(one.target.correct.tolist(), one.reference.correct.tolist(), strict=True)
        ],
        "crct_pred": one.target.correct.tolist(),
        "min_dist": [-d for d in one.distance.tolist()],
    }
    for order in ORDERS:
        for name, share in SHARES.items():
            parts = slow_first(values[order], share)
            for m in MEASURES:
                gap = sum(w * (a - b) for w, a, b in zip(parts, f[m], g[m], strict=True)) / sum(parts)
                found[f"gap_{m}_top{name}_{order}"] = gap
    pairs = list(zip(f["precision"], g["precision"], strict=True))
    found["memorized"] = sum(a > b for a, b in pairs) / n
    found["misrepresented"] = sum(a < b for a, b in pairs) / n
    found["correlated"] = sum(a == b > 0 for a, b in pairs) / n
    found["unassociated"] = sum(a == b == 0 for a, b in pairs) / n
    return found


def is_gap(key):
    return key.startswith(("ppg", "prg", "aucg", "gap_"))


def slow_placed(targets, control):
    one, two = slow_scores(targets), slow_scores(control)
    placed = {}
    for key in one:
        placed[key] = one[key] - two[key] if is_gap(key) else one[key]
        placed[f"{key}_control"] = two[key]
        if is_gap(key):
            placed[f"{key}_targets"] = one[key]
    return placed


@settings(max_examples=8, deadline=None)
@given(sets, sets)
def test_scores_are_those_of_the_slow_loops(targets, control):
    scores = object_scores(targets, control, **FAST)
    assert {key: score.estimate for key, score in scores.items()} == pytest.approx(
        slow_placed(targets, control), abs=1e-9
    )


def test_every_score_is_listed():
    assert list(object_scores(judged(30), judged(30), **FAST)) == list(MEANINGS)
    assert set(MEANINGS) == set(slow_placed(judged(3), judged(3)))
    assert len(MEANINGS) == 3 * (3 + 27) + 2 * (6 + 4)
    assert len(set(MEANINGS.values())) == len(MEANINGS)
    assert all(text and "\n" not in text for text in MEANINGS.values())


def test_worked_example():
    # Three samples with 2 objects each. f predicts 2, 2, 4 of which 2, 1, 2 are true; g predicts 4, 2, 2: 2, 1, 0.
    f, g = per_sample([2, 1, 2], [2, 2, 4], [2, 2, 2]), per_sample([2, 1, 0], [4, 2, 2], [2, 2, 2])
    scores = object_scores(JudgedObjects(f, g, np.array([0.3, 0.1, 0.2])), None, **FAST)
    expected = {
        "ppg": 2 / 3,  # precision 1, 1/2, 1/2 against 1/2, 1/2, 0: better, equal, better
        "prg": 1 / 3,  # recall 1, 1/2, 1 against 1, 1/2, 0: equal, equal, better
        "aucg": 1 / 3,  # 2.5 / 3 - 1.5 / 3
        "precision_target": 2 / 3,
        "recall_reference": 1 / 2,
        "memorized": 2 / 3,
        "misrepresented": 0,
        "correlated": 1 / 3,
        "unassociated": 0,
        "gap_recall_top10pct_max_pred_gap": 1,  # the third alone has more right
        "gap_precision_top10pct_min_dist": 0,  # the second alone is nearest
        "gap_precision_top10pct_crct_pred": 1 / 2,  # the first and the third tie with two right: (1/2 + 1/2) / 2
    }
    assert {key: scores[key].estimate for key in expected} == pytest.approx(expected)
    assert scores["gap_precision_top10pct_crct_pred"].n == 1
    assert [PARTS[code] for code in object_part(f, g)] == ["memorized", "correlated", "memorized"]


@settings(max_examples=6, deadline=None)
@given(sets, sets)
def test_scores_hang_together(targets, control):
    scores = object_scores(targets, control, **FAST)
    for place in ("", "_control"):
        assert sum(scores[name + place].estimate for name in PARTS) == pytest.approx(1)
        ppg = scores[f"ppg{place or '_targets'}"].estimate
        assert scores["memorized" + place].estimate - scores["misrepresented" + place].estimate == pytest.approx(ppg)
        aucg = scores[f"aucg{place or '_targets'}"].estimate
        means = (scores[f"recall_{who}{place}"].estimate for who in ("target", "reference"))
        assert next(means) - next(means) == pytest.approx(aucg)
    for key, score in scores.items():
        assert score.low <= score.estimate <= score.high, key
        assert math.isfinite(score.low + score.high)
        assert score.n >= 1
        if not is_gap(key):
            assert score.low >= 0 and score.high <= 1


@settings(max_examples=5, deadline=None)
@given(sets, sets)
def test_swapping_the_models_negates(targets, control):
    scores, turned = object_scores(targets, control, **FAST), object_scores(swapped(targets), swapped(control), **FAST)
    # Two of the orders look at the audited model alone or first, so only min_dist chooses the same samples.
    for key in (k for k in MEANINGS if is_gap(k) and "_pred" not in k):
        assert turned[key].estimate == pytest.approx(-scores[key].estimate, abs=1e-12)
        assert turned[key].method == scores[key].method
    assert turned["memorized"].estimate == scores["misrepresented"].estimate


@pytest.mark.parametrize("clusters", [None, 120])
def test_order_is_of_no_matter(clusters):
    targets, control = judged(400, 1, clusters=clusters), judged(300, 2, clusters=clusters)
    mixed = taken(targets, np.random.default_rng(0).permutation(400)), taken(control, np.arange(300)[::-1])
    one, two = object_scores(targets, control, **FAST), object_scores(*mixed, **FAST)
    for key in MEANINGS:
        assert (one[key].estimate, one[key].low, one[key].high) == pytest.approx(
            (two[key].estimate, two[key].low, two[key].high), abs=1e-9
        )
    assert headline(one, targets, control).p_value == headline(two, *mixed).p_value


def test_a_score_hangs_on_its_own_data_alone():
    targets, control = judged(400, 1), judged(300, 2)
    both, alone = object_scores(targets, control, **FAST), object_scores(targets, None, **FAST)
    shared = [key for key in MEANINGS if "control" not in key and ("targets" in key or not is_gap(key))]
    assert len(shared) == 30 + 10
    assert {key: both[key] for key in shared} == {key: alone[key] for key in shared}


def test_without_a_control_gaps_are_those_of_the_targets_and_the_rest_unmeasured():
    scores = object_scores(judged(300), None, **FAST)
    for key, score in scores.items():
        if "control" in key:
            assert (score.estimate, score.low, score.high, score.n) == (None, None, None, 0)
    for key in ("ppg", "aucg", "gap_f1_top1pct_min_dist"):
        assert scores[key] == scores[f"{key}_targets"]


@pytest.mark.parametrize("compat", [None, "published"])
def test_empty_sets_are_unmeasured_not_zero(compat):
    full, empty = judged(50), judged(0)
    assert all(score.estimate is None for score in object_scores(empty, empty, compat=compat).values())
    assert all(score.estimate is None for score in object_scores(empty, None, compat=compat).values())
    scores = object_scores(full, empty, compat=compat, **FAST)
    for key in ("ppg", "aucg", "gap_recall_top10pct_min_dist"):
        # A control that was asked for and lost must not turn into an uncalibrated figure.
        assert scores[key].estimate is None
        assert scores[f"{key}_targets"].estimate is not None
    line = headline(scores, full, empty)
    assert (line.estimate, line.p_value, line.calibrated) == (None, None, True)


def test_duplicates_as_clusters_widen():
    once = judged(300, memorized=0.2)
    four = taken(once, np.tile(np.arange(300), 4))
    known = replace(four, groups=np.tile(np.arange(300), 4))
    alone, clustered, blind = (object_scores(each, None) for each in (once, known, four))
    for key in ("ppg", "aucg", "recall_target", "memorized", "gap_recall_top10pct_min_dist"):
        width = [s[key].high - s[key].low for s in (alone, clustered, blind)]
        assert width[1] == pytest.approx(width[0], rel=0.01), key
        assert width[1] > 1.3 * width[2], key


def test_memorization_shows_and_the_control_takes_the_rest():
    targets, control = judged(2000, 1, memorized=0.3), judged(2000, 2)
    scores = object_scores(targets, control)
    assert scores["ppg"].low > 0 and scores["aucg"].low > 0
    # Chosen by what they got right, even honest samples show a gap; calibrated it is gone.
    honest = object_scores(judged(2000, 3), control)
    assert honest["gap_recall_top10pct_max_pred_gap_targets"].low > 0.3
    assert honest["gap_recall_top10pct_max_pred_gap"].low < 0 < honest["gap_recall_top10pct_max_pred_gap"].high


def test_headline_is_calibrated_with_a_permutation_test():
    targets, control = judged(400, 1, memorized=0.4), judged(400, 2)
    scores = object_scores(targets, control)
    line = headline(scores, targets, control, draws=999)
    assert (line.metric, line.calibrated, line.p_value_test, line.level) == ("ppg", True, "permutation", 0.95)
    assert (line.estimate, line.low, line.high) == (scores["ppg"].estimate, scores["ppg"].low, scores["ppg"].high)
    assert line.p_value == 1 / 1000


def test_headline_without_a_control_is_a_sign_test():
    # Better on 3, worse on none, equal on 5: P(3 of 3 heads) = 1/8.
    f, g = per_sample([1] * 8, [1] * 8, [1] * 8), per_sample([1] * 8, [2] * 3 + [1] * 5, [1] * 8)
    targets = JudgedObjects(f, g, np.zeros(8))
    line = headline(object_scores(targets, None), targets, None)
    assert (line.calibrated, line.p_value_test, line.p_value) == (False, "sign", 1 / 8)


def test_what_does_not_fit_together_is_refused():
    one = judged(10, clusters=4)
    for field in ("distance", "groups"):
        with pytest.raises(ValueError, match=field):
            replace(one, **{field: getattr(one, field)[:9]})
    with pytest.raises(ValueError, match=r"reference\.precision"):
        replace(one, reference=one.reference.taken(np.arange(9)))
    with pytest.raises(ValueError, match="different true objects"):
        replace(one, reference=one.reference.taken(np.arange(10)[::-1]))
    with pytest.raises(ValueError, match="not a number"):
        replace(one, distance=np.full(10, np.nan))


@settings(max_examples=6, deadline=None)
@given(sets)
def test_whole_weights_are_copies(one):
    times = np.random.default_rng(len(one)).integers(1, 4, len(one))
    weighted = object_scores(replace(one, weights=times.astype(float)), None)
    copied = object_scores(taken(one, np.repeat(np.arange(len(one)), times)), None)
    for key in ("ppg", "prg", "aucg", "recall_target", "memorized"):
        assert weighted[key].estimate == pytest.approx(copied[key].estimate, abs=1e-8), key
    if len(one) >= 10:
        key = "gap_f1_top10pct_min_dist"
        assert weighted[key].estimate == pytest.approx(copied[key].estimate, abs=1e-8)
    assert weighted["aucg"].n == len(one)


@pytest.mark.parametrize("interval", ["percentile", "bca", "studentised"])
def test_the_bootstrap_asked_for_is_used_and_named(interval):
    targets, control = judged(300, 1, memorized=0.3), judged(300, 2)
    keys = ("ppg", "aucg", "recall_target", "gap_recall_top10pct_min_dist")
    scores = object_scores(targets, control, interval=interval, only=keys)
    auto = object_scores(targets, control, only=keys)
    assert {score.method for score in scores.values()} == {interval}
    assert {auto[key].method for key in keys} == {"mover-tango", "wilson"}
    for key in keys:
        assert scores[key].estimate == auto[key].estimate
        assert scores[key].high - scores[key].low == pytest.approx(auto[key].high - auto[key].low, rel=0.2), key


def test_the_published_scores_know_no_weights():
    one = replace(judged(20, published=True), weights=np.ones(20))
    with pytest.raises(ValueError, match="weights"):
        object_scores(one, None, compat="published")


def test_some_scores_alone_are_those_of_all():
    targets, control = judged(60, 3), judged(40, 4)
    some = object_scores(targets, control, only=("ppg", "aucg_control"), replicates=200)
    every = object_scores(targets, control, replicates=200)
    assert some == {key: every[key] for key in ("ppg", "aucg_control")}
