"""Score-type intervals for rare events, where the percentile bootstrap covers too little (method: 4.2).

All functions are vectorised over their counts, which need not be whole numbers: with weights or clusters they are
shares of an effective sample size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats]

_STEPS = 44  # halvings: leave 1e-13


def wilson(successes: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Wilson's interval for a proportion, with the Poisson bound at the edges of Brown, Cai and DasGupta (2001).

    Wilson's own covers as little as 84 % where about 0.2 successes are expected: its lower bound for 1 success is too
    high. For up to 3 successes (and in the mirror for failures) the lower bound is at most the rate that gives as
    many or more successes with chance 1 - level. (Statistical Science 16(2), section 4.1.1.)
    """
    x, size = np.asarray(successes, np.float64), np.asarray(n, np.float64)
    low = _wilson_low(x, size, level)
    # The mirror image gives the upper bound: no failures in n is no successes in n.
    high = 1 - _wilson_low(size - x, size, level)
    return low, high


def _wilson_low(x: Floats, n: Floats, level: float) -> Floats:
    z = special.ndtri((1 + level) / 2)
    p = x / n
    centre = p + z**2 / (2 * n)
    low = (centre - z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
    poisson = special.gammaincinv(np.maximum(x, 1e-9), 1 - level) / n
    edge = (x > 0) & (x <= 3)
    return np.where(x <= 0, 0.0, np.clip(np.where(edge, np.minimum(low, poisson), low), 0, 1))


def tango(first: ArrayLike, second: ArrayLike, n: ArrayLike, level: float = 0.95) -> Bounds:
    """Tango's score interval for the paired difference (first - second) / n (Statistics in Medicine 17, 1998).

    `first` and `second` count the pairs that only one side got right, of `n` pairs. The bounds are the differences
    that the score test just does not reject, found by halving: the statistic falls as the difference rises.
    """
    b, c, size = np.broadcast_arrays(*(np.asarray(each, np.float64) for each in (first, second, n)))
    # With the sides exchanged the upper bound is the lower one turned round, so both are found together.
    wins, losses, sizes = np.stack([b, c]), np.stack([c, b]), np.stack([size, size])
    estimate = (wins - losses) / sizes
    bound = _cross(wins, losses, sizes, estimate, -float(special.ndtri((1 + level) / 2)))
    return -bound[1], bound[0]


def score_statistic(first: Floats, second: Floats, n: Floats, difference: Floats) -> Floats:
    """Tango's statistic for the hypothesis that the paired difference is `difference`; about N(0, 1) if it is.

    The share of pairs that only the second side gets right is estimated under the hypothesis (his equation 18).
    """
    b_term = (2 * n - first + second) * difference - first - second
    c_term = -second * difference * (1 - difference)
    root = np.sqrt(np.maximum(b_term**2 - 8 * n * c_term, 0))
    only_second = np.maximum((root - b_term) / (4 * n), np.maximum(-difference, 0))
    variance = n * (2 * only_second + difference * (1 - difference))
    gap = first - second - n * difference
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic: Floats = np.where(gap == 0, 0.0, gap / np.sqrt(np.maximum(variance, 0)))
    return statistic


def _cross(first: Floats, second: Floats, n: Floats, left: Floats, level: float) -> Floats:
    """Where the falling statistic crosses `level` between `left` and 1; 1 where it never does."""
    right = np.ones_like(left)
    for _ in range(_STEPS):
        middle = (left + right) / 2
        above = score_statistic(first, second, n, middle) > level
        left, right = np.where(above, middle, left), np.where(above, right, middle)
    return (left + right) / 2


def mover(estimate: ArrayLike, bounds: Bounds, minus: ArrayLike, minus_bounds: Bounds) -> Bounds:
    """Interval for the difference of two independent estimates from the interval of each.

    The method of variance estimates recovery (Zou and Donner, Statistics in Medicine 27, 2008): the distance from an
    estimate to its own bound stands for its error on that side.
    """
    one, two = np.asarray(estimate, np.float64), np.asarray(minus, np.float64)
    low = one - two - np.hypot(one - bounds[0], minus_bounds[1] - two)
    high = one - two + np.hypot(bounds[1] - one, two - minus_bounds[0])
    return low, high
