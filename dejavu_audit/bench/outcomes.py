"""Worlds of outcomes whose every score is known exactly: what models got right on samples, without any pictures.

A share `memorized` of the targets is remembered; on the rest, and on the control, the audited model and the reference
answer by skill, and tend to be right on the same samples. Truths are worked out by integrals and enumeration, not by
simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import optimize, stats

from dejavu_audit.scores.label_test import Judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dejavu_audit.scores.judged_objects import JudgedObjects

    Floats = NDArray[np.float64]

CONFIDENT = 0.2
"""The share of the most confident."""


class Outcomes(Protocol):
    """A world that targets and control are drawn from, with the true value of its scores."""

    def draw(self, n: int, rng: np.random.Generator, *, target: bool) -> Judged | JudgedObjects:
        """Samples of the targets or of the control, n of them."""
        ...

    @property
    def truth(self) -> Mapping[str, float]:
        """The expected value of scores, by their key."""
        ...


@dataclass(frozen=True)
class LabelOutcomes:
    """Right answers of two models with a given accuracy.

    What a model makes of a sample is a standard normal number: the answer is right where it is high enough, and the
    confidence is the same number with noise. Those of both models on a sample correlate.
    """

    memorized: float
    """Share of the targets that the audited model is right on for certain, at top-1 and top-5."""
    skill: float
    """Accuracy of the audited model on everything else."""
    reference: float
    """Accuracy of the reference."""
    correlation: float = 0.5
    """Of what both models make of a sample."""
    surety: float = 0.6
    """Correlation of confidence and what the model makes of a sample."""
    shift: float = 1.5
    """By how many standard deviations the audited model is surer of a memorized sample."""
    cluster: int = 1
    """Samples come in clusters of 1 to 2 * cluster - 1, remembered whole; 1: every one on its own."""
    alike: float = 0.5
    """Correlation of the numbers within a cluster."""

    def draw(self, n: int, rng: np.random.Generator, *, target: bool) -> Judged:
        """Samples of the targets or of the control, n of them."""
        groups = _clusters(n, self.cluster, rng)

        def normal(size: int) -> Floats:
            own = rng.standard_normal((size, n))
            if groups is None:
                return own
            shared = rng.standard_normal((size, int(groups[-1]) + 1))[:, groups]
            mixed: Floats = np.sqrt(self.alike) * shared + np.sqrt(1 - self.alike) * own
            return mixed

        made, other = normal(2)
        expected = self.correlation * made + (1 - self.correlation**2) ** 0.5 * other
        sure, sure_reference = self.surety * np.stack([made, expected]) + (1 - self.surety**2) ** 0.5 * normal(2)
        known = rng.random(n if groups is None else int(groups[-1]) + 1) < self.memorized * target
        known = known if groups is None else known[groups]
        right = np.stack([made > _least(each(self.skill)) for each in _TOPS.values()], axis=1) | known[:, None]
        expected_right = np.stack([expected > _least(each(self.reference)) for each in _TOPS.values()], axis=1)
        return Judged(right, expected_right, sure + self.shift * known, sure_reference, groups)

    @cached_property
    def truth(self) -> dict[str, float]:
        """The expected value of scores, by their key."""
        found: dict[str, float] = {}
        for place, known in (("", self.memorized), ("_control", 0.0)):
            for top, accuracy in _TOPS.items():
                for suffix, share in (("", 1.0), ("_confident20", CONFIDENT)):
                    ours, theirs, own = self._accuracies(accuracy, known, share)
                    found[f"accuracy_target_{top}{place}{suffix}"] = ours
                    found[f"accuracy_reference_{top}{place}{suffix}"] = own
                    found[f"deja_vu_{top}{place or '_targets'}{suffix}"] = ours - theirs
        for top in _TOPS:
            for suffix in ("", "_confident20"):
                one, two = (found[f"deja_vu_{top}{place}{suffix}"] for place in ("_targets", "_control"))
                found[f"deja_vu_{top}{suffix}"] = one - two
        return found

    def _accuracies(self, accuracy: _Accuracy, known: float, share: float) -> tuple[float, float, float]:
        """Of the audited model and the reference on the first's surest, and of the reference on its own surest."""
        cut, own_cut = self._cut(known, share), _least(share)
        least, least_reference = _least(accuracy(self.skill)), _least(accuracy(self.reference))
        tied = self.surety * self.correlation
        ours = (1 - known) * _above(cut, least, self.surety) + known * stats.norm.sf(cut - self.shift)
        theirs = (1 - known) * _above(cut, least_reference, tied)
        theirs += known * _above(cut - self.shift, least_reference, tied)
        own = _above(own_cut, least_reference, self.surety)
        return float(ours) / share, theirs / share, own / share

    def _cut(self, known: float, share: float) -> float:
        """The confidence that a share of the samples exceeds."""
        if share == 1:
            return -np.inf

        def excess(cut: float) -> float:
            above = (1 - known) * stats.norm.sf(cut) + known * stats.norm.sf(cut - self.shift)
            return float(above) - share

        return float(optimize.brentq(excess, -10, 10 + self.shift))


class _Accuracy(Protocol):
    def __call__(self, top1: float, /) -> float: ...


_TOPS: dict[str, _Accuracy] = {
    "top1": lambda top1: top1,
    # As if top-5 were two and a half independent tries.
    "top5": lambda top1: 1 - (1 - top1) ** 2.5,
}


def _least(share: float) -> float:
    """What a standard normal number exceeds with the chance `share`."""
    return float(stats.norm.isf(share))


def _above(one: float, two: float, correlation: float) -> float:
    """The chance that two standard normal numbers of that correlation exceed `one` and `two`."""
    if one == -np.inf:
        return float(stats.norm.sf(two))
    return float(stats.multivariate_normal.cdf([-one, -two], cov=[[1, correlation], [correlation, 1]]))


def _clusters(n: int, mean: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """(n,) clusters, numbered in their order; None where every sample is on its own."""
    if mean == 1:
        return None
    sizes = rng.integers(1, 2 * mean, n)
    return np.repeat(np.arange(n), sizes)[:n]
