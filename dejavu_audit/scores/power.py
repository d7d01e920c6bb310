"""How sure an audit will be, before it is run: widths of its interval, power, the samples it needs (method: 4.2).

Every sample has an outcome: 1 where only the audited model is right, -1 where only the reference is, 0 elsewhere (in
the object test: more, less, equally precise). The calibrated score is the targets' mean outcome less the control's.
Its interval is worked out as the audit itself makes it, Tango's of both sets joined by MOVER. For rare outcomes no
formula for the spread of its ends holds, so they are averaged over 2,048 fixed quasi-random draws of the four counts:
the same input gives the same answer, and chances are exact to about half a point (checked by simulation:
tests/scores/test_power.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from dejavu_audit.scores.intervals import Bounds, mover, tango
from dejavu_audit.scores.outcomes import Outcomes, Sizes

__all__ = [
    "MOST",
    "POWER",
    "Outcomes",
    "Sizes",
    "control_for_list",
    "control_for_rate",
    "detectable",
    "foresight",
    "half_width",
    "needed_for_limit",
    "needed_for_width",
    "pass_chance",
    "power",
]

Floats = NDArray[np.float64]

POWER = 0.8
"""The chance that is meant by "can detect" and "passes", where none is named."""
MOST = 10**9
"""Samples beyond which no answer is looked for."""
_DRAWS = 11
"""2^11 points."""
PLENTY = 2_000
"""Discordant samples from which on Tango's interval is the normal one to within 0.2 %."""
SMOOTH = 100
"""Variance from which on the quantiles of a count are the normal ones, once its skewness is allowed for."""


def half_width(base: Outcomes, sizes: Sizes, *, effect: float = 0.0, level: float = 0.95) -> float:
    """Half the expected width of the score's interval, as a share."""
    low, high = _bounds(base, sizes, np.asarray(effect, np.float64), level)
    return float((high - low).mean() / 2)


def power(
    base: Outcomes, sizes: Sizes, effect: ArrayLike, *, limit: float = 0.0, level: float = 0.95
) -> float | Floats:
    """The chance that the interval lies above `limit` where memorization is `effect` (any shape; the answer has it)."""
    low, _ = _bounds(base, sizes, np.asarray(effect, np.float64), level)
    return _share(low > limit)


def pass_chance(
    base: Outcomes, sizes: Sizes, effect: ArrayLike, *, limit: float, level: float = 0.95
) -> float | Floats:
    """The chance that the interval lies below `limit`, as a gate wants it, where memorization is `effect`."""
    _, high = _bounds(base, sizes, np.asarray(effect, np.float64), level)
    return _share(high < limit)


def detectable(
    base: Outcomes, sizes: Sizes, *, chance: float = POWER, limit: float = 0.0, level: float = 0.95
) -> float | None:
    """The smallest memorization whose interval lies above `limit` with `chance`; None: even the largest does not."""
    most = base.most
    if most <= 0 or power(base, sizes, most, limit=limit, level=level) < chance:
        return None
    low, high = 0.0, most
    while high - low > 2e-4 * high:
        tried = np.linspace(low, high, 10)[1:-1]
        enough = np.flatnonzero(np.asarray(power(base, sizes, tried, limit=limit, level=level)) >= chance)
        place = int(enough[0]) if len(enough) else len(tried)
        low = float(tried[place - 1]) if place else low
        high = float(tried[place]) if place < len(tried) else high
    return high


def needed_for_width(
    base: Outcomes, width: float, *, like: Sizes, fixed: str | None = None, level: float = 0.95
) -> Sizes | None:
    """The fewest samples whose interval is at most `width` wide in the mean, high less low; None: no number of them.

    `like` gives what is fixed and the design effects: with `fixed` "targets" or "control" that set keeps its size and
    the other is looked for; with None both sets are of one size (the targets alone, if `like` has no control).
    """
    return _fewest(like, fixed, lambda sizes: 2 * half_width(base, sizes, level=level) <= width)


def needed_for_limit(
    base: Outcomes,
    limit: float,
    *,
    effect: float,
    like: Sizes,
    fixed: str | None = None,
    chance: float = POWER,
    level: float = 0.95,
) -> Sizes | None:
    """The fewest samples with which a gate at `limit` passes with `chance` where memorization is `effect` < `limit`.

    `like` and `fixed` as in `needed_for_width`; None: no number of samples is enough.
    """
    return _fewest(
        like, fixed, lambda sizes: float(pass_chance(base, sizes, effect, limit=limit, level=level)) >= chance
    )


def control_for_list(q: float) -> int:
    """Control samples with which a list at false-discovery rate `q` can have an entry at all: all targets above them.

    The least p-value is 1 / (1 + m), and Benjamini-Hochberg lists nothing above q; see `conformal.reach` for the rest.
    """
    return max(1, ceil(round(1 / q, 9)) - 1)


def control_for_rate(rate: float) -> int:
    """Control samples that it takes to measure a true-positive rate at the false-positive `rate`: one may pass."""
    return ceil(round(1 / rate, 9))


