"""Power: how often memory is found, against what `dejavu-audit plan` says beforehand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from dejavu_audit.bench.oracle import Population
from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.simulated import Task, World, audited, described, margin, number, population, rate_error, stream
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.scores.judged_objects import object_part
from dejavu_audit.scores.label_test import PARTS, Judged, part
from dejavu_audit.scores.power import Outcomes, Sizes
from dejavu_audit.scores.power import power as planned_power

TITLE = "Power, planned and measured"
ABOUT = (
    "Oracle encoders that memorize a little, more and much, for the size of the audit. Memory is found where the "
    "calibrated 95 % interval lies above 0; how often that is, is held against what `dejavu-audit plan` says "
    "beforehand. The plan is told the shares of the four parts on the control, which a user guesses or takes from an "
    "earlier audit. It takes a memorized sample for one that the encoder gets right: exact in the label test, but in "
    "the object test a memory need not be the more precise answer, and the plan promises some points too much."
)
SIZES = ((100, 100), (300, 300), (300, 1_500), (2_000, 2_000))
"""Targets and control pictures."""
EFFECTS = (1.0, 2.0, 2.8, 3.6)
"""Calibrated score in standard errors of an audit where nothing is memorized: found in some 17, 52, 80, 95 %."""
WORLDS: tuple[World, ...] = (
    LabelWorld(classes=100, correlation=0.05, skill=0.3, reference_skill=0.3),
    LabelWorld(classes=100, skill=0.8, reference_skill=0.5),
    LabelWorld(classes=10, skill=0.8, reference_skill=0.5),
    LabelWorld(classes=10, correlation=0.9, skill=0.95, reference_skill=0.95),
    ObjectWorld(skill=0.8, reference_skill=0.7),
)
BARS = {"label": 0.05, "objects": 0.1}
"""By so much may measured and planned power differ, by test: what a plan is trusted to."""


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` audits a world, sizes and effect."""
    began = time.perf_counter()
    found = spread(_powers, [Task(world, audits, seed) for world in WORLDS], processes, say)
    rows = [row for some in found for row in some]
    return Finding(rows, _checks(rows, audits), audits * len(rows), time.perf_counter() - began)


def outcomes(pictures: Population[Any]) -> Outcomes:
    """What the control of this population shows in the mean."""
    judged = pictures.honest.judged
    codes = (
        part(judged.target_right[:, 0], judged.reference_right[:, 0])
        if isinstance(judged, Judged)
        else object_part(judged.target, judged.reference)
    )
    shares = np.bincount(codes, minlength=len(PARTS)) / len(codes)
    return Outcomes(*(float(shares[PARTS.index(name)]) for name in ("memorized", "misrepresented", "correlated")))


def _powers(task: Task) -> list[dict[str, Cell]]:
    """The rows of one world."""
    pictures = population(task.world, task.seed)
    base = outcomes(pictures)
    whole = pictures.truth(1).calibrated
    rows: list[dict[str, Cell]] = []
    for n, m in SIZES:
        error = ((base.discordance - base.gap**2) * (1 / n + 1 / m)) ** 0.5
        effects = np.array([some * error for some in EFFECTS if some * error < min(whole, base.most)])
        for effect, planned in zip(effects, np.atleast_1d(planned_power(base, Sizes(n, m), effects)), strict=True):
            share = float(effect / whole)
            rng = stream(task.seed, "power", task.world, n, m, share)
            found = np.zeros((task.audits, 2), bool)
            for place in range(task.audits):
                one, two = pictures.draw(n, share, rng), pictures.draw(m, 0.0, rng)
                head = audited(one.judged, two.judged, int(rng.integers(2**32))).headline
                found[place] = (
                    head.low is not None and head.low > 0,
                    head.p_value is not None and head.p_value <= 0.025,
                )
            rows.append(
                {
                    **described(task.world),
                    "n": n,
                    "control": m,
                    "memorized_share": share,
                    "truth": float(effect),
                    "audits": task.audits,
                    "planned": float(planned),
                    "measured": float(found[:, 0].mean()),
                    "p_at_most_2.5_percent": float(found[:, 1].mean()),
                }
            )
    return rows


def _checks(rows: list[dict[str, Cell]], audits: int) -> list[Check]:
    checks = []
    for test, name in (("label", "label test"), ("objects", "object test")):
        some = [row for row in rows if row["test"] == test]
        gaps = np.array([abs(number(row["measured"]) - number(row["planned"])) for row in some])
        errors = np.array([rate_error(number(row["planned"]), audits) for row in some])
        worst = int(np.argmax(gaps - margin(2 * len(some)) * errors))
        checks.append(
            Check(
                f"measured power off the planned, {name}, points: worst of {len(some)} settings",
                100 * float(gaps[worst]),
                100 * BARS[test],
                "≤",
                100 * margin(2 * len(some)) * float(errors[worst]),
            )
        )
    return checks
