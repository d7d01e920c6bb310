"""Simulated audits of oracle encoders: their seeds, their headline, and what chance may add to a figure."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from dejavu_audit.bench.oracle import Population
from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.study import Cell
from dejavu_audit.scores.estimates import Draws, Score, calibrated, paired, sample
from dejavu_audit.scores.headline import Headline, headline_of
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.label_test import Judged

World: TypeAlias = "LabelWorld | ObjectWorld"
LEVEL = 0.95
PERMUTATIONS = 2_000
"""Fewer than an audit's 10,000: the level of the test is exact with any number, only its resolution is finer."""


@dataclass(frozen=True)
class Task:
    """A part of a study that one process does: `audits` audits a setting, in one world."""

    world: World
    audits: int
    seed: int
    share: float = 0.0
    """Of the targets, memorized; where the study has a task a share."""


@dataclass(frozen=True)
class Audit:
    """The numbers of one simulated audit."""

    headline: Headline
    """Calibrated, with the p-value of the permutation test."""
    uncalibrated: Score
    """The same score on the targets alone."""


def stream(seed: int, *what: Any) -> np.random.Generator:
    """Random numbers that hang on the seed and on what they are for, not on the order of the work."""
    return np.random.default_rng([seed, zlib.crc32(repr(what).encode())])


@lru_cache(maxsize=2)
def population(world: World, seed: int, *, evidence: bool = False) -> Population[Any]:
    """The pictures of a world, the same for every audit of it; with the `evidence` for the scores of single samples."""
    return world.populate(int(stream(seed, world).integers(2**32)), evidence=evidence)


def audited(targets: Judged | JudgedObjects, control: Judged | JudgedObjects, seed: int) -> Audit:
    """The headline of either test as an audit finds it, and the same uncalibrated.

    The other scores are left out: they would take twenty times as long, and their intervals are made in the same way.
    """
    label = isinstance(targets, Judged)
    metric, exact = ("deja_vu_top1", "mcnemar") if label else ("ppg", "sign")
    keys = (f"{metric}_targets", f"{metric}_control")
    draws = Draws(LEVEL, seed=seed)
    one, two = (sample(some.difference()) for some in (targets, control))
    score = calibrated(one, two, keys, draws)
    head = headline_of(metric, score, targets, control, exact=exact, level=LEVEL, draws=PERMUTATIONS, seed=seed)
    return Audit(head, paired(one, keys[0], draws))


def number(cell: Cell) -> float:
    """A cell that is known to hold a number."""
    if isinstance(cell, str) or cell is None:
        raise TypeError(f"{cell!r} is no number")
    return float(cell)


def described(world: World) -> dict[str, Any]:
    """The columns that tell a world."""
    return {
        "test": "label" if isinstance(world, LabelWorld) else "objects",
        "classes": world.classes if isinstance(world, LabelWorld) else None,
        "correlation": world.correlation,
        "skill": world.skill,
        "reference_skill": world.reference_skill,
    }


def margin(cells: int) -> float:
    """Standard errors that the worst of so many figures exceeds by chance in one bench of a hundred, at the most.

    A bench has some twenty such bars: at one of twenty each, most benches of a sound auditor would miss one.
    """
    return float(stats.norm.isf(0.01 / max(cells, 1)))


def standard_error(values: ArrayLike) -> float:
    """Of the mean of independent values."""
    every = np.asarray(values, np.float64)
    return float(every.std(ddof=1) / every.size**0.5) if every.size > 1 else 0.0


def rate_error(rate: float, audits: int) -> float:
    """Standard error of a rate that is measured in so many audits."""
    return float((rate * (1 - rate) / audits) ** 0.5)
