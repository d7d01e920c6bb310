"""Resampling of a weighted mean, over samples or over whole clusters (method: 4.2).

Every score of the label test is a ratio sum(w v) / sum(w) with few distinct values v and fixed weights w. Units
(samples or clusters) with equal sums are interchangeable, so resampling units with replacement is drawing multinomial
counts over the few distinct pairs of sums: 2,000 replicates cost about as much for a million samples as for ten.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BLOCK = 2_000_000
"""Most counts drawn at a time: bounds the memory where clusters have many distinct sums."""


@dataclass(frozen=True)
class Cells:
    """Units grouped by equal sums: cell j stands for `count[j]` units, each with sum(w v) and sum(w) as given."""

    numerator: Floats
    denominator: Floats
    count: NDArray[np.int64]

    @property
    def units(self) -> int:
        """How many samples, or clusters, there are."""
        return int(self.count.sum())

    @property
    def mean(self) -> float:
        """sum(w v) / sum(w)."""
        return float(self.count @ self.numerator / (self.count @ self.denominator))

    @property
    def weight(self) -> float:
        """sum(w)."""
        return float(self.count @ self.denominator)

    @property
    def effective(self) -> float:
        """Kish's effective sample size, as if all samples of a cluster agreed: (sum w)^2 / sum over units of w^2.

        n for samples of equal weight; n^2 / sum(m^2) for clusters of sizes m, which is the worst design effect that
        clustering can have.
        """
        return float(self.weight**2 / (self.count @ self.denominator**2))

    @property
    def squares(self) -> float:
        """Sum over units of (sum(w v) - mean sum(w))^2."""
        return float(self.count @ (self.numerator - self.mean * self.denominator) ** 2)

    @property
    def error(self) -> float:
        """Standard error of the mean, linearised; 0 for one unit, and where all units agree."""
        units = self.units
        return float(np.sqrt(units / max(units - 1, 1) * self.squares)) / self.weight


@dataclass(frozen=True)
class Replicates:
    """Means of resampled units, each with the standard error that such a sample would claim."""

    means: Floats
    """(replicates,); NaN where the weights drawn sum to 0."""
    errors: Floats
    """(replicates,)."""


def dense(groups: ArrayLike) -> NDArray[np.intp]:
    """(n,) clusters of any name, numbered from 0 without gaps."""
    return np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)


def compress(values: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None) -> Cells:
    """Group n samples, or their clusters, by equal sums of w v and of w.

    `values` (n,), `weights` (n,) of 0 or more (None: all 1), `groups` (n,) clusters as `dense`
    numbers them (None: every sample on its own). The cells come sorted, so the order of the samples is of no matter.
    """
    v = np.asarray(values, np.float64)
    if weights is None and groups is None:
        cells, count = np.unique(np.round(v, 9), return_counts=True)
        return Cells(cells, np.ones_like(cells), count.astype(np.int64))
    w = np.ones_like(v) if weights is None else np.asarray(weights, np.float64)
    return grouped(w * v, w, groups)


def grouped(numerator: Floats, denominator: Floats, groups: ArrayLike | None = None) -> Cells:
    """Group n samples with (n,) parts of either sum, or their clusters, by equal sums."""
    if groups is not None:
        member = np.asarray(groups)
        numerator = np.bincount(member, numerator).astype(np.float64)
        denominator = np.bincount(member, denominator).astype(np.float64)
    # Rounded, since the order of summation moves the last bits. One complex number a unit sorts ten times as fast
    # as two columns.
    pairs, count = np.unique(np.round(numerator, 9) + 1j * np.round(denominator, 9), return_counts=True)
    return Cells(pairs.real.copy(), pairs.imag.copy(), count.astype(np.int64))


def resample(cells: Cells, replicates: int, rng: np.random.Generator) -> Replicates:
    """Weighted means, and their standard errors, of as many units drawn with replacement."""
    a, b = cells.numerator, cells.denominator
    # What the mean and its error need: sums over the units of a, b, a^2, a b and b^2.
    terms = np.stack([a, b, a * a, a * b, b * b], axis=1)
    sums = np.empty((replicates, terms.shape[1]))
    # Where hardly two units are alike, counting is dearer than drawing the units themselves (measured: 3 to 6 times).
    alone = cells.units <= 4 * cells.count.size
    unit = np.repeat(np.arange(cells.count.size), cells.count) if alone else None
    step = max(1, BLOCK // (cells.units if alone else cells.count.size))
    for start in range(0, replicates, step):
        rows = slice(start, min(start + step, replicates))
        size = len(sums[rows])
        if unit is not None:
            drawn = unit[rng.integers(0, cells.units, (size, cells.units))]
            sums[rows] = np.stack([term[drawn].sum(1) for term in terms.T], axis=1)
        else:
            sums[rows] = rng.multinomial(cells.units, cells.count / cells.units, size=size) @ terms
    top, bottom, top2, both, bottom2 = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        means = top / bottom
        squares = np.maximum(top2 - 2 * means * both + means**2 * bottom2, 0)
        errors = np.sqrt(cells.units / max(cells.units - 1, 1) * squares) / bottom
    return Replicates(means, errors)


def percentile(means: Floats, level: float, estimate: float) -> tuple[float, float]:
    """The middle `level` of the defined replicates, widened where needed to hold the estimate."""
    low, high = np.nanquantile(means, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), estimate), max(float(high), estimate)
