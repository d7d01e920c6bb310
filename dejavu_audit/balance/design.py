"""Features as codes for the two-sample test, and as standardised columns for the blind classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from dejavu_audit.scores.two_sample import Coded, quantile_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.balance.features import Feature

    Floats = NDArray[np.float64]

BINS = 255
"""Bins in which a number is tested; all of its values where there are fewer."""
COARSE = 31
"""The same of each component of a vector."""
STEPS = 8
"""Bins of a number that the classifier sees."""
MOST_LEVELS, RARE, RARE_SHARE = 64, 20, 0.005
"""Categories that it sees: the commonest, with so many samples and such a share of them."""


def coded(feature: Feature) -> Coded:
    """The feature as the two-sample test takes it; what is missing is a value of its own."""
    if feature.kind == "category":
        codes = np.unique(feature.values, return_inverse=True)[1].reshape(-1, 1)
        return Coded(codes.astype(np.int64), ordered=False)
    columns, most = (feature.values[:, None], BINS) if feature.kind == "number" else (feature.values, COARSE)
    return Coded(np.stack([quantile_codes(column, most) for column in columns.T], axis=1), ordered=True)


def columns(feature: Feature) -> Floats:
    """(n, c) standardised columns of one feature: straight, squared and in steps; c is 0 if all are constant."""
    if feature.kind == "category":
        made = _levels(feature.values)
    elif feature.kind == "number":
        made = _number(feature.values)
    else:
        made = _vector(feature.values)
    made = made - made.mean(axis=0)
    spread = made.std(axis=0)
    kept: Floats = made[:, spread > 1e-9] / spread[spread > 1e-9]
    return kept


def _levels(values: NDArray[np.int64]) -> Floats:
    found, place, count = np.unique(values, return_inverse=True, return_counts=True)
    common = np.flatnonzero(count >= max(RARE, RARE_SHARE * values.size))
    common = common[np.argsort(-count[common], kind="stable")][:MOST_LEVELS]
    return (place.reshape(-1, 1) == common).astype(np.float64) if found.size > 1 else np.empty((values.size, 0))


def _number(values: Floats) -> Floats:
    score, missing = _normal_scores(values)
    steps = quantile_codes(values, STEPS)
    return np.column_stack([score, missing, score**2, steps[:, None] == np.arange(1, steps.max(initial=0) + 1)])


def _vector(values: NDArray[np.float32]) -> Floats:
    scores = np.column_stack([_normal_scores(column)[0] for column in values.T.astype(np.float64)])
    missing = np.isnan(values).any(axis=1)
    binary = (scores.max(axis=0) == 1) & (scores.min(axis=0) == 0)
    return np.column_stack([scores, missing, scores[:, ~binary] ** 2])


def _normal_scores(values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Ranks (ties: their mean) as normal quantiles, 0 where missing; and where that is. Two values are 0 and 1."""
    missing = np.isnan(values)
    distinct, place, count = np.unique(values[~missing], return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    level = np.arange(distinct.size) if distinct.size <= 2 else norm.ppf((rank - 0.5) / max(place.size, 1))
    scores = np.zeros(values.size)
    scores[~missing] = level[place]
    return scores, missing
