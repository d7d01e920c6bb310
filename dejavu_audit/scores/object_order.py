"""The samples an adversary would look at first: three orders, and how many of the first (method: 2.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from dejavu_audit.scores.confidence import SAME, most_confident

if TYPE_CHECKING:
    from dejavu_audit.scores.judged_objects import JudgedObjects, Measure

Order = Literal["max_pred_gap", "crct_pred", "min_dist"]
Floats = NDArray[np.float64]

ORDERS: Mapping[Order, str] = {
    "max_pred_gap": "correct objects of the audited model less the reference's (knows the truth)",
    "crct_pred": "correct objects of the audited model (knows the truth)",
    "min_dist": "closeness of the nearest public sample",
}
"""What the samples are sorted by, largest first."""
SHARES: Mapping[str, float] = {"0_1pct": 0.001, "1pct": 0.01, "10pct": 0.1}
"""Shares of the samples, by the name they have in keys."""

_VALUE: Mapping[Order, Callable[[JudgedObjects], Floats]] = {
    "max_pred_gap": lambda judged: (judged.target.correct - judged.reference.correct).astype(np.float64),
    "crct_pred": lambda judged: judged.target.correct.astype(np.float64),
    "min_dist": lambda judged: -np.asarray(judged.distance, np.float64),
}


def rank_value(judged: JudgedObjects, order: Order) -> Floats:
    """(n,) what the order sorts by; the first sample has the largest."""
    return _VALUE[order](judged)


def first(judged: JudgedObjects, order: Order, share: float) -> tuple[NDArray[np.intp], Floats]:
    """Rows and weights of the `share` first samples, at least one; those tied at the cut share what is left."""
    weights = most_confident(rank_value(judged, order), share)
    rows = np.flatnonzero(weights)
    return rows, weights[rows]


def first_published(judged: JudgedObjects, order: Order, share: float) -> tuple[NDArray[np.intp], Floats]:
    """The same as the published code takes them: share * n rounded down, at least one, and no sample in part.

    There ties are left to an unstable sort; here the earlier sample comes first.
    """
    rows = np.argsort(-rank_value(judged, order), kind="stable")[: max(1, int(len(judged) * share))]
    return rows, np.ones(len(rows))


def gap_curve(
    judged: JudgedObjects, measure: Measure = "recall", *, points: int = 200
) -> dict[Order, tuple[NDArray[np.int64], Floats]]:
    """Mean gap of the first L samples against L, in each order: for a plot.

    Gives L, up to `points` whole numbers from 1 to n, evenly spaced in their logarithm, and the mean gap at each.
    Samples tied at the cut count in part, so that at n times a share the value is that of `object_scores`.
    """
    n = len(judged)
    size = np.unique(np.geomspace(1, n, points).round().astype(np.int64)) if n else np.zeros(0, np.int64)
    return {order: (size, _first_means(rank_value(judged, order), judged.gap(measure), size)) for order in ORDERS}


def _first_means(value: Floats, gap: Floats, size: NDArray[Any]) -> Floats:
    # Sums of whole groups of ties; within a group the sum grows evenly, which is to interpolate between its ends.
    group, count = np.unique(np.round(-value, SAME), return_inverse=True, return_counts=True)[1:]
    sums = np.bincount(group.reshape(-1), gap, len(count))
    at = np.concatenate([[0], np.cumsum(count)])
    means: Floats = np.interp(size, at, np.concatenate([[0.0], np.cumsum(sums)])) / size
    return means


def recall_curves(target_recall: Floats, reference_recall: Floats) -> tuple[Floats, Floats, Floats]:
    """Thresholds t, and for the audited model and the reference the share of samples with recall of t or more.

    The thresholds are 0, every value of either and 1, rising. A share holds from the threshold before it (excluded) up
    to its own: draw steps that way, and the area between the curves is `aucg` exactly. Both (n,), not empty.
    """
    one, two = (np.asarray(each, np.float64) for each in (target_recall, reference_recall))
    if not one.size or one.shape != two.shape:
        raise ValueError(f"recalls must be of the same samples, at least one: {one.shape} and {two.shape}")
    thresholds = np.unique(np.concatenate([[0.0, 1.0], one, two]))

    def share(recall: Floats) -> Floats:
        return 1 - np.searchsorted(np.sort(recall), thresholds, side="left") / recall.size

    return thresholds, share(one), share(two)
