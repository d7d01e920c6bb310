"""A world of small object sets whose every score is known exactly, by enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, stats

from dejavu_audit.scores.judged_objects import MEASURES, JudgedObjects
from dejavu_audit.scores.objects import PerSample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SHARE = 0.1
"""The top share whose gaps are known."""


@dataclass(frozen=True)
class ObjectOutcomes:
    """Samples of 1 to `most` objects, of which either model finds each by chance, besides some that are not there.

    Half of the samples are easy, half are hard, for both models alike: the chance is `spread` of the way above or below
    its mean to the nearer end. Of a memorized sample the audited model finds every object.
    """

    memorized: float
    """Share of the targets that are memorized."""
    skill: float
    """Mean recall of the audited model on everything else."""
    reference: float
    """Mean recall of the reference."""
    most: int = 6
    spread: float = 0.8
    extra: int = 5
    """Most objects found that are not there; each with the chance `wrong`."""
    wrong: float = 0.4
    shift: float = 1.0
    """By how many standard deviations the nearest public sample of a memorized sample is nearer."""

    def draw(self, n: int, rng: np.random.Generator, *, target: bool) -> JudgedObjects:
        """Samples of the targets or of the control, n of them."""
        true = rng.integers(1, self.most + 1, n)
        easy = rng.random(n) < 0.5
        known = rng.random(n) < self.memorized * target
        found = rng.binomial(true, np.where(easy, *self._chances(self.skill)))
        correct = np.where(known, true, found)
        expected = rng.binomial(true, np.where(easy, *self._chances(self.reference)))
        wrong, wrong_reference = rng.binomial(self.extra, self.wrong, (2, n))
        nearest = rng.standard_normal(n) - self.shift * known - easy
        return JudgedObjects(_per_sample(correct, wrong, true), _per_sample(expected, wrong_reference, true), nearest)

    def _chances(self, mean: float) -> tuple[float, float]:
        """To find an object of an easy and of a hard sample."""
        reach = self.spread * min(mean, 1 - mean)
        return mean + reach, mean - reach

    @cached_property
    def truth(self) -> dict[str, float]:
        """The expected value of scores, by their key."""
        found: dict[str, float] = {}
        for place, memorized in (("targets", self.memorized), ("control", 0.0)):
            chance, judged, known, easy = self._everything(memorized)
            found[f"ppg_{place}"] = float(chance @ judged.difference("precision"))
            found[f"prg_{place}"] = float(chance @ judged.difference("recall"))
            found[f"aucg_{place}"] = float(chance @ judged.gap("recall"))
            end = "" if place == "targets" else "_control"
            found[f"precision_target{end}"] = float(chance @ judged.target.precision)
            found[f"recall_target{end}"] = float(chance @ judged.target.recall)
            among = {
                "max_pred_gap": _first(chance, judged.target.correct - judged.reference.correct),
                "crct_pred": _first(chance, judged.target.correct),
                "min_dist": self._nearest(chance, known, easy),
            }
            for (order, taken), measure in product(among.items(), MEASURES):
                found[f"gap_{measure}_top10pct_{order}_{place}"] = float(taken @ judged.gap(measure)) / SHARE
        for key in [key for key in found if key.endswith("_targets")]:
            base = key.removesuffix("_targets")
            found[base] = found[key] - found[f"{base}_control"]
        return found

    def _everything(self, memorized: float) -> tuple[Floats, JudgedObjects, NDArray[np.bool_], NDArray[np.bool_]]:
        """Every outcome that a sample may have, with its chance, and whether it is memorized and easy."""
        rows = np.array(list(self._outcomes(memorized)))
        chance, rows = rows[:, 0], rows[:, 1:].astype(np.int64)
        correct, wrong, expected, wrong_reference, true, known, easy = rows.T
        judged = JudgedObjects(
            _per_sample(correct, wrong, true), _per_sample(expected, wrong_reference, true), np.zeros(len(rows))
        )
        return chance, judged, known.astype(bool), easy.astype(bool)

    def _outcomes(self, memorized: float) -> Iterator[tuple[float, ...]]:
        wrong = stats.binom.pmf(np.arange(self.extra + 1), self.extra, self.wrong)
        chances, chances_reference = self._chances(self.skill), self._chances(self.reference)
        for true, easy, known in product(range(1, self.most + 1), (0, 1), (0, 1)):
            share = 0.5 / self.most * (memorized if known else 1 - memorized)
            at = np.arange(true + 1)
            one = (at == true) * 1.0 if known else stats.binom.pmf(at, true, chances[1 - easy])
            two = stats.binom.pmf(at, true, chances_reference[1 - easy])
            every = np.einsum("a,b,c,d->abcd", one, wrong, two, wrong)
            for (a, b, c, d), p in np.ndenumerate(every):
                if p * share > 0:
                    yield p * share, a, b, c, d, true, known, easy

    def _nearest(self, chance: Floats, known: NDArray[np.bool_], easy: NDArray[np.bool_]) -> Floats:
        """The chance of each outcome together with being among the nearest."""
        centre = -self.shift * known - 1.0 * easy
        kinds, which = np.unique(centre, return_inverse=True)
        mass = np.bincount(which, chance)
        cut = optimize.brentq(lambda at: float(mass @ stats.norm.cdf(at - kinds)) - SHARE, -20, 20)
        taken: Floats = chance * stats.norm.cdf(cut - kinds)[which]
        return taken


def _per_sample(correct: Ints, wrong: Ints, true: Ints) -> PerSample:
    predicted = correct + wrong
    precision = np.divide(correct, predicted, out=np.zeros(len(true)), where=predicted > 0)
    return PerSample(precision, correct / true, 2 * correct / (predicted + true), correct, predicted, true)


def _first(chance: Floats, value: Ints) -> Floats:
    """The chance of each outcome together with being among the first; tied ones share what is left."""
    levels, which = np.unique(-value, return_inverse=True)
    mass = np.bincount(which, chance, len(levels))
    before = np.cumsum(mass) - mass
    share = np.clip((SHARE - before) / mass, 0, 1)
    taken: Floats = chance * share[which]
    return taken
