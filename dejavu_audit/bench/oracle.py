"""Oracle encoders: answers drawn from a planted mix, so that the true scores of an audit are known exactly.

No picture is drawn and nothing is trained. A *population* of pictures is answered once, by the auditor's own code, in
both worlds: `honest`, where the encoder never saw the picture, and `remembered`, where it did and recalls it. An audit
draws its targets and its control from the population, with replacement; a target is remembered with chance m, a control
picture never. Let a(x), b(x) in {-1, 0, 1} be the paired difference of encoder and reference on picture x, honest and
remembered. The draws are independent and the chance of memory hangs on nothing, so that over audits

    E[score on the control]  = mean a
    E[score on the targets]  = (1 - m) mean a + m mean b
    E[calibrated score]      = m (mean b - mean a),

with means over the population: finite sums, so the truth is exact whatever the neighbours make of an embedding. The
memorized set is the remembered targets. The rest of the targets are drawn just as the control is: the true nulls.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.label_test import Judged

Floats = NDArray[np.float64]
J = TypeVar("J", Judged, JudgedObjects)


@dataclass(frozen=True)
class Truth:
    """The expected scores of an audit, top-1 déjà vu or population precision gap."""

    calibrated: float
    targets: float
    """Of the uncalibrated score: on the targets alone."""
    control: float


@dataclass(frozen=True)
class Evidence:
    """What the scores of single samples need of the label test; the object test's need no more than `judged`."""

    label: NDArray[np.int64]
    label_votes: Floats
    """(N,) votes for the own class, of `k`."""
    probability: Floats
    """(N,) of the own class, by the reference."""
    by_class: NDArray[np.float32]
    """(N, C) similarity to each class."""
    margin: Floats
    k: int


@dataclass(frozen=True)
class Answered(Generic[J]):
    """N pictures, judged."""

    judged: J
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Drawn(Generic[J]):
    """One set of an audit, its n samples judged."""

    judged: J
    evidence: Evidence | None
    memorized: NDArray[np.bool_]
    """(n,) which of the samples the encoder does remember."""


@dataclass(frozen=True)
class Population(Generic[J]):
    """The pictures that audits draw from, answered in both worlds."""

    honest: Answered[J]
    remembered: Answered[J]

    def truth(self, share: float) -> Truth:
        """The expected scores where a target is remembered with chance `share`."""
        never = float(self.honest.judged.difference().mean())
        always = float(self.remembered.judged.difference().mean())
        return Truth(share * (always - never), (1 - share) * never + share * always, never)

    def discordance(self, share: float) -> float:
        """Share of the samples of a set on which encoder and reference differ."""
        never, always = (float(np.abs(one.judged.difference()).mean()) for one in (self.honest, self.remembered))
        return (1 - share) * never + share * always

    def draw(self, n: int, share: float, rng: np.random.Generator) -> Drawn[J]:
        """A set of n samples, each remembered with chance `share`: 0 for a control."""
        at = rng.integers(0, len(self.honest.judged.difference()), n)
        memorized = rng.random(n) < share
        one, other = self.remembered, self.honest
        evidence = None if one.evidence is None else _chosen(memorized, one.evidence, other.evidence, at)
        return Drawn(_chosen(memorized, one.judged, other.judged, at), evidence, memorized)


def _chosen(first: NDArray[np.bool_], one: Any, other: Any, at: NDArray[np.int64]) -> Any:
    """Of two records of columns the rows `at`, from `one` where `first` says so, else from `other`."""
    columns = {}
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if mine is None or isinstance(mine, int):
            columns[field.name] = mine
        elif is_dataclass(mine):
            columns[field.name] = _chosen(first, mine, theirs, at)
        else:
            mask = first.reshape(-1, *[1] * (mine.ndim - 1))
            columns[field.name] = np.where(mask, mine[at], theirs[at])
    return replace(one, **columns)


def unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """The rows at length 1, in single precision as encoders give them."""
    rows = np.asarray(vectors, np.float64)
    scaled: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled
