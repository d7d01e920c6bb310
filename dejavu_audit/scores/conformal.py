"""Conformal p-values from a control, and lists of samples with a bounded false-discovery rate (method: 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

_HAIR = 1e-9
"""Relative: p-values are fractions of whole numbers, and a bound that is met exactly must not fail by rounding."""


def p_values(
    targets: ArrayLike,
    control: ArrayLike,
    *,
    seed: int,
    weights: ArrayLike | None = None,
    target_weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """(n,) chance that a sample drawn like the control scores as high as each target (Bates et al. 2023, 2104.08279).

    p_i = (1 + #{h: s_h >= s_i}) / (1 + m) for (n,) scores of targets and (m,) of the control, larger meaning more
    memorized. A target that is exchangeable with the control has P(p <= u) <= u for every u. Ties are broken at random:
    every sample, target or control, gets one key from the seed, so that exchangeable samples stay so; where no scores
    are equal, neither the seed nor the order of the samples is of any matter.

    With a control that was reweighted to be drawn like the targets (weighted conformal inference, Tibshirani et al.
    2019, arXiv 1904.06019) p_i = (w_i + sum of w_h over s_h >= s_i) / (w_i + sum of w_h). `weights` (m,) are the
    control's, 0 or more; `target_weights` (n,) are what the control would weigh where the targets are; without them a
    target weighs as much as the heaviest of the control, which makes p too large and never too small.

    ValueError where a score is not a number or infinite, the control is empty, or weights are negative or all 0.
    """
    one, two = _scores(targets, "target"), _scores(control, "control")
    n, m = one.size, two.size
    if m == 0:
        raise ValueError("conformal p-values need a control")
    mass = np.ones(m) if weights is None else _weights(weights, m)
    # Keys are drawn for the control first, so that more targets leave those of the others as they are.
    keys = np.random.default_rng(seed).random(m + n)
    order = np.lexsort((keys, np.concatenate([two, one])))[::-1]
    reached = np.empty(m + n)
    reached[order] = np.cumsum(np.concatenate([mass, np.zeros(n)])[order])
    own = _own_mass(mass, n, target_weights)
    p: NDArray[np.float64] = (own + reached[m:]) / (own + mass.sum())
    return np.minimum(p, 1.0)


def benjamini_hochberg(p: ArrayLike, q: float) -> NDArray[np.bool_]:
    """(n,) which samples are listed at false-discovery rate `q`: the largest j with p_(j) <= j q / n, and all up to it.

    For conformal p-values from one control the rate is at most q (Bates et al. 2023, theorem 2). With weighted ones it
    is proven of each p-value alone, not of the list. ValueError for a p-value outside [0, 1] or q outside (0, 1).
    """
    values = np.asarray(p, np.float64)
    if not 0 < q < 1:
        raise ValueError(f"q must lie between 0 and 1, not be {q}")
    if not np.all((values >= 0) & (values <= 1)):
        raise ValueError("p-values must be numbers in [0, 1]")
    n = values.size
    ordered = np.sort(values)
    passed = np.flatnonzero(ordered * n <= q * np.arange(1, n + 1) * (1 + _HAIR))
    if passed.size == 0:
        return np.zeros(n, bool)
    listed: NDArray[np.bool_] = values <= ordered[passed[-1]]
    return listed


@dataclass(frozen=True)
class Reach:
    """Whether a list could have had an entry at all, with so many targets and so large a control."""

    least_p: float
    """The p-value of a target above every control sample."""
    targets_needed: int
    """So many targets above every control sample make a list; above all but r of them, r + 1 times as many."""
    control_needed: int
    """Control samples with which one target above all of them would be listed."""
    possible: bool
    """Whether there are as many targets as are needed: if not, the list is empty whatever they score."""


def reach(n: int, q: float, control: float) -> Reach:
    """What n targets can reach at rate `q`, by the size of the control.

    j targets above every control sample are listed where 1 / (1 + control) <= j q / n. Of a weighted control,
    `control` is its total weight over the weight of one target.
    """
    least = 1 / (1 + control)
    needed = max(1, ceil(least * n / q * (1 - _HAIR)))
    return Reach(least, needed, max(0, ceil(n / q * (1 - _HAIR)) - 1), needed <= n)


def _scores(values: ArrayLike, what: str) -> NDArray[np.float64]:
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1 or not np.all(np.isfinite(scores)):
        raise ValueError(f"{what} scores must be one row of finite numbers")
    return scores


def _weights(values: ArrayLike, m: int) -> NDArray[np.float64]:
    weights = np.asarray(values, np.float64)
    if weights.shape != (m,) or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
        raise ValueError(f"weights must be {m} finite numbers of 0 or more, not all 0")
    return weights


def _own_mass(mass: NDArray[np.float64], n: int, target_weights: ArrayLike | None) -> NDArray[np.float64]:
    if target_weights is None:
        return np.full(n, mass.max())
    own = np.asarray(target_weights, np.float64)
    if own.shape != (n,) or not np.all((own >= 0) & np.isfinite(own)):
        raise ValueError(f"target weights must be {n} finite numbers of 0 or more")
    return own
