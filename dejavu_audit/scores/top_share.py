"""The first share of samples in some order, and what being cut there does to a mean over them (method: 1.6, 2.5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SAME = 10
"""Values that agree to this many decimals are tied: summing a histogram in another order moves the last bits."""


@dataclass(frozen=True)
class Ranking:
    """n samples in falling order of a value; tied ones stand together."""

    group: NDArray[np.intp]
    """(n,) which group of ties each sample is in, the highest value first."""
    mass: Floats
    """Weight of each group."""
    before: Floats
    """Weight of all groups that stand before it."""

    def taken(self, wanted: float) -> Floats:
        """(n,) in [0, 1]: how much of each sample the first `wanted` (a weight) hold; the tied share what is left.

        That is each one's chance of being taken when ties are broken at random, so a weighted mean is the expected
        score over all tie-breaks, and the order of the samples is of no matter.
        """
        share = np.divide(wanted - self.before, self.mass, out=np.zeros_like(self.mass), where=self.mass > 0)
        return np.clip(share, 0, 1)[self.group]


def ranking(values: ArrayLike, weights: ArrayLike | None = None) -> Ranking:
    """Rank (n,) values with (n,) weights (None: all 1). Raises ValueError on a value that is not a number."""
    falling = -np.round(np.asarray(values, np.float64), SAME)
    if np.isnan(falling).any():
        raise ValueError("a confidence, or another value to sort by, is not a number")
    group = np.unique(falling, return_inverse=True)[1].reshape(-1)
    mass = np.bincount(group, None if weights is None else np.asarray(weights, np.float64)).astype(np.float64)
    # Rounded, since sums of weights miss whole numbers by their last bits.
    return Ranking(group, mass, np.round(np.cumsum(mass) - mass, 9))


@dataclass(frozen=True)
class TopShare:
    """Which samples are among the first, and which stand at the cut."""

    taken: Floats
    """(n,) in [0, 1]: how much of each sample is among the first."""
    at_cut: Floats
    """(n,) in [0, 1]: how much of it stands within half of the share to either side of the cut."""

    def value_at_cut(self, values: Floats, weights: Floats) -> float | None:
        """What the value is like where the cut falls; None where every sample is among the first."""
        near = weights * self.at_cut
        return float((near * values).sum() / near.sum()) if near.sum() > 0 else None


def top_share(order: ArrayLike, share: float, weights: ArrayLike | None = None) -> TopShare:
    """The `share` first of n samples in falling order of (n,) values: share * n of them, but at least one.

    With (n,) weights, of mean 1 over the samples that count, the share is one of the whole weight. Raises ValueError
    on a share outside (0, 1] or a value that is not a number.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], not {share}")
    ranks = ranking(order, weights)
    total = float(ranks.mass.sum())
    wanted = min(max(round(share * total, 9), 1.0), max(total, 0.0))  # 0.07 * 100 is a hair above 7
    reach = min(wanted / 2, total - wanted)
    return TopShare(ranks.taken(wanted), ranks.taken(wanted + reach) - ranks.taken(wanted - reach))


def mean_one(weights: ArrayLike) -> Floats:
    """(n,) weights of 0 or more, scaled to mean 1 over those above 0; all 0 stay so."""
    given = np.asarray(weights, np.float64)
    total = given.sum()
    return given * (np.count_nonzero(given) / total) if total > 0 else given


def checked_weights(weights: ArrayLike, n: int) -> None:
    """ValueError unless there are (n,) finite weights of 0 or more."""
    given = np.asarray(weights, np.float64)
    if given.shape != (n,):
        raise ValueError(f"weights has shape {given.shape}, not ({n},)")
    if not (np.isfinite(given) & (given >= 0)).all():
        raise ValueError("weights must be finite numbers of 0 or more")
