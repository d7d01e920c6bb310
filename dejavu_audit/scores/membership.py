"""Membership figures of a sample score: how well it tells targets from control (method: 4.3).

Targets are the positives and the control the negatives; a larger score says "was in the training data".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.estimates import NOTHING, Score, as_score

Floats = NDArray[np.float64]

RATES = (0.01, 0.001)
"""False-positive rates at which the true-positive rate is reported."""


@dataclass(frozen=True)
class Roc:
    """What is reached at every threshold, from "nobody" (0, 0) to "everybody" (1, 1); ties are never split."""

    threshold: Floats
    """(r,) a sample is called a member where its score is this or more; the first is infinite."""
    false_positive: Floats
    """(r,) share of the control called members, by weight."""
    true_positive: Floats
    """(r,) share of the targets called members."""


@dataclass(frozen=True)
class AtRate:
    """The true-positive rate at one false-positive rate."""

    rate: float
    true_positive: Score
    """None-valued where the control is too small for the rate."""
    false_positive: float | None
    """The share of the control that is in fact called members: at most `rate`."""
    threshold: float | None
    """Scores of this or more are called members; None: not measured, or above every score."""
    control_needed: int
    """Control samples with which the rate can be measured: 1 / rate."""


@dataclass(frozen=True)
class Figures:
    """Membership figures of one score."""

    auc: Score
    at: tuple[AtRate, ...]


def figures(
    targets: ArrayLike,
    control: ArrayLike,
    *,
    level: float = 0.95,
    weights: ArrayLike | None = None,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
    rates: tuple[float, ...] = RATES,
) -> Figures:
    """AUC and true-positive rates of (n,) finite scores of targets against (m,) of the control.

    `weights` (m,) are the control's, where it was reweighted to be drawn like the targets. `groups` are the clusters of
    the targets (n,) and of the control (m,). Either set empty: nothing is measured.
    """
    one, two = np.asarray(targets, np.float64), np.asarray(control, np.float64)
    mass = np.ones(two.size) if weights is None else np.asarray(weights, np.float64)
    clusters = (None, None) if groups is None else (dense(groups[0]), dense(groups[1]))
    at = tuple(_at_rate(one, two, mass, clusters[0], rate, level) for rate in rates)
    if not one.size or not mass.sum() > 0:
        return Figures(NOTHING, at)
    return Figures(_auc(one, two, mass, clusters, level), at)


def roc(targets: ArrayLike, control: ArrayLike, weights: ArrayLike | None = None) -> Roc:
    """The curve of (n,) scores of targets against (m,) of the control; ValueError where either is empty."""
    one, two = np.asarray(targets, np.float64), np.asarray(control, np.float64)
    if not one.size or not two.size:
        raise ValueError("a ROC curve needs targets and control")
    mass = np.ones(two.size) if weights is None else np.asarray(weights, np.float64)
    threshold, at = np.unique(np.concatenate([one, two]), return_inverse=True)
    found = np.bincount(at[: one.size], minlength=threshold.size)[::-1].cumsum() / one.size
    alarms = np.bincount(at[one.size :], mass, threshold.size)[::-1].cumsum() / mass.sum()
    return Roc(
        np.concatenate([[np.inf], threshold[::-1]]),
        np.concatenate([[0.0], np.minimum(alarms, 1)]),
        np.concatenate([[0.0], found]),
    )


def _auc(
    one: Floats,
    two: Floats,
    mass: Floats,
    clusters: tuple[NDArray[np.intp] | None, NDArray[np.intp] | None],
    level: float,
) -> Score:
    """Chance that a target scores above a control sample, a tie counting half.

    The interval is DeLong's (Biometrics 44, 1988; of clusters Obuchowski's, Biometrics 53, 1997) on the logit scale.
    Where the sets hardly overlap it is too narrow (none at an AUC of 0 or 1), so it is never narrower than the exact
    binomial one with as many trials as the smaller set has samples (clusters: effective ones).
    """
    above, below = _placements(one, two, mass), 1 - _placements(two, one, np.ones(one.size))
    auc = float(above.mean())
    variance = _variance(above, np.ones(one.size), clusters[0]) + _variance(below, mass, clusters[1])
    smaller = min(effective(np.ones(one.size), clusters[0]), effective(mass, clusters[1]))
    low, high = clopper_pearson(auc * smaller, smaller, level)
    if not 0 < auc < 1 or smaller < 2:
        return as_score(auc, (low, high), one.size + two.size, "clopper-pearson")
    half = float(special.ndtri((1 + level) / 2)) * variance**0.5 / (auc * (1 - auc))
    logit = np.log(auc / (1 - auc))
    delong = [float(1 / (1 + np.exp(-(logit + sign * half)))) for sign in (-1, 1)]
    few = min((above < 1).sum(), (above > 0).sum(), (below < 1).sum(), (below > 0).sum()) < 10
    if few:
        return as_score(auc, (min(low, delong[0]), max(high, delong[1])), one.size + two.size, "clopper-pearson")
    return as_score(auc, (delong[0], delong[1]), one.size + two.size, "delong")


def _placements(scores: Floats, others: Floats, mass: Floats) -> Floats:
    """(n,) weighted share of `others` below each score, those at it counting half."""
    order = np.argsort(others, kind="stable")
    upto = np.concatenate([[0.0], np.cumsum(mass[order])])
    ordered = others[order]
    left, right = (upto[np.searchsorted(ordered, scores, side)] for side in ("left", "right"))
    placed: Floats = np.clip((left + right) / 2 / upto[-1], 0, 1)
    return placed


def _variance(placements: Floats, mass: Floats, clusters: NDArray[np.intp] | None) -> float:
    """Of the weighted mean of placements, by samples or whole clusters."""
    off = mass * (placements - np.average(placements, weights=mass))
    units = mass
    if clusters is not None:
        off, units = (np.bincount(clusters, each).astype(np.float64) for each in (off, mass))
    count = int((units > 0).sum())
    return float((off**2).sum() / mass.sum() ** 2 * count / max(count - 1, 1))


def effective(mass: Floats, clusters: NDArray[np.intp] | None) -> float:
    """Kish's effective size of (n,) weights, as if all samples of a `dense` cluster agreed; 0 where nothing weighs."""
    whole = mass if clusters is None else np.bincount(clusters, mass)
    squares = float((whole**2).sum())
    return float(mass.sum()) ** 2 / squares if squares > 0 else 0.0


