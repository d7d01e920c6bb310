"""The blind classifier: are targets told from control by what has nothing to do with the audited model (method: 4.3)?

A ridge classifier, cross-fitted. Its predictions are linear in the labels, so that it is refitted for hundreds of
permuted labellings at the price of matrix products: the p-value of its AUC is that of an exact permutation test, which
knows all that cross-fitting does to an AUC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from dejavu_audit.scores.two_sample import TIES, Exchange

Floats = NDArray[np.float64]

FOLDS = 5
PENALTY = 1.0
"""Of the ridge, in units of the mean eigenvalue. A fixed one: generalised cross-validation cost AUC where it mattered
(0.53 against 0.55 for a weak shift of many statistics, 1,800 samples) and gained none."""
POWER = 0.8


@dataclass(frozen=True)
class Blind:
    """How well a classifier that never sees the model tells targets from control."""

    auc: float
    """Chance that a target scores above a control, ties by half; 0.5 is chance."""
    low: float
    high: float
    """Interval of this classifier's AUC; that another sample would train another one is not in it."""
    p_value: float
    """One-sided, of an AUC above chance."""
    threshold: float
    """The AUC that chance exceeds with probability `alpha`."""
    detectable: float
    """The AUC that this classifier must reach on average to be noticed with 80 % probability."""
    draws: int