def foresight(base: Outcomes, sizes: Sizes, *, level: float = 0.95) -> str:
    """One sentence on how wide the interval will be, and what can be detected."""
    half = half_width(base, sizes, level=level)
    least = detectable(base, sizes, level=level)
    found = "no memorization can" if least is None else f"memorization of {100 * least:.1f} points or more can"
    return (
        f"with {100 * base.discordance:.0f} % of the samples discordant the {100 * level:g} % interval will be about "
        f"+-{100 * half:.1f} points, and {found} be detected with {100 * POWER:.0f} % power"
    )


def _fewest(like: Sizes, fixed: str | None, enough: Callable[[Sizes], bool]) -> Sizes | None:
    """Double until it is enough, then halve the bracket down to one in two hundred."""

    def of(n: int) -> Sizes:
        targets = like.targets if fixed == "targets" else n
        control = like.control if fixed == "control" or not like.control else n
        return Sizes(targets, control, like.target_design, like.control_design, like.symmetric)

    if fixed == "targets" and not like.control:
        raise ValueError("without a control and with fixed targets there is nothing to look for")
    if not enough(of(MOST)):
        return None
    few, many = 1, 2
    while not enough(of(many)):
        few, many = many, many * 2
    while many - few > max(1, many // 200):
        middle = (few + many) // 2
        few, many = (few, middle) if enough(of(middle)) else (middle, many)
    return of(many)


def _share(hits: NDArray[np.bool_]) -> float | Floats:
    shares: Floats = hits.mean(axis=-1)
    return float(shares) if shares.ndim == 0 else shares


def _bounds(base: Outcomes, sizes: Sizes, effect: Floats, level: float) -> Bounds:
    """The interval's ends (*effect.shape, draws) over the draws of the counts."""
    if np.any(effect < 0) or np.any(effect > base.most + 1e-9):
        raise ValueError(f"memorization must lie between 0 and {base.most:.4g} here, not be {effect}")
    targets, control = sizes.effective
    points = _points()
    one = _counts(targets, *base.remembering(effect), points[0], points[1])
    if not control:
        return _paired(one, targets, level)
    if sizes.symmetric:  # on the reference's members it is the reference that remembers
        down, up = base.mirrored().remembering(effect)
    else:
        up, down = np.asarray(base.up), np.asarray(base.down)
    two = _counts(control, up, down, points[2], points[3])
    low, high = mover(
        _mean(one, targets), _paired(one, targets, level), _mean(two, control), _paired(two, control, level)
    )
    return (low / 2, high / 2) if sizes.symmetric else (low, high)


@lru_cache(maxsize=1)
def _points() -> Floats:
    """(4, draws) of the open unit cube, evenly spread."""
    from scipy import stats  # loaded late, as in `_binomial`

    drawn = stats.qmc.Sobol(4, scramble=True, seed=0).random_base2(_DRAWS)
    points: Floats = np.clip(drawn.T, 1e-9, 1 - 1e-9)
    return points


def _counts(n: int, up: Floats, down: Floats, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Draw how many of n samples come out 1 and -1: (*shape of up, draws) each."""
    up, down = np.clip(up, 0, 1)[..., None], np.clip(down, 0, 1)[..., None]
    ups = _binomial(first, np.asarray(float(n)), up)
    rest = np.divide(down, 1 - up, out=np.zeros(np.broadcast_shapes(up.shape, down.shape)), where=up < 1)
    return ups, _binomial(second, n - ups, np.clip(rest, 0, 1))


def _binomial(point: Floats, n: Floats, share: Floats) -> Floats:
    """Counts of n at the quantiles `point`."""
    variance = n * share * (1 - share)
    if variance.size and variance.min() > SMOOTH:  # the exact quantiles take their time
        z = special.ndtri(point)
        skewed: Floats = n * share + np.sqrt(variance) * z + (1 - 2 * share) * (z**2 - 1) / 6
        return np.clip(np.round(skewed), 0, n)
    from scipy import stats  # takes half a second to load, which whoever only needs intervals would wait for

    return np.where(n > 0, stats.binom.ppf(point, np.maximum(n, 1), share), 0.0)


def _mean(counts: tuple[Floats, Floats], n: int) -> Floats:
    return (counts[0] - counts[1]) / n


def _paired(counts: tuple[Floats, Floats], n: int, level: float) -> Bounds:
    """The interval of one set's mean outcome."""
    ups, downs = np.broadcast_arrays(*counts)
    mean = (ups - downs) / n
    if (ups + downs).min() > PLENTY:
        error = float(special.ndtri((1 + level) / 2)) * np.sqrt(np.maximum((ups + downs) / n - mean**2, 0) / n)
        return mean - error, mean + error
    # Tango's bounds are searched for: once for each pair of counts that occurs.
    pairs, place = np.unique(ups + 1j * downs, return_inverse=True)
    low, high = tango(pairs.real, pairs.imag, float(n), level)
    return low[place].reshape(ups.shape), high[place].reshape(ups.shape)
