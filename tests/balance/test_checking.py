from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.balance.checking import FEWEST, check, sample
from dejavu_audit.balance.features import Feature, gather
from dejavu_audit.balance.matching import match


def world(n, m, seed=0):
    """Features of n targets and m control samples that are drawn alike."""
    rng, size = np.random.default_rng(seed), n + m
    width = rng.choice([320.0, 500, 640], size)
    quality = np.where(rng.random(size) < 0.1, np.nan, rng.choice([75.0, 85, 92, 95], size))
    made = [
        Feature("label", "category", rng.integers(0, 8, size), tuple("abcdefgh")),
        Feature("picture width", "number", width, unit="px"),
        Feature("JPEG quality", "number", quality),
        Feature("pixel statistics", "vector", rng.normal(size=(size, 4)).astype(np.float32), ("r", "g", "b", "grey")),
    ]
    return {one.name: one for one in made}, np.arange(size) < n


def replaced(features, name, values):
    return {**features, name: Feature(name, features[name].kind, values, features[name].names)}


def test_sets_drawn_alike_pass_and_it_is_said_what_would_have_been_seen():
    features, targets = world(300, 300)
    found = check(features, targets)
    assert (found.failed, found.reason, found.grade) == (False, None, "no difference")
    assert found.drivers == found.differing == ()
    assert 0.5 < found.blind.detectable < 0.65
    assert {one.name for one in found.differences} == set(features)


def test_a_feature_that_differs_is_named_with_its_figures():
    features, targets = world(300, 300)
    quality = features["JPEG quality"].values.copy()
    quality[targets] = 75
    found = check(replaced(features, "JPEG quality", quality), targets)
    assert found.failed
    assert [one.name for one in found.drivers] == ["JPEG quality"]
    first = found.differences[0]
    assert (first.name, first.differs, first.grade) == ("JPEG quality", True, "by much")
    assert (first.targets.median, first.targets.missing) == (75, 0)
    assert first.control.missing == pytest.approx(np.isnan(quality[~targets]).mean())
    assert not any(one.differs for one in found.differences[1:])


def test_what_is_missing_more_often_in_one_set_differs():
    features, targets = world(300, 300)
    quality = np.full(600, 90.0)
    quality[:60] = np.nan  # of 20 % of the targets
    one = check(replaced(features, "JPEG quality", quality), targets).differences[0]
    assert (one.name, one.differs, one.distance) == ("JPEG quality", True, pytest.approx(0.2))
    assert one.targets.missing == pytest.approx(0.2)


def test_a_shifted_label_is_told_by_its_shares():
    features, targets = world(300, 300)
    labels = features["label"].values.copy()
    labels[:150] = 3
    one = check(replaced(features, "label", labels), targets).differences[0]
    name, mine, theirs = one.shares[0]
    assert (one.name, name) == ("label", "d")
    assert mine > 0.5 > 0.2 > theirs


def test_many_weak_shifts_are_seen_by_the_classifier_together():
    features, targets = world(500, 500)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(1_000, 60)).astype(np.float32)
    values[targets] += 0.11
    features = {"pixel statistics": Feature("pixel statistics", "vector", values, tuple(map(str, range(60))))}
    found = check(features, targets)
    assert found.failed
    assert found.classified
    assert [one.name for one in found.drivers] == ["pixel statistics"]


def test_a_word_that_only_targets_hold_is_named():
    rng = np.random.default_rng(0)
    words = np.array(["a", "the", "red", "dog", "cat", "house", "tree", "big", "small", "near"])
    captions = [" ".join(rng.choice(words, 6)) + (" stock" if n < 300 and n % 8 == 0 else "") for n in range(600)]
    found = check(gather(captions=captions), np.arange(600) < 300)
    named = {one.name: one.component for one in found.differing}
    assert named["caption wording"] == "“stock”"


def test_a_trifle_in_large_sets_fails_by_little():
    rng = np.random.default_rng(0)
    targets = np.arange(6_000) < 3_000
    values = rng.normal(size=6_000) + 0.15 * targets
    found = check({"crop width": Feature("crop width", "number", values)}, targets)
    assert (found.failed, found.grade) == (True, "by little")


@pytest.mark.parametrize("size", range(1, 11))
def test_a_tiny_control_cannot_pass(size):
    features, targets = world(100, size)
    found = check(features, targets)
    assert found.failed is None
    assert f"{size} control sample" in found.reason
    assert str(FEWEST) in found.reason


def test_a_tiny_control_can_fail():
    features, targets = world(400, 8)
    found = check(replaced(features, "picture width", np.where(targets, 500.0, 32)), targets)
    assert (found.failed, found.reason) == (True, None)