def auc(scores: ArrayLike, targets: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted chance that a target scores above a control, ties by half; (n,) each."""
    below, weight = _placements(scores, targets, weights)
    return float(np.average(below, weights=weight))


def _placements(scores: ArrayLike, targets: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    """Of every target the weighted share of the control below it (ties by half), and its weight."""
    s, who = np.asarray(scores, np.float64), np.asarray(targets, bool)
    w = np.ones(s.size) if weights is None else np.asarray(weights, np.float64)
    distinct, place = np.unique(np.round(s, 12), return_inverse=True)
    control = np.bincount(place[~who], w[~who], distinct.size)
    below = (np.cumsum(control) - control / 2) / control.sum()
    return below[place[who]], w[who]


def aucs(scores: Floats, targets: NDArray[np.bool_], as_control: Floats) -> Floats:
    """(b,) the same for every column of (n, b) scores and labellings; as a control sample i weighs `as_control[i]`."""
    rows, labels = np.ascontiguousarray(scores.T), targets.T
    order = np.argsort(rows, axis=1)
    s, who = (np.take_along_axis(of, order, axis=1) for of in (rows, labels))
    control = np.where(who, 0.0, as_control[order])
    reached = np.cumsum(control, axis=1)
    fresh = np.hstack([np.ones_like(s[:, :1], bool), np.diff(s, axis=1) > 1e-12])
    below = reached - control / 2
    if not fresh.all():
        # A run of equal scores counts by half: from where it begins to where it ends.
        place = np.arange(s.shape[1])
        begins = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
        last = np.hstack([fresh[:, 1:], np.ones_like(fresh[:, :1])])
        ends = np.minimum.accumulate(np.where(last, place, s.shape[1])[:, ::-1], axis=1)[:, ::-1]
        before = np.take_along_axis(reached - control, begins, axis=1)
        below = (before + np.take_along_axis(reached, ends, axis=1)) / 2
    found: Floats = np.where(who, below, 0).sum(axis=1) / who.sum(axis=1) / reached[:, -1]
    return found


def auc_interval(
    scores: ArrayLike,
    targets: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[float, float, float]:
    """The AUC with DeLong's interval on the logit scale, clusters (`units`) as wholes.

    Where both sets are told apart without a fault, DeLong's variance is 0. The smaller set has m units, which make m
    pairs that share none; an AUC of A puts all in order with at most the chance A^m: the low end is the A where that is
    (1 - level) / 2. Where either set has a single unit, or all scores are equal, the interval is all of [0, 1].
    """
    s, who = np.asarray(scores, np.float64), np.asarray(targets, bool)
    w = np.ones(s.size) if weights is None else np.asarray(weights, np.float64)
    unit = np.arange(s.size) if units is None else np.asarray(units)
    above, of_target = _placements(s, who, w)
    below, of_control = _placements(-s, ~who, w)
    estimate = float(np.average(above, weights=of_target))
    variance, sizes = 0.0, []
    for place, weight, member in ((above, of_target, unit[who]), (below, of_control, unit[~who])):
        summed = np.bincount(np.unique(member, return_inverse=True)[1], weight * (place - estimate))
        count = summed.size
        sizes.append(count)
        if count < 2:
            return estimate, 0.0, 1.0
        variance += count / (count - 1) * float(summed @ summed) / float(weight.sum()) ** 2
    if variance <= TIES**2:
        bound = ((1 - level) / 2) ** (1 / min(sizes))
        return estimate, bound if estimate > 0.5 + TIES else 0.0, 1 - bound if estimate < 0.5 - TIES else 1.0
    half = float(stats.norm.ppf((1 + level) / 2)) * variance**0.5 / (estimate * (1 - estimate))
    logit = np.log(estimate / (1 - estimate))
    low, high = (1 / (1 + np.exp(-(logit + side * half))) for side in (-1, 1))
    return estimate, float(low), float(high)


def folds_of(groups: ArrayLike, seed: int, folds: int = FOLDS) -> NDArray[np.int64]:
    """(n,) fold of each sample, whole clusters together, folds of like size, blind to who is a target."""
    _, member, size = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(size.size)
    before = np.cumsum(size[order]) - size[order] / 2
    fold = np.empty(size.size, np.int64)
    fold[order] = np.minimum((before / size.sum() * folds).astype(np.int64), folds - 1)
    found: NDArray[np.int64] = fold[member]
    return found


class CrossFit:
    """Ridge classifiers on (n, p) columns, each fold's fitted on the others; ready for any labelling."""

    def __init__(self, columns: NDArray[np.floating], folds: ArrayLike, cells: ArrayLike | None = None) -> None:
        x = np.asarray(columns, np.float64)
        self._cells = np.zeros(len(x), np.int64) if cells is None else np.asarray(cells, np.int64)
        self._folds = []
        for fold in np.unique(np.asarray(folds)):
            held = np.flatnonzero(folds == fold)
            rest = np.flatnonzero(folds != fold)
            if rest.size:
                self._folds.append((held, rest, *_decomposed(x[rest], x[held])))

    def scores(self, labels: Floats) -> Floats:
        """(n, b) labels, 1 for a target, to (n, b) scores of every sample by a classifier that did not see it."""
        found = np.zeros(labels.shape)
        for held, rest, left, kept, right in self._folds:
            known = left.T @ self._centred(labels[rest], self._cells[rest])
            found[held] = right @ (kept[:, None] * known)
        return found

    def _centred(self, labels: Floats, cells: NDArray[np.int64]) -> Floats:
        """Less the share of targets of each cell: what is learned are differences within cells."""
        number = np.unique(cells, return_inverse=True)[1]
        size = np.bincount(number)[:, None]
        order = np.argsort(number, kind="stable")
        starts = np.concatenate([[0], np.cumsum(size[:-1, 0])])
        centred: Floats = labels - (np.add.reduceat(labels[order], starts, axis=0) / size)[number]
        return centred


def _decomposed(fit: Floats, held: Floats) -> tuple[Floats, Floats, Floats]:
    """U (m, r), s^2 / (s^2 + penalty) (r,) and held @ V / s (h, r), of the singular vectors and values of the fit.

    The ridge prediction is the product of the three, the last first, with the labels.
    """
    if fit.shape[1] <= fit.shape[0]:
        values, vectors = np.linalg.eigh(fit.T @ fit)
        kept = values > 1e-9 * max(float(values[-1]), TIES)
        values, vectors = values[kept], vectors[:, kept]
        scaled = vectors / np.sqrt(values)
    else:
        values, left = np.linalg.eigh(fit @ fit.T)
        kept = values > 1e-9 * max(float(values[-1]), TIES)
        values = values[kept]
        scaled = fit.T @ left[:, kept] / values
    return fit @ scaled, values / (values + PENALTY * values.mean()) if values.size else values, held @ scaled


def blind(
    columns: NDArray[np.floating],
    exchange: Exchange,
    *,
    groups: ArrayLike | None = None,
    seed: int,
    level: float = 0.95,
    alpha: float = 0.05,
    draws: int = 499,
) -> Blind:
    """Train and test the classifier on (n, p) standardised columns; `groups` (n,) lie in one fold as wholes.

    Raises ValueError unless there are two units in both sets.
    """
    if min(exchange.sizes) < 2:
        raise ValueError("a blind classifier needs two samples or clusters in both sets")
    fit, scores = _fitted(columns, exchange, groups, seed)
    estimate, low, high = auc_interval(
        scores, exchange.targets, weights=exchange.weights, units=exchange.units, level=level
    )
    dealt_aucs = []
    for block in exchange.shuffled(draws, np.random.default_rng([seed, 1])):
        dealt = block[exchange.units]
        dealt_aucs.append(aucs(fit.scores(dealt), dealt > 0.5, exchange.as_control))
    null = np.concatenate(dealt_aucs)
    threshold = float(np.quantile(null, 1 - alpha))
    return Blind(
        auc=estimate,
        low=low,
        high=high,
        p_value=(1 + int((null >= estimate - TIES).sum())) / (1 + draws),
        threshold=threshold,
        detectable=min(threshold + float(stats.norm.ppf(POWER) * np.std(null)), 1.0),
        draws=draws,
    )


def blind_auc(
    columns: NDArray[np.floating], exchange: Exchange, *, groups: ArrayLike | None = None, seed: int
) -> float:
    """The AUC alone, as `blind` finds it: for the columns of one feature."""
    _, scores = _fitted(columns, exchange, groups, seed)
    return auc(scores, exchange.targets, exchange.weights)


def _fitted(
    columns: NDArray[np.floating], exchange: Exchange, groups: ArrayLike | None, seed: int
) -> tuple[CrossFit, Floats]:
    n = exchange.targets.size
    fit = CrossFit(columns, folds_of(np.arange(n) if groups is None else groups, seed), exchange.cells[exchange.units])
    return fit, fit.scores(exchange.targets[:, None].astype(np.float64))[:, 0]
