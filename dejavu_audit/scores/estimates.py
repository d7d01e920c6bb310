"""One number with its interval, and the choice of the interval (method: 4.2)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.bootstrap import Cells, compress, percentile, resample
from dejavu_audit.scores.intervals import Bounds, mover, tango, wilson

RARE = 10
"""Fewer units than this off the commonest outcome: the bootstrap sees too little of the rest, use a score interval."""

FEW = 50
"""Fewer units (samples or clusters) than this in all: the same."""


@dataclass(frozen=True)
class Score:
    """An estimate with its interval; all three are None where nothing was there to measure, never 0."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    """Samples the score rests on; of the most confident, their weight, rounded."""
    method: str
    """Which interval: "bootstrap", "wilson", "tango", "mover-tango" or "none"; of means (see `means`) also "t",
    "tango-bound", "wilson-bound" and "mover"."""


NOTHING = Score(None, None, None, 0, "none")


@dataclass(frozen=True)
class Draws:
    """How to resample: every score gets a stream of its own from the seed and its key."""

    level: float = 0.95
    replicates: int = 2_000
    seed: int = 0

    def of(self, cells: Cells, key: str) -> NDArray[np.float64]:
        """(replicates,) resampled means; the same for the same key, whatever else is computed."""
        return resample(cells, self.replicates, np.random.default_rng([self.seed, zlib.crc32(key.encode())]))


@dataclass(frozen=True)
class Sample:
    """A weighted sample of outcomes in {-1, 0, 1}: what its mean and the choice of its interval need."""

    cells: Cells
    up: float
    """Weighted share of outcomes 1."""
    down: float
    """Weighted share of outcomes -1."""
    rare: bool
    """Too few units are off the commonest outcome, or in all, for the bootstrap."""

    @property
    def n(self) -> int:
        """Total weight, rounded."""
        return round(self.cells.weight)

    @property
    def mean(self) -> float:
        """The estimate."""
        return self.cells.mean

    def tango(self, level: float) -> Bounds:
        """Tango's interval of the mean, on the effective sample size."""
        size = self.cells.effective
        return tango(self.up * size, self.down * size, size, level)

    def wilson(self, level: float) -> Bounds:
        """Wilson's interval of the share of outcomes 1, on the effective sample size."""
        size = self.cells.effective
        return wilson(self.up * size, size, level)


def sample(values: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None) -> Sample | None:
    """Look at (n,) outcomes in {-1, 0, 1} with (n,) weights and `dense` clusters; None if empty."""
    v = np.asarray(values, np.int8)
    if v.size == 0:
        return None
    w = np.ones(v.size) if weights is None else np.asarray(weights, np.float64)
    share = np.bincount(v + 1, w, 3) / w.sum()
    off = w * (v != int(np.argmax(share)) - 1)
    if groups is not None:
        off = np.minimum(np.bincount(np.asarray(groups), off), 1)
    cells = compress(v, w, groups)
    units = int(cells.count[cells.denominator > 0].sum())
    return Sample(cells, float(share[2]), float(share[0]), bool(off.sum() < RARE or units < FEW))


def proportion(of: Sample | None, key: str, draws: Draws) -> Score:
    """A share of successes: bootstrap, or Wilson's interval where successes or failures are rare."""
    if of is None:
        return NOTHING
    if of.rare:
        return as_score(of.mean, of.wilson(draws.level), of.n, "wilson")
    return as_score(of.mean, percentile(draws.of(of.cells, key), draws.level, of.mean), of.n, "bootstrap")


def paired(of: Sample | None, key: str, draws: Draws) -> Score:
    """A mean paired difference: bootstrap, or Tango's interval where discordant samples are rare."""
    if of is None:
        return NOTHING
    if of.rare:
        return as_score(of.mean, of.tango(draws.level), of.n, "tango")
    return as_score(of.mean, percentile(draws.of(of.cells, key), draws.level, of.mean), of.n, "bootstrap")


def calibrated(one: Sample | None, two: Sample | None, keys: tuple[str, str], draws: Draws) -> Score:
    """The difference of two independent paired differences: bootstrap of both, or MOVER where either is rare."""
    if one is None or two is None:
        return NOTHING
    estimate = one.mean - two.mean
    n = one.n + two.n
    if one.rare or two.rare:
        bounds = mover(one.mean, one.tango(draws.level), two.mean, two.tango(draws.level))
        return as_score(estimate, bounds, n, "mover-tango")
    means = draws.of(one.cells, keys[0]) - draws.of(two.cells, keys[1])
    return as_score(estimate, percentile(means, draws.level, estimate), n, "bootstrap")


def as_score(estimate: float, bounds: tuple[ArrayLike, ArrayLike], n: int, method: str) -> Score:
    """Put together, the bounds as plain numbers that hold the estimate."""
    low, high = (float(np.asarray(bound)) for bound in bounds)
    # A score interval that ends at the estimate may miss it by a rounding error.
    return Score(estimate, min(low, estimate), max(high, estimate), n, method)
