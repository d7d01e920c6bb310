"""How far two judges of the same samples agree: cross tables, Cohen's kappa, Spearman's rank correlation."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.bootstrap import dense, percentile
from dejavu_audit.scores.estimates import NOTHING, Draws, Score, proportion, sample

Floats: TypeAlias = NDArray[np.float64]
Weighted: TypeAlias = Callable[[Floats], float]
"""A statistic of n samples that are counted with (n,) weights; NaN where it is undefined."""

FEWEST = 10
"""Fewer samples or clusters than this are not resampled."""


def cross_table(first: ArrayLike, second: ArrayLike, size: int, weights: ArrayLike | None = None) -> Floats:
    """(size, size) how often the first judge said i and the second j, of (n,) answers in [0, size)."""
    cell = np.asarray(first, np.int64) * size + np.asarray(second, np.int64)
    counted = np.bincount(cell, None if weights is None else np.asarray(weights, np.float64), size * size)
    return counted.reshape(size, size).astype(np.float64)


def kappa(table: ArrayLike) -> float | None:
    """Cohen's kappa of a square table of counts (Educational and Psychological Measurement 20, 1960).

    (p - e) / (1 - e) with p the share on the diagonal and e the share that would be there by chance, were the judges
    independent. None for an empty table, and where e is 1: both judges always say the same one thing.
    """
    counts = np.asarray(table, np.float64)
    total = float(counts.sum())
    if total == 0:
        return None
    by_chance = float(np.dot(counts.sum(axis=1), counts.sum(axis=0))) / total**2
    if by_chance >= 1:
        return None
    return (float(np.diag(counts).sum()) / total - by_chance) / (1 - by_chance)


def midranks(inverse: NDArray[np.intp], weights: Floats) -> Floats:
    """(n,) ranks of values that `np.unique` numbered, each counted `weights` times; ties share their mean rank.

    Less a constant, which no correlation sees.
    """
    counted = np.bincount(inverse, weights)
    ranks: Floats = (np.cumsum(counted) - counted / 2)[inverse]
    return ranks


def spearman(first: ArrayLike, second: ArrayLike) -> float | None:
    """Spearman's rank correlation of two (n,) columns, ties by their mean rank; None where either is constant."""
    found = _spearman(first, second)(np.ones(np.asarray(first).size))
    return None if np.isnan(found) else found


def _spearman(first: ArrayLike, second: ArrayLike) -> Weighted:
    one, two = (np.unique(np.asarray(of, np.float64), return_inverse=True)[1].reshape(-1) for of in (first, second))

    def weighted(weights: Floats) -> float:
        total = weights.sum()
        if total == 0:
            return float("nan")
        x, y = midranks(one, weights), midranks(two, weights)
        x, y = x - weights @ x / total, y - weights @ y / total
        spread = float(weights @ x**2) * float(weights @ y**2)
        # Sums of squared ranks of a column that is not constant are at least a quarter.
        return float(np.clip(weights @ (x * y) / np.sqrt(spread), -1, 1)) if spread > 1e-6 else float("nan")

    return weighted


def spearman_score(
    first: ArrayLike, second: ArrayLike, key: str, draws: Draws, groups: ArrayLike | None = None
) -> Score:
    """Spearman's rank correlation of two (n,) columns with a percentile bootstrap over samples, or whole clusters.

    Samples that are NaN in either are left out. The ranks are found anew in each replicate.
    """
    one, two = np.asarray(first, np.float64), np.asarray(second, np.float64)
    there = ~(np.isnan(one) | np.isnan(two))
    some = None if groups is None else np.asarray(groups)[there]
    return _bootstrapped(_spearman(one[there], two[there]), int(there.sum()), key, draws, some)


def kappa_score(
    first: ArrayLike, second: ArrayLike, size: int, key: str, draws: Draws, groups: ArrayLike | None = None
) -> Score:
    """Cohen's kappa of two (n,) columns of answers in [0, size), with a percentile bootstrap.

    Its interval is None where fewer than `FEWEST` samples are judged differently: resampling what hardly occurs
    says nothing of how often it might.
    """
    one, two = np.asarray(first), np.asarray(second)

    def weighted(weights: Floats) -> float:
        found = kappa(cross_table(one, two, size, weights))
        return float("nan") if found is None else found

    score = _bootstrapped(weighted, one.size, key, draws, groups)
    if score.estimate is not None and int((one != two).sum()) < FEWEST:
        return Score(score.estimate, None, None, score.n, "none")
    return score


def alike_score(first: ArrayLike, second: ArrayLike, key: str, draws: Draws, groups: ArrayLike | None = None) -> Score:
    """The share of n samples on which both judges say the same, with the interval of any other share."""
    same = np.asarray(first) == np.asarray(second)
    return proportion(sample(same, None, None if groups is None else dense(groups)), key, draws)


def _bootstrapped(statistic: Weighted, n: int, key: str, draws: Draws, groups: ArrayLike | None) -> Score:
    """A statistic with its percentile interval; without one where too few samples, or replicates, define it."""
    estimate = statistic(np.ones(n)) if n else float("nan")
    if np.isnan(estimate):
        return NOTHING
    unit = np.arange(n) if groups is None else dense(groups)
    units = int(unit.max()) + 1
    if units < FEWEST:
        return Score(estimate, None, None, n, "none")
    rng = np.random.default_rng([draws.seed, zlib.crc32(key.encode())])
    found = np.empty(draws.replicates)
    for replicate in range(draws.replicates):
        drawn = np.bincount(rng.integers(0, units, units), minlength=units).astype(np.float64)
        found[replicate] = statistic(drawn if groups is None else drawn[unit])
    if np.isnan(found).mean() > 0.5:
        return Score(estimate, None, None, n, "none")
    low, high = percentile(found, draws.level, estimate)
    return Score(estimate, low, high, n, "bootstrap")
