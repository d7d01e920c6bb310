"""The studies at a small size, fixed seeds and wide tolerance: the full ones are `dejavu-audit bench`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dejavu_audit.bench import charts
from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.studies import alarms, bias, lists, power, shares
from dejavu_audit.bench.tables import table
from dejavu_audit.report.charts import specification

BETTER = LabelWorld(classes=10, skill=0.9, reference_skill=0.3, pictures=2_000)
CAPTIONS = ObjectWorld(skill=0.9, reference_skill=0.5, public=400, pictures=1_000)
SILENT = LabelWorld(classes=100, correlation=0.05, skill=0.4, reference_skill=0.4, public_per_class=12, k=12)


def quiet(message: str) -> None:
    pass


def whole(name: str, finding) -> None:
    """Rows have the same keys, and make a table and a plot."""
    assert len({tuple(row) for row in finding.rows}) == 1
    shown = table(name, finding.rows)
    assert shown and len({tuple(row) for row in shown}) == 1
    assert specification(charts.CHARTS[name](finding.rows))


def test_alarms_ring_where_the_control_is_missing(monkeypatch):
    monkeypatch.setattr(alarms, "SIZES", (300,))
    monkeypatch.setattr(alarms, "worlds", lambda: iter([BETTER, CAPTIONS]))
    found = alarms.run(80, 0, 1, quiet)
    assert all(check.met for check in found.checks) and found.audits == 2 * 80
    for row in found.rows:
        # 2.5 % are meant, 2 of 80 audits: more than 8 come with a chance under 1 in 2,000.
        assert row["above_0"] <= 0.1 and row["uncalibrated_above_0"] >= 0.5
    again, other = alarms.run(5, 0, 1, quiet), alarms.run(5, 1, 1, quiet)
    assert again.rows == alarms.run(5, 0, 1, quiet).rows != other.rows
    whole("alarms", found)


def test_the_control_takes_the_bias_off(monkeypatch):
    monkeypatch.setattr(bias, "SIZES", (100,))
    monkeypatch.setattr(bias, "SHARES", (0.0, 0.3))
    monkeypatch.setattr(bias, "WORLDS", (BETTER, CAPTIONS))
    found = bias.run(300, 0, 1, quiet)
    assert all(check.met for check in found.checks)
    for row in found.rows:
        assert row["calibrated"] == pytest.approx(row["truth"], abs=0.03)
        assert row["uncalibrated"] > row["truth"] + 0.08
    whole("bias", found)


def test_lists_keep_their_rate_and_find_more_where_backgrounds_are_silent(monkeypatch):
    monkeypatch.setattr(lists, "SIZES", ((300, 1_500),))
    monkeypatch.setattr(lists, "SHARES", (0.0, 0.5))
    monkeypatch.setattr(lists, "WORLDS", (replace(SILENT, pictures=2_500), replace(BETTER), CAPTIONS))
    found = lists.run(25, 0, 1, quiet)
    assert all(check.met for check in found.checks)
    at_ten = [row for row in found.rows if row["q"] == 0.1 and row["memorized_share"] == 0.5]
    silent = [row["found"] for row in at_ten if row["classes"] == 100]
    assert len(silent) == 4 and min(silent) > 0.5 > max(row["found"] for row in at_ten if row["classes"] == 10)
    assert all(row["found"] is None for row in found.rows if row["memorized_share"] == 0)
    for row in found.rows:  # a longer list at a higher rate
        if row["q"] == 0.2:
            shorter = next(r for r in found.rows if r["q"] == 0.05 and all(r[k] == row[k] for k in list(row)[:9]))
            assert shorter["listed"] <= row["listed"]
    whole("lists", found)


def test_a_list_is_counted_by_hand():
    # Two audits: 4 listed of which 3 are memorized, of 6; none listed, of 2.
    told = lists._told(np.array([[4, 3, 6], [0, 0, 2]]))
    assert told["false_discovery_rate"] == pytest.approx((1 / 4 + 0) / 2)
    assert told["found"] == pytest.approx(3 / 8) and told["listed"] == 2 and told["empty"] == 0.5
    assert lists._told(np.array([[1, 0, 0]]))["found"] is None


def test_the_share_has_a_lower_bound(monkeypatch):
    monkeypatch.setattr(shares, "SIZES", ((300, 1_500),))
    monkeypatch.setattr(shares, "SHARES", (0.0, 0.5))
    monkeypatch.setattr(shares, "WORLDS", (replace(SILENT, pictures=2_500), CAPTIONS))
    found = shares.run(40, 0, 1, quiet)
    assert found.checks[0].met
    half = [row for row in found.rows if row["memorized_share"] == 0.5 and row["score"] == "standing"]
    assert half[0]["estimate"] == pytest.approx(0.5, abs=0.08) and half[0]["holds_truth"] > 0.8
    whole("shares", found)


def test_power_is_as_planned(monkeypatch):
    monkeypatch.setattr(power, "SIZES", ((300, 300),))
    monkeypatch.setattr(power, "EFFECTS", (2.8,))
    monkeypatch.setattr(power, "WORLDS", (BETTER, CAPTIONS))
    found = power.run(150, 0, 1, quiet)
    assert all(check.met for check in found.checks) and len(found.rows) == 2
    for row in found.rows:
        assert 0.6 < row["planned"] < 0.95
        assert row["measured"] == pytest.approx(row["planned"], abs=0.15)
    whole("power", found)


def test_the_plan_is_told_what_the_control_shows():
    population = BETTER.populate(0)
    base = power.outcomes(population)
    assert base.gap == pytest.approx(population.truth(0).control)
    assert base.discordance == pytest.approx(population.discordance(0))
    right = population.honest.judged.target_right[:, 0].mean()
    assert base.up + base.both == pytest.approx(right)