def _at_rate(
    one: Floats, two: Floats, mass: Floats, clusters: NDArray[np.intp] | None, rate: float, level: float
) -> AtRate:
    """The largest true-positive rate whose share of false positives in the control is at most `rate`.

    The threshold is the lowest such score; samples of one score are called alike. The interval is Clopper and Pearson's
    (clusters: of effective trials), with that threshold held fixed: it tells how sure the share of targets above it is,
    not how sure the false-positive rate.
    """
    needed = ceil(1 / rate * (1 - 1e-9))
    if not one.size or effective(mass, None) * rate < 1 - 1e-9:
        return AtRate(rate, NOTHING, None, None, needed)
    curve = roc(one, two, mass)
    last = int(np.flatnonzero(curve.false_positive <= rate * (1 + 1e-9))[-1])
    share = float(curve.true_positive[last])
    size = effective(np.ones(one.size), clusters)
    score = as_score(share, clopper_pearson(share * size, size, level), one.size, "clopper-pearson")
    threshold = float(curve.threshold[last])
    return AtRate(rate, score, float(curve.false_positive[last]), None if last == 0 else threshold, needed)


def clopper_pearson(successes: float, n: float, level: float) -> tuple[float, float]:
    """The exact binomial interval (Clopper and Pearson, Biometrika 26, 1934); both may be fractions of a sample."""
    from scipy import stats  # takes half a second to load, which whoever only needs intervals would wait for

    tail = (1 - level) / 2
    low = 0.0 if successes <= 0 else float(stats.beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes >= n else float(stats.beta.ppf(1 - tail, successes + 1, n - successes))
    return low, high
