"""Oracle encoders for the label test: embeddings that point to the class of a cue, of a memory, or of a guess.

A picture has a class y, uniform over C, and a background whose *cue* names y with chance r (the correlation), else any
class with equal chance. The encoder reads the cue with chance a_f, the reference with a_g, on their own; who does not
read it guesses: with chance `confusion` the class's usual mistake, (y + 1) mod C, else any class. With
rho = r + (1 - r) / C and gamma = (1 - confusion) / C, where the neighbours name the class that an embedding points to

    P(f right, honest) = a_f rho + (1 - a_f) gamma,     P(g right) = a_g rho + (1 - a_g) gamma,
    DV(H) = (a_f - a_g) (rho - gamma),                  calibrated DV = m (1 - P(f right, honest)).

How surely an embedding points is drawn alike for right and wrong readings: a confident wrong guess is right once in C
times, as in encoders that were trained. Weak ones are named by chance of the neighbours; what then holds exactly is
the mean over the population (see `oracle`), from which these formulas, `expected`, differ a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from dejavu_audit.bench.oracle import Answered, Evidence, Population, Truth, unit
from dejavu_audit.inference.reference import Expected
from dejavu_audit.inference.reference import ask as ask_reference
from dejavu_audit.neighbors import nearest
from dejavu_audit.scores.label_test import Judged
from dejavu_audit.scores.similarities import similarities
from dejavu_audit.scores.votes import votes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dejavu_audit.scores.votes import Votes
    from dejavu_audit.types import Array, Baseline

    Ints = NDArray[np.int64]

PUBLIC_NOISE = 1.2
"""Length of a public picture's own part, beside its class's of length 1."""
HONEST, MEMORY = (2.0, 2.0), (4.0, 2.0)
"""Beta laws of how surely an embedding points; a memory is somewhat surer than a reading of the background."""
SURE = (0.3, 0.95)
"""Cosine of an embedding with the direction of its class, at its least and most sure."""


@dataclass(frozen=True)
class LabelWorld:
    """Everything that is planted but for the share of memorized targets."""

    classes: int = 100
    correlation: float = 0.3
    """r: chance that a background's cue names the class."""
    skill: float = 0.6
    """a_f: chance that the encoder reads the cue."""
    reference_skill: float = 0.6
    """a_g: the same of the reference."""
    confusion: float = 0.3
    """Share of guesses that go to the class's usual mistake."""
    public_per_class: int = 30
    k: int = 30
    pictures: int = 10_000
    """Size of the population."""

    @property
    def dimensions(self) -> int:
        """Of the embeddings: room for directions that are far apart."""
        return 16 if self.classes <= 16 else 64

    def expected(self, share: float) -> Truth:
        """The scores by the formulas above, m = `share`."""
        rho = self.correlation + (1 - self.correlation) / self.classes
        gamma = (1 - self.confusion) / self.classes
        right, reference = (a * rho + (1 - a) * gamma for a in (self.skill, self.reference_skill))
        calibrated = share * (1 - right)
        return Truth(calibrated, calibrated + right - reference, right - reference)

    def populate(self, seed: int, *, evidence: bool = False) -> Population[Judged]:
        """Plant the answers and read them as an audit does; with `evidence`, also for the scores of single samples."""
        rng = np.random.default_rng(seed)
        public, public_labels, directions = self._public(rng)
        label = rng.integers(0, self.classes, self.pictures)
        cue = np.where(rng.random(self.pictures) < self.correlation, label, self._any(rng))
        expected = self._reference(label, self._reading(label, cue, self.reference_skill, rng), rng)
        honest = _pointing(directions[self._reading(label, cue, self.skill, rng)], HONEST, rng)
        remembered = _pointing(directions[label], MEMORY, rng)

        def answered(embeddings: NDArray[np.float32]) -> Answered[Judged]:
            found = nearest(embeddings, public, self.k)
            voted = votes(found.indices, public_labels, self.classes)
            judged = _judged(label, voted, expected)
            if not evidence:
                return Answered(judged)
            alike = similarities(embeddings, label, public, public_labels, self.classes, unit=True)
            own = np.rint(voted.share(label) * self.k)
            return Answered(judged, Evidence(label, own, expected.probability, alike.by_class, alike.margin, self.k))

        return Population(answered(honest), answered(remembered))

    def _public(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], Ints, NDArray[np.float32]]:
        """Public embeddings around the directions of their classes."""
        directions = unit(rng.standard_normal((self.classes, self.dimensions)))
        labels = np.repeat(np.arange(self.classes), self.public_per_class)
        own = rng.standard_normal((len(labels), self.dimensions)) * PUBLIC_NOISE / self.dimensions**0.5
        return unit(directions[labels] + own), labels, directions

    def _any(self, rng: np.random.Generator) -> Ints:
        return rng.integers(0, self.classes, self.pictures)

    def _reading(self, label: Ints, cue: Ints, skill: float, rng: np.random.Generator) -> Ints:
        """(pictures,) the class that a reader of this skill takes each background for."""
        mistake = (label + 1) % self.classes
        guess = np.where(rng.random(self.pictures) < self.confusion, mistake, self._any(rng))
        return np.where(rng.random(self.pictures) < skill, cue, guess)

    def _reference(self, label: Ints, named: Ints, rng: np.random.Generator) -> Expected:
        """Class probabilities with `named` on top, as sure where that is wrong as where it is right: overconfident."""
        rest = rng.standard_exponential((self.pictures, self.classes))
        sure = rng.beta(*HONEST, self.pictures)[:, None]
        p = (1 - sure) * rest / rest.sum(axis=1, keepdims=True)
        rows = np.arange(self.pictures)
        p[rows, named] += sure[:, 0]
        top = p.argmax(axis=1)
        p[rows, top], p[rows, named] = p[rows, named], p[rows, top]
        expected = Expected.empty(self.pictures)
        ask_reference(cast("Baseline", _Told()), {}, p, label, self.classes, expected, rows)
        return expected


class _Told:
    """A reference that answers what it is given."""

    name = "oracle"

    def predict(self, state: Mapping[str, Array], features: Array) -> Array:
        return features


def _judged(label: Ints, voted: Votes, expected: Expected) -> Judged:
    """As the label test judges."""
    own = label[:, None]
    return Judged(
        target_right=np.stack([voted.top1 == label, (voted.top5 == own).any(axis=1)], axis=1),
        reference_right=np.stack([expected.top1 == label, (expected.top5 == own).any(axis=1)], axis=1),
        target_confidence=voted.confidence,
        reference_confidence=expected.confidence,
    )


def _pointing(
    directions: NDArray[np.float32], law: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Embeddings that point to the directions (n, d), each as surely as `law` draws it, else anywhere."""
    least, most = SURE
    cosine = (least + (most - least) * rng.beta(*law, len(directions)))[:, None]
    elsewhere = unit(rng.standard_normal(directions.shape))
    return unit(cosine * directions + np.sqrt(1 - cosine**2) * elsewhere)
