"""Bias: what audits find in the mean, against what is there."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.simulated import Task, World, described, margin, number, population, standard_error, stream
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread

TITLE = "Bias, with and without the control"
ABOUT = (
    "Oracle encoders that memorize a known share of their targets, and read what is honestly there better than the "
    "reference, as well, or worse. What all audits find in the mean is held against the truth. Without the control "
    "the difference of the two skills stays in the score; with it, nothing must be left."
)
SHARES = (0.0, 0.01, 0.1, 0.5)
SIZES = (100, 300)
"""Targets, and control pictures as many. The mean of a mean hangs on no size: two, to see that it does not."""
WORLDS: tuple[World, ...] = (
    *(LabelWorld(classes=c, skill=f, reference_skill=g) for c in (10, 100) for f, g in ((0.9, 0.3), (0.6, 0.6))),
    *(LabelWorld(classes=c, skill=0.3, reference_skill=0.9) for c in (10, 100)),
    *(ObjectWorld(skill=f, reference_skill=g) for f, g in ((0.9, 0.5), (0.75, 0.75), (0.5, 0.9))),
)


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` audits a world, share and size."""
    began = time.perf_counter()
    found = spread(_means, [Task(world, audits, seed) for world in WORLDS], processes, say)
    rows = [row for some in found for row in some]
    return Finding(rows, _checks(rows), audits * len(rows), time.perf_counter() - began)


def _means(task: Task) -> list[dict[str, Cell]]:
    """The rows of one world."""
    pictures = population(task.world, task.seed)
    rows: list[dict[str, Cell]] = []
    for share in SHARES:
        truth = pictures.truth(share)
        for n in SIZES:
            rng = stream(task.seed, "bias", task.world, share, n)
            found = np.empty((task.audits, 2))
            for place in range(task.audits):
                one, two = pictures.draw(n, share, rng), pictures.draw(n, 0.0, rng)
                alone = one.judged.difference().mean()
                found[place] = alone - two.judged.difference().mean(), alone
            rows.append(
                {
                    **described(task.world),
                    "memorized_share": share,
                    "n": n,
                    "audits": task.audits,
                    "truth": truth.calibrated,
                    "calibrated": float(found[:, 0].mean()),
                    "calibrated_error": standard_error(found[:, 0]),
                    "uncalibrated": float(found[:, 1].mean()),
                    "uncalibrated_error": standard_error(found[:, 1]),
                }
            )
    return rows


def _checks(rows: list[dict[str, Cell]]) -> list[Check]:
    checks = []
    for test, name in (("label", "label test"), ("objects", "object test")):
        some = [row for row in rows if row["test"] == test]
        bias = np.array([[number(row["calibrated"]) - number(row["truth"]) for row in some]]).ravel()
        error = np.array([number(row["calibrated_error"]) for row in some])
        worst = int(np.argmax(np.abs(bias) / np.maximum(error, 1e-12)))
        # Either side counts, so twice as many chances.
        checks.append(
            Check(
                f"bias of the calibrated score, {name}, points: least likely of {len(some)} settings",
                100 * float(abs(bias[worst])),
                0,
                "≤",
                100 * margin(2 * len(some)) * float(error[worst]),
            )
        )
    return checks
