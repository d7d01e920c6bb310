"""A sample of outcomes or of fractions, as its interval needs it: sums, and an effective size (method: 4.2).

Score intervals know two kinds of samples: n outcomes in {0, 1} (Wilson) and n paired outcomes in {-1, 0, 1} (Tango).
Whatever else there is (fractions as precision and recall are, clusters, weights, the first share in some order) is
taken for such a sample of another size: the *effective size* at which outcomes of the same mean would vary as much as
this mean is estimated to. For plain outcomes that is n itself. The same is done for surveys, with Wilson's and other
intervals of proportions (Korn and Graubard, Survey Methodology 24, 1998; Dean and Pagano, Journal of Survey Statistics
and Methodology 3, 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from dejavu_audit.scores.bootstrap import Cells, compress, dense, grouped
from dejavu_audit.scores.top_share import TopShare, mean_one

if TYPE_CHECKING:
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """A sample of values: what its mean and every interval of it need."""

    mean: float
    """The estimate."""
    n: int
    """Samples it rests on; of the first share their weight, rounded."""
    cells: Cells
    """The units (samples or clusters), for resampling."""
    up: float
    """Weighted mean of max(v, 0), with the values scaled to lie in [-1, 1]."""
    down: float
    """Weighted mean of max(-v, 0), likewise."""
    size: float
    """Effective size; see the module. With few clusters it is known badly: see `sized`."""
    agreeing: float
    """What it would be, did the samples of each cluster agree throughout (Kish's)."""
    clusters: int | None
    """How many there are; None: every sample is on its own."""
    signed: bool
    """Values lie in [-1, 1]; if not, in [0, 1]."""
    scale: float = 1.0
    """1; more where values lie farther from 0, as those of a linearised figure may."""

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest mean that such values can have."""
        return (-self.scale if self.signed else 0.0), self.scale

    def sized(self, level: float) -> float:
        """The effective size for an interval of confidence `level`.

        Less where it is estimated from few clusters, as Student's t is wider than the normal (one degree of freedom
        for every cluster but one), but no less than if the samples of each agreed.
        """
        if self.clusters is None:
            return self.size
        least = min(self.size, self.agreeing)
        if self.clusters < 2:
            return least
        at = (1 + level) / 2
        return max(self.size * float(special.ndtri(at) / special.stdtrit(self.clusters - 1, at)) ** 2, least)


def observe(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    *,
    signed: bool,
    top: TopShare | None = None,
) -> Sample | None:
    """Look at (n,) values in [-1, 1] (or [0, 1], not `signed`); None where there are none, or none with a weight.

    Args:
        values: (n,), booleans and integers too.
        weights: (n,) of 0 or more, held fixed while resampling; None: all 1.
        groups: (n,) clusters by any integers, each taken whole; None: every sample on its own.
        signed: whether values may be negative.
        top: only the first share of the samples, ranked with these `weights` at mean 1.

    """
    v = np.asarray(values, np.float64)
    w = np.ones_like(v) if weights is None else mean_one(weights)
    member: NDArray[Any] | None = None if groups is None else np.asarray(groups)
    plain = weights is None and groups is None and top is None
    if not plain and not w.all():
        there = np.flatnonzero(w)
        v, w = v[there], w[there]
        member = None if member is None else member[there]
        top = None if top is None else TopShare(top.taken[there], top.at_cut[there])
    if v.size == 0:
        return None
    member = None if member is None else dense(member)
    taken = w if top is None else w * top.taken
    total = float(taken.sum())
    each = taken * v
    mean = float(each.sum()) / total
    up = float(np.maximum(each, 0).sum()) / total
    down = up - mean
    scale = max(1.0, float(np.abs(v).max()))
    cells = compress(v, None if weights is None else w, member) if top is None else _first(v, w, taken, top, member)
    unit = taken if member is None else np.bincount(member, taken)
    agreeing = total**2 / float((unit**2).sum())
    up, down = up / scale, down / scale
    size = total
    if not (plain and _whole(v)):
        middle = up - down
        outcome = (up + down if signed else middle) - middle**2
        size = _effective(cells, total, agreeing, max(outcome, 0.0), scale)
    clusters = None if member is None else cells.units
    return Sample(mean, round(total), cells, up, down, size, agreeing, clusters, signed, scale)


def _whole(values: Floats) -> bool:
    """Whether all are outcomes, -1, 0 or 1."""
    return bool(((values == 0) | (np.abs(values) == 1)).all())


def _first(values: Floats, weights: Floats, taken: Floats, top: TopShare, groups: NDArray[Any] | None) -> Cells:
    """All samples, so that the mean is that of the first share and varies as it does when the cut is found anew.

    With c the value at the cut, and a share q, a sample adds to the mean its taken part of (v - c) / q, and c: to first
    order, another sample among the first pushes one at the cut out. For samples far above the cut in value that is
    more than the spread of the first alone, which is what resampling at a fixed cut sees.
    """
    at_cut = top.value_at_cut(values, weights)
    total = float(weights.sum())
    cut = float((taken * values).sum() / taken.sum()) if at_cut is None else at_cut
    return grouped(taken * (values - cut) * (total / float(taken.sum())) + weights * cut, weights, groups)


def _effective(cells: Cells, total: float, agreeing: float, outcome: float, scale: float) -> float:
    """The size at which outcomes of variance `outcome` have a mean that varies as this one does.

    One more sample is put in that varies as much as any may: an outcome, in a cluster that agrees throughout. It
    decides where next to nothing varies, since what was not seen yet is not bound to be as small as what was.
    """
    units = cells.units
    seen = cells.squares * (total / cells.weight / scale) ** 2 * units / max(units - 1, 1)
    return total * (total * outcome + 1) / (seen + total / agreeing)
