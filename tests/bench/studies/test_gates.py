"""The study of gates at a small size: its truths are true, its releases are paired, and it judges as the gate does."""

from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.bench import charts
from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.simulated import population
from dejavu_audit.bench.studies import gates
from dejavu_audit.bench.tables import table
from dejavu_audit.report.charts import specification

LABELS = LabelWorld(classes=10, skill=0.8, reference_skill=0.5, pictures=2_000)
CAPTIONS = ObjectWorld(skill=0.8, reference_skill=0.7, public=400, pictures=1_000)


def quiet(message: str) -> None:
    pass


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "SIZES", (400, 3_200))
        patch.setattr(gates, "WORLDS", (LABELS,))
        yield gates.run(40, 0, 1, quiet)


def test_right_verdicts_are_many_and_wrong_ones_few(found):
    assert len(found.rows) == 2 * 3 * 2 * 5 and found.audits == 40 * len(found.rows)
    assert all(check.met for check in found.checks) and len(found.checks) == 8
    for row in found.rows:
        assert row["pass"] + row["fail"] + row["inconclusive"] == pytest.approx(1)
        side = np.sign(row["truth_less_limit"])
        # 2.5 % are meant at most, 1 of 40 gates: more than 5 come with a chance under 1 in 1,000.
        assert side < 0 or row["pass"] <= 0.125
        assert side > 0 or row["fail"] <= 0.125
        if row["n"] == 3_200 and abs(row["truth_less_limit"]) == 0.06 and row["limits"] != "three":
            assert (row["pass"] if side < 0 else row["fail"]) > 0.9


def test_growing_looks_save_targets_where_the_case_is_clear(found):
    for row in found.rows:
        assert row["mean_targets"] <= row["n"]
        if row["looks"] == "one":
            assert row["mean_targets"] == row["n"]
        elif row["n"] == 3_200 and abs(row["truth_less_limit"]) == 0.06 and row["limits"] != "three":
            assert row["mean_targets"] < 0.8 * row["n"]


def test_it_makes_a_table_and_a_plot(found):
    assert len({tuple(row) for row in found.rows}) == 1
    shown = table("gates", found.rows)
    assert len(shown) == 12 and len({tuple(row) for row in shown}) == 1
    assert specification(charts.CHARTS["gates"](found.rows))


def test_the_seed_decides(monkeypatch):
    monkeypatch.setattr(gates, "SIZES", (200,))
    monkeypatch.setattr(gates, "WORLDS", (CAPTIONS,))
    first = gates.run(3, 0, 1, quiet).rows
    assert first == gates.run(3, 0, 1, quiet).rows
    assert {row["test"] for row in first} == {"objects"}


@pytest.mark.parametrize("world", [LABELS, CAPTIONS])
def test_truths_are_the_means_of_many_samples(world):
    pictures = population(world, 0)
    share = gates.MEMORY / pictures.truth(1).calibrated
    # The first is the calibrated score of a release that memorized twice, the increase is what the last one added.
    assert gates.true_scores(pictures, share, "one") == pytest.approx([2 * gates.MEMORY])
    assert gates.true_scores(pictures, share, "increase") == pytest.approx([gates.MEMORY])
    release = gates.draw(pictures, share, 200_000, np.random.default_rng(0))
    for limits in gates.LIMITS:
        measured = [one.at(0.999) for one in gates.quantities(release, 200_000, limits)]
        truths = gates.true_scores(pictures, share, limits)
        assert len(measured) == len(truths) == (3 if limits == "three" else 1)
        for score, truth in zip(measured, truths, strict=True):
            assert score.low < truth < score.high and score.high - score.low < 0.025


def test_a_release_remembers_what_the_one_before_did():
    pictures = population(LABELS, 0)
    release = gates.draw(pictures, 0.2, 4_000, np.random.default_rng(1))
    (now, control), (before, control_before) = release.now, release.before
    right, was_right = now.target_right[:, 0], before.target_right[:, 0]
    alike = (now.reference_confidence == before.reference_confidence).mean()
    assert 0.4 < alike < 0.6  # half of the pictures were answered as others
    same = now.reference_confidence == before.reference_confidence
    # What is remembered is all but always right: next to nobody unlearned.
    assert (was_right & ~right)[same].mean() < 0.02 < 0.1 < (right & ~was_right)[same].mean()
    assert (control.target_right == control_before.target_right).all(axis=1).mean() > 0.5
    # As many of the others are right, before and now, as the truth has it.
    assert was_right[~same].mean() == pytest.approx(was_right[same].mean(), abs=0.05)


def test_samples_are_put_together_place_by_place():
    pictures = population(CAPTIONS, 0)
    one, other = (pictures.draw(50, 0.0, np.random.default_rng(seed)).judged for seed in (0, 1))
    first = np.arange(50) < 20
    mixed = gates._mixed(first, one, other)
    assert (mixed.target.recall[:20] == one.target.recall[:20]).all()
    assert (mixed.target.recall[20:] == other.target.recall[20:]).all()
    assert (mixed.distance == np.where(first, one.distance, other.distance)).all()
    assert mixed.groups is None
