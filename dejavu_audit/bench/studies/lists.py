"""The list of memorized samples: its false discoveries, and what it finds."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.sample_scored import scored
from dejavu_audit.bench.simulated import Task, World, described, margin, number, population, standard_error, stream
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.scores.conformal import benjamini_hochberg, p_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

TITLE = "The list of memorized samples"
ABOUT = (
    "Oracle encoders that memorize a known set of targets. The list at rate q may hold false discoveries, targets that "
    "are not memorized, as a share q on average over audits; where nothing is memorized, every entry is one. What it "
    "finds of the memorized hangs on the score, on the number of classes and on the control's size."
)
RATES = (0.05, 0.1, 0.2)
SHARES = (0.0, 0.01, 0.1, 0.5)
SIZES = ((300, 300), (300, 1_500), (2_000, 2_000))
"""Targets and control pictures."""
WORLDS: tuple[World, ...] = (
    # Backgrounds that give little away, as those of the real encoders of 100 classes do, and telling ones.
    *(LabelWorld(classes=c, correlation=0.05, skill=0.4, reference_skill=0.4) for c in (10, 100)),
    *(LabelWorld(classes=c, correlation=0.3, skill=0.8, reference_skill=0.5) for c in (10, 100)),
    ObjectWorld(skill=0.8, reference_skill=0.7),
)


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` audits a world, share and sizes, and make the lists of every score at every rate."""
    began = time.perf_counter()
    tasks = [Task(world, audits, seed, share) for world, share in product(WORLDS, SHARES)]
    rows = [row for some in spread(_lists, tasks, processes, say) for row in some]
    return Finding(rows, _checks(rows), audits * len(tasks) * len(SIZES), time.perf_counter() - began)


def _lists(task: Task) -> list[dict[str, Cell]]:
    """The rows of one world and share."""
    pictures = population(task.world, task.seed, evidence=True)
    rows: list[dict[str, Cell]] = []
    for n, m in SIZES:
        rng = stream(task.seed, "lists", task.world, task.share, n, m)
        # Of every list: false discoveries, length, found, and memorized targets.
        counts: dict[tuple[str, float], list[tuple[int, int, int]]] = defaultdict(list)
        for _ in range(task.audits):
            targets, control = pictures.draw(n, task.share, rng), pictures.draw(m, 0.0, rng)
            ties = int(rng.integers(2**32))
            memorized = int(targets.memorized.sum())
            for score, (one, two) in scored(targets, control).items():
                p = p_values(one, two, seed=ties)
                for q in RATES:
                    listed = benjamini_hochberg(p, q)
                    counts[score, q].append((int(listed.sum()), int((listed & targets.memorized).sum()), memorized))
        rows += [
            {
                **described(task.world),
                "memorized_share": task.share,
                "n": n,
                "control": m,
                "score": score,
                "q": q,
                "audits": task.audits,
                **_told(np.array(some)),
            }
            for (score, q), some in counts.items()
        ]
    return rows


def _told(counts: NDArray[Any]) -> dict[str, Cell]:
    """Of (audits, 3) counts of listed, found and memorized: the false-discovery rate, and what is found."""
    listed, found, memorized = counts.T
    false = (listed - found) / np.maximum(listed, 1)
    return {
        "false_discovery_rate": float(false.mean()),
        "false_discovery_error": standard_error(false),
        "found": float(found.sum() / memorized.sum()) if memorized.any() else None,
        "listed": float(listed.mean()),
        "empty": float((listed == 0).mean()),
    }


def _checks(rows: list[dict[str, Cell]]) -> list[Check]:
    checks = []
    for q in RATES:
        some = [row for row in rows if row["q"] == q]
        rates, errors = (
            100 * np.array([number(row[name]) for row in some])
            for name in ("false_discovery_rate", "false_discovery_error")
        )
        worst = int(np.argmax((rates - 100 * q) / np.maximum(errors, 1e-9)))
        phrase = f"false discoveries of the list at q = {100 * q:g} %, %"
        checks += [
            Check(
                f"{phrase}: worst of {len(some)} settings",
                float(rates[worst]),
                100 * q,
                "≤",
                margin(len(some)) * float(errors[worst]),
            ),
            Check(
                f"{phrase}: mean where nothing is memorized", _of_nothing(some, rates), 100 * q, "≤", _slack(some, q)
            ),
        ]
    return checks


def _of_nothing(rows: list[dict[str, Cell]], rates: NDArray[Any]) -> float:
    """The mean rate over the settings without memory: every entry is false there, so the bound is tightest."""
    return float(np.mean([rate for row, rate in zip(rows, rates, strict=True) if row["memorized_share"] == 0]))


def _slack(rows: list[dict[str, Cell]], q: float) -> float:
    """What chance may add to that mean; the scores of one audit are taken as one, since they go together."""
    audits = sum(number(row["audits"]) for row in rows if row["memorized_share"] == 0)
    scores = len({row["score"] for row in rows if row["test"] == "label"})
    return margin(1) * 100 * float((q * (1 - q) * scores / audits) ** 0.5)
