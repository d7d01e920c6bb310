from __future__ import annotations

import pytest

from dejavu_audit.bench.object_outcomes import ObjectOutcomes
from dejavu_audit.bench.outcomes import LabelOutcomes
from dejavu_audit.bench.studies import coverage
from dejavu_audit.bench.studies.coverage import BOOTSTRAPPED, LABEL, OBJECTS, TOPS, Setting, checks, settings

AUDITS = 200


@pytest.mark.parametrize(
    ("world", "n"),
    [
        (LabelOutcomes(0.01, 0.02, 0.016), 100),  # rare
        (LabelOutcomes(0.1, 0.25, 0.2), 300),
        (LabelOutcomes(0.1, 0.25, 0.2, cluster=3), 300),
        (ObjectOutcomes(0.1, 0.25, 0.2), 100),
        (ObjectOutcomes(0.5, 0.02, 0.016), 300),
    ],
)
def test_the_default_interval_covers_the_truth(world, n):
    """A small version of the study: 95 %, less four standard errors of 200 audits; where not rare, no more either."""
    rows = coverage.covered(coverage._Task(Setting(world, n, n, ("auto",)), AUDITS, 0))
    for row in rows:
        assert row["coverage"] > (0.88 if row["score"] not in TOPS else 0.8), row
        assert row["rare"] > 0.5 or row["coverage"] < 0.995 or row["score"] in TOPS, row
        assert row["width"] > 0


def test_one_who_is_too_sure_is_found_out(monkeypatch):
    """With intervals of half the level the study must not be content."""
    monkeypatch.setattr(coverage, "Draws", lambda **kwargs: coverage_draws(**kwargs))
    setting = Setting(LabelOutcomes(0.1, 0.25, 0.2), 300, 300, ("auto",))
    rows = coverage.covered(coverage._Task(setting, 100, 0))
    found = {check.name: check for check in checks(rows, 100)}
    assert not found["deja_vu_top1: lowest coverage"].met
    assert found["deja_vu_top1: highest coverage where not rare"].met


def coverage_draws(**kwargs):
    from dejavu_audit.scores.estimates import Draws

    return Draws(level=0.5, **kwargs)


def test_every_interval_has_its_rows():
    setting = Setting(ObjectOutcomes(0.1, 0.25, 0.2), 60, 60, ("auto", "percentile", "bca", "studentised"))
    rows = coverage.covered(coverage._Task(setting, 3, 0))
    assert coverage.covered(coverage._Task(setting, 3, 0)) == rows
    names = {(row["score"], row["interval"]) for row in rows}
    own = [key for key in OBJECTS if key in BOOTSTRAPPED]
    assert names == {(key, "auto") for key in OBJECTS + TOPS} | {
        (key, interval) for key in own for interval in setting.intervals[1:]
    }
    assert all(list(row) == list(rows[0]) for row in rows)


def test_the_grid_is_that_of_the_bar():
    cells = list(settings())
    for world in (LabelOutcomes, ObjectOutcomes):
        some = {
            (cell.n, cell.control // cell.n, cell.world.memorized, cell.world.skill)
            for cell in cells
            if isinstance(cell.world, world) and not cell.clustered
        }
        assert len(some) == 3 * 2 * 4 * 3
    assert sum(cell.clustered for cell in cells) == 12
    assert set(BOOTSTRAPPED) < set(LABEL + OBJECTS)


def test_checks_by_hand():
    def row(coverage, rare, **other):
        return {"score": "ppg", "interval": "auto", "clusters": "no", "coverage": coverage, "rare": rare} | other

    rows = [row(0.94, 0.0), row(0.99, 1.0), row(0.96, 0.4), row(0.5, 0, interval="bca"), row(0.5, 0, score="other")]
    low, high = checks(rows, 1000)
    assert (low.name, low.measured, low.met) == ("ppg: lowest coverage", 0.94, True)
    assert (high.name, high.measured, high.met) == ("ppg: highest coverage where not rare", 0.96, True)
    # Two standard errors of 1,000 audits at 93 %: 0.0161.
    assert checks([row(0.915, 0)], 1000)[0].met and not checks([row(0.913, 0)], 1000)[0].met


def test_the_study_runs_whole(monkeypatch):
    monkeypatch.setattr(coverage, "SIZES", (40, 60))
    monkeypatch.setattr(coverage, "MEMORIZED", (0.1,))
    monkeypatch.setattr(coverage, "BASES", (0.25,))
    said = []
    finding = coverage.run(2, 0, 1, said.append)
    assert finding.audits == 2 * (2 * 2 * 2 + 2)
    assert said and finding.seconds > 0
    assert {row["targets"] for row in finding.rows} == {40, 60}
    assert len(finding.checks) > 20
