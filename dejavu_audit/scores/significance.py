"""Tests: is the audited model better than the reference on targets, and more so than on the control (method: 4.2)?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.bootstrap import BLOCK, compress, dense
from dejavu_audit.scores.top_share import mean_one


@dataclass(frozen=True)
class McNemar:
    """Exact McNemar (sign) test on paired right answers."""

    first_only: int
    second_only: int
    greater: float
    """One-sided p-value of "the first is better than the second"."""
    two_sided: float


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Exact McNemar test of two (n,) columns of right answers; no discordant sample gives p = 1.

    Under the null each discordant sample falls to either side like a fair coin. Samples are taken as independent.
    """
    from scipy import stats  # takes half a second to load, which whoever only needs intervals would wait for

    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape:
        raise ValueError(f"paired answers differ in shape: {first.shape} and {second.shape}")
    won, lost = int((first & ~second).sum()), int((second & ~first).sum())
    if won + lost == 0:
        return McNemar(0, 0, 1.0, 1.0)
    greater = stats.binomtest(won, won + lost, alternative="greater").pvalue
    return McNemar(won, lost, float(greater), float(stats.binomtest(won, won + lost).pvalue))


def permutation_test(
    targets: ArrayLike,
    control: ArrayLike,
    *,
    target_groups: ArrayLike | None = None,
    control_groups: ArrayLike | None = None,
    target_strata: ArrayLike | None = None,
    control_strata: ArrayLike | None = None,
    target_weights: ArrayLike | None = None,
    control_weights: ArrayLike | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> float:
    """One-sided p-value that the (weighted) mean of `targets` (n,) exceeds that of `control` (m,), by permutation.

    Under the null the samples of both are exchangeable: with strata (integers of one numbering for both sets), those of
    the same stratum. With groups, clusters are, and are moved whole (a group is taken as another one in the other set;
    its stratum is the lowest of its samples'). A weight belongs to a place in its set and stratum, not to the sample
    there: samples are dealt out anew over the places, which keeps the test exact with any weights. Units with equal
    sums are interchangeable, so dealing them out is one multivariate hypergeometric draw for places of equal weight.
    p = (1 + draws at least as large) / (1 + draws), which never reads 0. Raises ValueError if either set is empty, or
    has no weight above 0.
    """
    one = _places(targets, target_groups, target_strata, target_weights)
    two = _places(control, control_groups, control_strata, control_weights)
    rng = np.random.default_rng(seed)
    observed = one.mean - two.mean
    # Sums of weights and of weighted values, of the targets and of the control, of every draw.
    sums = np.zeros((draws, 4))
    for stratum in np.unique(np.concatenate([one.stratum, two.stratum])).tolist():
        _deal(one.within(stratum), two.within(stratum), sums, rng)
    difference = sums[:, 1] / sums[:, 0] - sums[:, 3] / sums[:, 2]
    # Ties with the observed value must not hang on the last bits.
    reached = int((difference >= observed - 1e-9 * max(1.0, abs(observed))).sum())
    return (1 + reached) / (1 + draws)


@dataclass(frozen=True)
class _Places:
    """The places of one set, one a unit (sample or cluster), with the units that stand there."""

    value: NDArray[np.float64]
    """(u,) sum of the unit's values."""
    size: NDArray[np.float64]
    """(u,) samples in the unit."""
    weight: NDArray[np.float64]
    """(u,) of the place: what each sample there counts."""
    stratum: NDArray[np.int64]
    """(u,)."""

    @property
    def mean(self) -> float:
        return float(self.weight @ self.value / (self.weight @ self.size))

    def within(self, stratum: int) -> _Places:
        if (self.stratum == stratum).all():
            return self
        at = np.flatnonzero(self.stratum == stratum)
        return _Places(self.value[at], self.size[at], self.weight[at], self.stratum[at])


def _places(
    values: ArrayLike, groups: ArrayLike | None, strata: ArrayLike | None, weights: ArrayLike | None
) -> _Places:
    v = np.asarray(values, np.float64)
    if v.size == 0:
        raise ValueError("a permutation test needs samples in both sets")
    stratum = np.zeros(v.size, np.int64) if strata is None else np.asarray(strata, np.int64)
    w = np.ones(v.size) if weights is None else mean_one(weights)
    if not w.any():
        raise ValueError("a permutation test needs samples with a weight above 0 in both sets")
    if groups is None:
        return _Places(v, np.ones(v.size), w, stratum)
    member = dense(groups)
    size = np.bincount(member).astype(np.float64)
    lowest = np.full(len(size), stratum.max())
    np.minimum.at(lowest, member, stratum)
    value = np.bincount(member, v).astype(np.float64)
    return _Places(value, size, np.bincount(member, w) / size, lowest)


def _deal(one: _Places, two: _Places, sums: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Deal the units of one stratum out over its places, and add up what each draw gives to either set."""
    value, size = np.concatenate([one.value, two.value]), np.concatenate([one.size, two.size])
    cells = compress(value / size, size)
    # One kind of place for every set and weight, the smallest kinds first: the last kind takes what is left.
    which = np.repeat([0, 1], [len(one.value), len(two.value)])
    weight = np.round(np.concatenate([one.weight, two.weight]), 9)
    kinds, count = np.unique(which + 1j * weight, return_counts=True)
    order = np.argsort(count, kind="stable")
    draws = len(sums)
    step = max(1, BLOCK // cells.count.size)
    for start in range(0, draws, step):
        rows = slice(start, min(start + step, draws))
        left = np.tile(cells.count, (len(sums[rows]), 1)) if len(kinds) > 2 else cells.count[None]
        for place, (kind, places) in enumerate(zip(kinds[order], count[order].tolist(), strict=True)):
            dealt = left if place == len(kinds) - 1 else _drawn(left, places, len(sums[rows]), rng)
            left = left - dealt
            at = 2 * int(kind.real)
            sums[rows, at] += kind.imag * (dealt @ cells.denominator)
            sums[rows, at + 1] += kind.imag * (dealt @ cells.numerator)


def _drawn(left: NDArray[np.int64], places: int, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(draws, cells) units on `places` places, from what is left in each draw (or, of one row, in all)."""
    if left.shape[1] == 1:
        return np.full((draws, 1), places)
    if len(left) == 1:
        return rng.multivariate_hypergeometric(left[0], places, size=draws, method="marginals")
    # The marginals one after the other, each given those before it.
    found = np.zeros_like(left)
    wanted = np.full(draws, places)
    rest = left.sum(axis=1)
    for cell in range(left.shape[1] - 1):
        rest = rest - left[:, cell]
        found[:, cell] = rng.hypergeometric(left[:, cell], rest, wanted)
        wanted = wanted - found[:, cell]
    found[:, -1] = wanted
    return found
