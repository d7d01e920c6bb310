"""What the curves of the report are drawn through; arrays in, points out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POINTS = 160
"""Of one curve, at most."""
SAME = 10
"""Decimals to which confidences count as tied."""


def most_confident(
    confidence: Floats, right: NDArray[np.bool_], weights: Floats | None = None, *, least: float
) -> list[tuple[float, float]]:
    """How many of the most confident samples are right, against their share of all: points of (share, share right).

    All (n,). Shares are evenly spaced in their logarithm from `least` to 1. Samples tied at the cut count in part, as
    in the scores of the most confident. Samples without a confidence are left out.
    """
    there = ~np.isnan(confidence)
    weight = np.ones(len(confidence)) if weights is None else np.asarray(weights, np.float64)
    there &= weight > 0
    if not there.any():
        return []
    key, weight, hit = -np.round(confidence[there], SAME), weight[there], right[there].astype(np.float64)
    group = np.unique(key, return_inverse=True)[1].reshape(-1)
    total, good = (np.bincount(group, each) for each in (weight, weight * hit))
    upto = np.concatenate([[0.0], np.cumsum(total)])
    sums = np.concatenate([[0.0], np.cumsum(good)])
    share = np.geomspace(max(least, float(weight.min() / upto[-1])), 1.0, POINTS)
    at = share * upto[-1]
    return list(zip(share.tolist(), (np.interp(at, upto, sums) / at).tolist(), strict=True))


def thinned(*columns: Floats) -> list[tuple[float, ...]]:
    """Rows of (m,) columns, at most POINTS of them, the ends among them."""
    size = len(columns[0])
    rows = np.unique(np.linspace(0, size - 1, min(size, POINTS)).round().astype(np.int64))
    return list(zip(*(column[rows].tolist() for column in columns), strict=True))
