"""Tests: is the audited model better than the reference on targets, and more so than on the control (method: 4.2)?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from dejavu_audit.scores.bootstrap import BLOCK, compress, dense


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
    draws: int = 10_000,
    seed: int = 0,
) -> float:
    """One-sided p-value that the mean of `targets` (n,) exceeds that of `control` (m,), by permutation.

    Under the null the samples of both are exchangeable; with groups, their clusters are, and are moved whole (a group
    is taken as another one in the other set). Units with equal sums are interchangeable, so dealing them out anew is
    one multivariate hypergeometric draw. p = (1 + draws at least as large) / (1 + draws), which never reads 0.
    Raises ValueError if either set is empty.
    """
    one, two = np.asarray(targets, np.float64), np.asarray(control, np.float64)
    if one.size == 0 or two.size == 0:
        raise ValueError("a permutation test needs samples in both sets")
    mine = dense(np.arange(one.size) if target_groups is None else target_groups)
    theirs = dense(np.arange(two.size) if control_groups is None else control_groups)
    units = int(mine.max()) + 1
    cells = compress(np.concatenate([one, two]), groups=np.concatenate([mine, theirs + units]))
    rng = np.random.default_rng(seed)
    observed = one.mean() - two.mean()
    # Totals are kept whole and shared by all draws: ties with the observed value must not hang on the last bits.
    total, size = cells.count @ cells.numerator, cells.weight
    reached = 0
    step = max(1, BLOCK // cells.count.size)
    for start in range(0, draws, step):
        dealt = rng.multivariate_hypergeometric(cells.count, units, size=min(step, draws - start), method="marginals")
        summed, dealt_size = dealt @ cells.numerator, dealt @ cells.denominator
        difference = summed / dealt_size - (total - summed) / (size - dealt_size)
        reached += int((difference >= observed - 1e-12).sum())
    return (1 + reached) / (1 + draws)