@pytest.mark.parametrize(("n", "m", "said"), [(20, 0, "no control"), (0, 20, "no targets"), (0, 0, "no targets")])
def test_one_set_alone_cannot_be_checked(n, m, said):
    features, targets = world(n, m)
    found = check(features, targets)
    assert (found.failed, found.differences, found.blind) == (None, (), None)
    assert said in found.reason


def test_identical_sets_pass():
    features, _ = world(200, 0)
    twice = {name: one.take(np.tile(np.arange(200), 2)) for name, one in features.items()}
    found = check(twice, np.arange(400) < 200)
    assert found.failed is False
    assert all(one.distance == 0 and one.p_value == 1 for one in found.differences)


def test_what_is_constant_or_unknown_is_set_aside_with_its_reason():
    features, targets = world(50, 50)
    features = {
        **features,
        "one class": Feature("one class", "category", np.zeros(100, np.int64)),
        "file format": Feature("file format", "category", np.full(100, -1)),
        "picture height": Feature("picture height", "number", np.full(100, 5.0)),
        "file size": Feature("file size", "number", np.full(100, np.nan)),
    }
    found = check(features, targets)
    assert found.untested == {
        "one class": "the same in every sample",
        "file format": "known of no sample",
        "picture height": "the same in every sample",
        "file size": "known of no sample",
    }
    assert {one.name for one in found.differences} == set(world(1, 1)[0])


def test_nothing_known_cannot_be_checked():
    _, targets = world(50, 50)
    for features in ({}, {"file size": Feature("file size", "number", np.full(100, np.nan))}):
        found = check(features, targets)
        assert found.failed is None
        assert "nothing is known" in found.reason


def test_a_class_a_sample_says_nothing_and_breaks_nothing():
    _, targets = world(100, 100)
    one = Feature("label", "category", np.arange(200))
    found = check({"label": one}, targets)
    assert (found.failed, found.differences[0].p_value, found.blind) == (False, 1, None)


def test_clusters_count_once():
    # Twelve pictures a set with forty captions each: the sets look far apart, and are not beyond chance.
    rng = np.random.default_rng(0)
    picture = np.repeat(np.arange(24), 40)
    features = {"crop width": Feature("crop width", "number", rng.normal(size=24)[picture])}
    assert check(features, picture < 12).failed
    found = check(features, picture < 12, groups=picture)
    assert found.failed is None
    assert "12 clusters" in found.reason


def test_weighing_mends_a_shifted_mix_and_leaves_what_it_cannot():
    features, targets = world(400, 400)
    rng = np.random.default_rng(5)
    labels = np.where(targets, rng.choice(8, 800, p=np.arange(1, 9) / 36), rng.integers(0, 8, 800))
    features = replaced(features, "label", labels)
    matching = match(labels, features["picture width"].values, targets)
    assert check(features, targets).differing[0].name == "label"
    after = check(features, targets, matching=matching)
    assert (after.failed, after.matched) == (False, True)
    label = next(one for one in after.differences if one.name == "label")
    assert label.distance == 0
    quality = np.where(targets, 75.0, 95)
    still = check(replaced(features, "JPEG quality", quality), targets, matching=matching)
    assert still.failed
    assert [one.name for one in still.differing] == ["JPEG quality"]


def test_a_part_of_the_samples_can_be_checked_with_the_weights_of_all():
    features, targets = world(400, 400)
    matching = match(features["label"].values, None, targets)
    rows = sample(targets, seed=0, most=100)
    part = {name: one.take(rows) for name, one in features.items()}
    found = check(part, targets[rows], matching=matching.take(rows))
    assert (found.targets, found.control, found.failed) == (100, 100, False)
    assert matching.take(rows).effective == matching.effective


def test_the_same_seed_gives_the_same_answer():
    features, targets = world(60, 60)
    assert check(features, targets, seed=3) == check(features, targets, seed=3)


def test_large_sets_are_drawn_from_in_whole_clusters():
    targets, groups = np.arange(4_000) < 3_000, np.arange(4_000) // 3
    rows = sample(targets, groups=groups, seed=0, most=500)
    assert 498 <= targets[rows].sum() <= 500
    assert 498 <= (~targets)[rows].sum() <= 500
    whole = np.bincount(groups)[np.unique(groups[rows])]
    # All but the two clusters that are cut between the sets, or at their ends, come whole.
    assert (
        np.bincount(groups[rows], minlength=len(np.bincount(groups)))[np.unique(groups[rows])] == whole
    ).mean() > 0.98
    assert sample(targets, seed=0).tolist() == list(range(4_000))


def test_false_alarms_are_few_in_small_sets():
    alarms = 0
    for seed in range(60):
        features, targets = world(40, 25, seed)
        alarms += check(features, targets, seed=seed).failed is True
    assert alarms <= 8  # 3 expected at most; more than 8 come once in 300 such tests
