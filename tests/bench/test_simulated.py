from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.sample_scored import scored
from dejavu_audit.bench.simulated import audited, described, margin, number, rate_error, standard_error, stream
from dejavu_audit.scores import label_test, object_test, sample_scores

WORLDS = [LabelWorld(classes=10, pictures=600), ObjectWorld(public=300, pictures=300)]


@pytest.mark.parametrize("world", WORLDS)
def test_the_headline_is_that_of_an_audit(world):
    rng = np.random.default_rng(0)
    population = world.populate(0)
    one, two = population.draw(150, 0.2, rng), population.draw(200, 0.0, rng)
    audit = audited(one.judged, two.judged, 7)
    test = label_test.label_scores if isinstance(world, LabelWorld) else object_test.object_scores
    scores = test(one.judged, two.judged, seed=7)
    name = audit.headline.metric
    assert (audit.headline.low, audit.headline.high) == (scores[name].low, scores[name].high)
    assert audit.headline.estimate == scores[name].estimate
    assert audit.uncalibrated == scores[f"{name}_targets"]
    assert audit.headline.calibrated and audit.headline.p_value_test == "permutation"


def test_sample_scores_are_those_of_both_sets_together():
    rng = np.random.default_rng(1)
    population = WORLDS[0].populate(0, evidence=True)
    one, two = population.draw(40, 0.5, rng), population.draw(60, 0.0, rng)
    found = scored(one, two)
    assert set(found) == set(sample_scores.MEANINGS["label"])
    assert all(len(a) == 40 and len(b) == 60 for a, b in found.values())
    together = sample_scores.standing(
        np.concatenate([one.evidence.by_class, two.evidence.by_class]),
        np.concatenate([one.evidence.label, two.evidence.label]),
        np.concatenate([one.evidence.probability, two.evidence.probability]),
    )
    assert np.array_equal(np.concatenate(found["standing"]), together)
    # What is remembered scores higher.
    assert found["votes"][0][one.memorized].mean() > found["votes"][1].mean() + 0.2


def test_object_scores_are_gaps_of_the_judged():
    rng = np.random.default_rng(1)
    population = WORLDS[1].populate(0)
    one, two = population.draw(30, 0.5, rng), population.draw(20, 0.0, rng)
    found = scored(one, two)
    assert set(found) == set(sample_scores.MEANINGS["objects"])
    assert np.array_equal(found["recall_gap"][0], one.judged.gap("recall"))
    assert np.array_equal(found["recall_gap"][1], two.judged.gap("recall"))


def test_streams_hang_on_what_they_are_for():
    assert stream(0, "a", WORLDS[0]).random() == stream(0, "a", LabelWorld(classes=10, pictures=600)).random()
    assert len({stream(0, "a").random(), stream(0, "b").random(), stream(1, "a").random()}) == 3


def test_errors_by_hand():
    assert standard_error([1.0, 3.0]) == pytest.approx(1.0)  # deviation sqrt(2), over sqrt(2)
    assert standard_error([1.0]) == 0
    assert rate_error(0.5, 100) == pytest.approx(0.05)
    assert margin(1) == pytest.approx(2.326, abs=1e-3)  # one in a hundred of a single figure
    assert margin(20) > margin(10) > margin(1)


def test_only_numbers_are_numbers():
    assert number(3) == 3.0
    for cell in ("3", None):
        with pytest.raises(TypeError, match="no number"):
            number(cell)
    assert described(WORLDS[1])["classes"] is None
