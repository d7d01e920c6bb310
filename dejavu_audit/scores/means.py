"""Intervals for means of values between -1 and 1, as precision, recall and their gaps are (method: 4.2).

The paired percentile bootstrap over samples or whole clusters is the rule. It is left where it is known to fail, or
where it costs much and says no more:

- *Rare or few.* Where the variance rests on fewer than RARE units, or there are fewer than FEW in all, the sample says
  little of what else there is. A value v stands for an outcome in {-1, 0, 1} of the same mean (1 with chance v, or -1
  with chance -v), which varies at least as much, as v^2 <= |v|. So Tango's interval (Wilson's, of values of 0 or more)
  for the sums of the positive and of the negative parts is a bound, which allows for the unseen: "tango-bound",
  "wilson-bound".
- *Many.* With over MANY different units the bootstrap distribution of a mean is normal to within the noise of 2,000
  replicates (3 % of a half-width at the 2.5 % quantile; skewness 5 moves it as much at n = 2,000), and costs seconds a
  score: "t", which is the normal interval then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from dejavu_audit.scores.bootstrap import Cells, compress, dense, percentile
from dejavu_audit.scores.estimates import FEW, NOTHING, RARE, Draws, Score, as_score
from dejavu_audit.scores.intervals import Bounds, mover, tango, wilson

MANY = 1_000
"""More different units (samples or clusters by their sums) than this: Student's t instead of the bootstrap."""


@dataclass(frozen=True)
class Mean:
    """A weighted sample of values: what its mean and the choice of its interval need."""

    mean: float
    """The estimate."""
    n: int
    """Total weight, rounded."""
    cells: Cells
    """The units, with weights of which the largest is 1."""
    up: float
    """Weighted mean of max(v, 0)."""
    down: float
    """Weighted mean of max(-v, 0)."""
    signed: bool
    """Values lie in [-1, 1]; if not, in [0, 1]."""
    scale: float
    """1; more where values lie farther from 0, as those of a linearised figure may."""

    @property
    def method(self) -> str:
        """Which interval suits; see the module."""
        if self.spread < RARE or self.cells.units < FEW:
            return "tango-bound" if self.signed else "wilson-bound"
        return "t" if self.cells.count.size > MANY else "bootstrap"

    @cached_property
    def spread(self) -> float:
        """How many units the variance rests on, (sum d^2)^2 / sum d^4 with deviations d; 0 where all are equal.

        b, where b of many samples are 1 and the rest 0; a third of the units, where they are normal.
        """
        squares = (self.cells.numerator - self.mean * self.cells.denominator) ** 2
        fourth = float(self.cells.count @ squares**2)
        return float(self.cells.count @ squares) ** 2 / fourth if fourth > 0 else 0.0

    def bounds(self, key: str, draws: Draws) -> Bounds:
        """The interval of `method`."""
        if self.method == "bootstrap":
            return _arrays(*percentile(draws.of(self.cells, key), draws.level, self.mean))
        if self.method == "t":
            return self._student(draws.level)
        size = self.cells.effective
        if not self.signed:
            return wilson(self.up * size, size, draws.level)
        low, high = tango(self.up / self.scale * size, self.down / self.scale * size, size, draws.level)
        return low * self.scale, high * self.scale

    def _student(self, level: float) -> Bounds:
        """Student's interval of a ratio of sums over units, within the range that the values have."""
        cells, units = self.cells, self.cells.units
        off = cells.numerator - self.mean * cells.denominator
        error = np.sqrt(units / (units - 1) * (cells.count @ off**2)) / cells.weight
        # Kish's size, since clusters or weights that differ much leave fewer degrees of freedom than there are units.
        reach = float(stats.t.ppf((1 + level) / 2, max(cells.effective - 1, 1)) * error)
        least = -self.scale if self.signed else 0.0
        return _arrays(max(self.mean - reach, least), min(self.mean + reach, self.scale))


def observe(
    values: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None, *, signed: bool
) -> Mean | None:
    """Look at (n,) values in [-1, 1] (or [0, 1], not `signed`) with (n,) weights and clusters; None if empty.

    Samples of weight 0 are left out, and so are clusters of nothing else. `groups` may be any integers.
    """
    v = np.asarray(values, np.float64)
    w = None if weights is None else np.asarray(weights, np.float64)
    member: NDArray[Any] | None = None if groups is None else np.asarray(groups)
    if w is not None:
        there = np.flatnonzero(w > 0)
        v, w = v[there], w[there]
        member = None if member is None else member[there]
    if v.size == 0:
        return None
    member = None if member is None else dense(member)
    # Tiny weights, of a handful shared by many tied samples, would drown in the rounding of `compress`.
    cells = compress(v, None if w is None else w / w.max(), member)
    each = np.ones(v.size) if w is None else w
    total = float(each.sum())
    up, down = (float(each @ np.maximum(sign * v, 0)) / total for sign in (1, -1))
    scale = max(1.0, float(np.abs(v).max()))
    return Mean(float(each @ v) / total, round(total), cells, up, down, signed, scale)


def mean(of: Mean | None, key: str, draws: Draws) -> Score:
    """The mean with its interval."""
    if of is None:
        return NOTHING
    return as_score(of.mean, of.bounds(key, draws), of.n, of.method)


def difference(one: Mean | None, two: Mean | None, keys: tuple[str, str], draws: Draws) -> Score:
    """The difference of two independent means: bootstrap of both, or MOVER of both intervals where one is another."""
    if one is None or two is None:
        return NOTHING
    estimate, n = one.mean - two.mean, one.n + two.n
    if one.method == two.method == "bootstrap":
        means = draws.of(one.cells, keys[0]) - draws.of(two.cells, keys[1])
        return as_score(estimate, percentile(means, draws.level, estimate), n, "bootstrap")
    bounds = (each.bounds(key, draws) for each, key in zip((one, two), keys, strict=True))
    return as_score(estimate, mover(one.mean, next(bounds), two.mean, next(bounds)), n, "mover")


def _arrays(low: float, high: float) -> Bounds:
    return np.asarray(low), np.asarray(high)
