from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.bench.oracle import Answered, Population
from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.scores.label_test import Judged

LABEL = LabelWorld(classes=10, skill=0.8, reference_skill=0.4, pictures=4_000)
OBJECTS = ObjectWorld(public=600, pictures=1_500)


@pytest.fixture(scope="module")
def label():
    return LABEL.populate(0, evidence=True)


@pytest.fixture(scope="module")
def objects():
    return OBJECTS.populate(0)


def judged(target: list[int], reference: list[int]) -> Judged:
    wide = [np.repeat(np.array(column, bool)[:, None], 2, axis=1) for column in (target, reference)]
    return Judged(*wide, np.arange(float(len(target))), np.zeros(len(target)))


def test_the_truth_of_four_pictures_by_hand():
    # Honest: right on 1 of 4, the reference on 2 of 4, so a = -1/4; remembered: right on all, b = 2/4.
    honest, remembered = judged([1, 0, 0, 0], [1, 1, 0, 0]), judged([1, 1, 1, 1], [1, 1, 0, 0])
    truth = Population(Answered(honest), Answered(remembered)).truth(0.2)
    assert truth.control == pytest.approx(-0.25)
    assert truth.calibrated == pytest.approx(0.2 * 0.75)
    assert truth.targets == pytest.approx(0.8 * -0.25 + 0.2 * 0.5)


def test_a_draw_takes_remembered_answers_of_the_memorized_alone():
    honest, remembered = judged([0] * 6, [0] * 6), judged([1] * 6, [0] * 6)
    drawn = Population(Answered(honest), Answered(remembered)).draw(500, 0.3, np.random.default_rng(1))
    assert np.array_equal(drawn.judged.target_right[:, 0], drawn.memorized)
    assert 0.2 < drawn.memorized.mean() < 0.4  # 30 % of 500, five standard errors
    # Rows stay together: confidence tells which picture it was.
    assert set(drawn.judged.target_confidence) == set(range(6))


@pytest.mark.parametrize("name", ["label", "objects"])
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_large_draws_come_to_the_truth(name, share, request):
    population = request.getfixturevalue(name)
    rng = np.random.default_rng(2)
    targets, control = population.draw(100_000, share, rng), population.draw(100_000, 0.0, rng)
    truth = population.truth(share)
    one, two = targets.judged.difference().mean(), control.judged.difference().mean()
    # A difference in {-1, 0, 1} has a standard deviation of 1 at the most: four standard errors of each mean.
    assert one == pytest.approx(truth.targets, abs=0.013)
    assert two == pytest.approx(truth.control, abs=0.013)
    assert one - two == pytest.approx(truth.calibrated, abs=0.018)
    assert not control.memorized.any()


@pytest.mark.parametrize("classes", [10, 100])
def test_the_formulas_come_near_the_population(classes):
    world = LabelWorld(classes=classes, skill=0.9, reference_skill=0.3, confusion=0.5, pictures=4_000)
    population = world.populate(3)
    truth, formula = population.truth(0.4), world.expected(0.4)
    # Neighbours do not always name what an embedding points to: off by a few points, never by the size of the effect.
    assert truth.calibrated == pytest.approx(formula.calibrated, abs=0.03)
    assert truth.control == pytest.approx(formula.control, abs=0.05)
    assert formula.control > 0.1


def test_the_skilled_reader_is_the_better_one_and_memory_the_best(label):
    honest, remembered = label.honest.judged, label.remembered.judged
    assert honest.target_right[:, 0].mean() > honest.reference_right[:, 0].mean() + 0.05
    assert remembered.target_right[:, 0].mean() > 0.9
    assert np.array_equal(honest.reference_right, remembered.reference_right)


def test_wrong_readings_are_as_sure_as_right_ones():
    world = LabelWorld(classes=10, correlation=0.5, skill=0.9, pictures=4_000)
    judged = world.populate(0).honest.judged
    right = judged.target_right[:, 0]
    sure = judged.target_confidence
    # Entropies lie between 0 and log 10 = 2.3: a fifth of a nat is little.
    assert abs(sure[right].mean() - sure[~right].mean()) < 0.3
    # The reference's probabilities are a law: their entropy lies between 0 and log 10.
    assert (judged.reference_confidence <= 0).all() and (judged.reference_confidence >= -np.log(10) - 1e-9).all()


def test_evidence_is_what_the_votes_and_the_reference_say(label):
    evidence = label.honest.evidence
    assert evidence.by_class.shape == (4_000, 10) and evidence.k == LABEL.k
    most = 2 * evidence.label_votes > LABEL.k
    assert most.any() and label.honest.judged.target_right[most, 0].all()  # most neighbours are of the own class
    assert ((evidence.probability >= 0) & (evidence.probability <= 1)).all()
    assert LABEL.populate(0).honest.evidence is None


def test_a_population_hangs_on_its_seed_alone():
    one, two, other = (ObjectWorld(public=300, pictures=200).populate(seed) for seed in (5, 5, 6))
    assert np.array_equal(one.honest.judged.target.precision, two.honest.judged.target.precision)
    assert not np.array_equal(one.honest.judged.target.precision, other.honest.judged.target.precision)


def test_a_memory_of_a_picture_names_more_of_its_objects(objects):
    honest, remembered = objects.honest.judged, objects.remembered.judged
    assert remembered.target.recall.mean() > honest.target.recall.mean() + 0.1
    assert remembered.target.precision.mean() > honest.target.precision.mean()
    assert np.array_equal(honest.reference.recall, remembered.reference.recall)
