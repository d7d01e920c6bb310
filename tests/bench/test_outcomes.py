from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.bench.object_outcomes import ObjectOutcomes
from dejavu_audit.bench.outcomes import LabelOutcomes
from dejavu_audit.scores.label_test import label_samples
from dejavu_audit.scores.object_test import object_samples

N = 200_000


def apart(samples, made_of, truth):
    """By how many standard errors each score of a large sample misses the truth."""
    found = {}
    for key, parts in made_of.items():
        one, *less = (samples[part] for part in parts)
        error = np.hypot(one.cells.error, less[0].cells.error if less else 0)
        found[key] = abs(one.mean - sum(other.mean for other in less) - truth[key]) / max(error, 1 / N)
    return found


@pytest.mark.parametrize(
    "world",
    [
        LabelOutcomes(0.1, 0.25, 0.2),
        LabelOutcomes(0.5, 0.9, 0.7, correlation=0.2),
        LabelOutcomes(0.1, 0.02, 0.05, cluster=3),
    ],
)
def test_the_truth_of_answers_is_what_many_samples_show(world):
    rng = np.random.default_rng(0)
    sets = world.draw(N, rng, target=True), world.draw(N, rng, target=False)
    found = apart(*label_samples(*sets, list(world.truth)), world.truth)
    assert len(found) == 28
    assert max(found.values()) < 4.5, found


@pytest.mark.parametrize("world", [ObjectOutcomes(0.1, 0.25, 0.2), ObjectOutcomes(0.3, 0.9, 0.7)])
def test_the_truth_of_objects_is_what_many_samples_show(world):
    rng = np.random.default_rng(0)
    sets = world.draw(N, rng, target=True), world.draw(N, rng, target=False)
    found = apart(*object_samples(*sets, list(world.truth)), world.truth)
    assert len(found) == 3 * (3 + 9) + 4
    assert max(found.values()) < 4.5, found


def test_truths_by_hand():
    # Calibrated, whoever is not right by skill is right by memory: m (1 - skill); so is recall.
    truth = LabelOutcomes(0.1, 0.25, 0.2).truth
    assert truth["deja_vu_top1"] == pytest.approx(0.1 * 0.75)
    assert truth["deja_vu_top1_targets"] == pytest.approx(0.1 * 0.75 + 0.05)
    assert truth["deja_vu_top5"] == pytest.approx(0.1 * 0.75**2.5)
    assert ObjectOutcomes(0.1, 0.25, 0.2).truth["aucg"] == pytest.approx(0.1 * 0.75)
    # With nothing memorized nothing is left.
    for world in (LabelOutcomes(0, 0.25, 0.2), ObjectOutcomes(0, 0.25, 0.2)):
        calibrated = [key for key in world.truth if f"{key}_targets" in world.truth]
        assert calibrated and all(world.truth[key] == pytest.approx(0) for key in calibrated)


def test_one_object_and_nothing_wrong_is_a_coin():
    # With one object, no spread and no wrong ones precision is recall is a coin: P(f only) - P(g only).
    world = ObjectOutcomes(0, 0.3, 0.2, most=1, spread=0, extra=0)
    assert world.truth["ppg_targets"] == world.truth["prg_targets"] == pytest.approx(0.3 * 0.8 - 0.7 * 0.2)


def test_clusters_are_remembered_whole():
    one = LabelOutcomes(0.5, 1e-9, 1e-9, cluster=4).draw(2_000, np.random.default_rng(0), target=True)
    sizes = np.bincount(one.groups)
    assert len(one.groups) == 2_000 and sizes.min() >= 1 and sizes.max() == 7
    share = np.bincount(one.groups, one.target_right[:, 0]) / sizes
    assert set(share.tolist()) == {0, 1}
