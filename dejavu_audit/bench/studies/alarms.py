"""False alarms: how often an audit finds memory where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.simulated import Task, World, audited, described, margin, number, population, rate_error, stream
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread

TITLE = "False alarms"
ABOUT = (
    "Oracle encoders that memorize nothing, and read backgrounds (or captions) better than the reference, as well, or "
    "worse. An alarm is a 95 % interval that lies wholly above 0. The calibrated one is meant to ring in 2.5 % of "
    "audits, whatever the skills; the uncalibrated one, on the targets alone, takes a better reader for a memorizer."
)
SIZES = (100, 300, 2_000)
"""Targets, and control pictures as many."""
SKILLS = ((0.9, 0.3), (0.6, 0.6), (0.3, 0.9))
CAPTION_SKILLS = ((0.9, 0.5), (0.75, 0.75), (0.5, 0.9))
BAR = 0.05


def worlds() -> Iterator[World]:
    """Every world of the study."""
    for classes, correlation, (skill, reference) in product((10, 100), (0.2, 0.6), SKILLS):
        yield LabelWorld(classes=classes, correlation=correlation, skill=skill, reference_skill=reference)
    for correlation, (skill, reference) in product((0.4, 0.8), CAPTION_SKILLS):
        yield ObjectWorld(correlation=correlation, skill=skill, reference_skill=reference)


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` audits a world and size."""
    began = time.perf_counter()
    found = spread(_ring, [Task(world, audits, seed) for world in worlds()], processes, say)
    rows = [row for some in found for row in some]
    return Finding(rows, _checks(rows, audits), audits * len(rows), time.perf_counter() - began)


def _ring(task: Task) -> list[dict[str, Cell]]:
    """The rows of one world."""
    pictures = population(task.world, task.seed)
    rows: list[dict[str, Cell]] = []
    for n in SIZES:
        rng = stream(task.seed, "alarms", task.world, n)
        rang = np.zeros((task.audits, 4), bool)
        for place in range(task.audits):
            one, two = pictures.draw(n, 0.0, rng), pictures.draw(n, 0.0, rng)
            audit = audited(one.judged, two.judged, int(rng.integers(2**32)))
            head, alone = audit.headline, audit.uncalibrated
            rang[place] = (
                head.low is not None and head.low > 0,
                head.high is not None and head.high < 0,
                alone.low is not None and alone.low > 0,
                head.p_value is not None and head.p_value <= BAR,
            )
        above, below, uncalibrated, rejected = (float(share) for share in rang.mean(axis=0))
        rows.append(
            {
                **described(task.world),
                "n": n,
                "surplus_of_skill": pictures.truth(0).control,
                "audits": task.audits,
                "above_0": above,
                "below_0": below,
                "uncalibrated_above_0": uncalibrated,
                "p_at_most_5_percent": rejected,
            }
        )
    return rows


def _checks(rows: list[dict[str, Cell]], audits: int) -> list[Check]:
    checks = []
    error = 100 * rate_error(BAR, audits)
    for test, name in (("label", "label test"), ("objects", "object test")):
        for column, what in (("above_0", "intervals above 0"), ("p_at_most_5_percent", "p-values of 5 % or less")):
            rates = [100 * number(row[column]) for row in rows if row["test"] == test]
            phrase = f"{what} where nothing is memorized, {name}, %"
            checks.append(
                Check(f"{phrase}: worst of {len(rates)} settings", max(rates), 5, "≤", margin(len(rates)) * error)
            )
            checks.append(
                Check(f"{phrase}: mean", float(np.mean(rates)), 5, "≤", margin(1) * error / len(rates) ** 0.5)
            )
    return checks
