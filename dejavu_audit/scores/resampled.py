"""Bootstrap intervals of a mean, or of the difference of two independent ones, from their replicates (method: 4.2).

Percentile, bias-corrected and accelerated (BCa), and studentised ("bootstrap-t"): Efron and Tibshirani, An Introduction
to the Bootstrap, 1993, chapters 12 to 14; for two samples Davison and Hinkley, Bootstrap Methods and their Application,
1997, section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from dejavu_audit.scores.bootstrap import Cells, Replicates, percentile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resampled:
    """What is to be estimated, with its replicates."""

    parts: tuple[Cells, ...]
    """One sample; or two independent ones, the second to be subtracted."""
    estimate: float
    error: float
    """Standard error of the estimate."""
    means: Floats
    """(replicates,) of the estimate; NaN where undefined."""
    errors: Floats
    """(replicates,) its standard error in each."""


def joined(parts: Sequence[tuple[Cells, Replicates]]) -> Resampled:
    """One sample with its replicates, or two: the difference of the first less the second."""
    (cells, drawn), *less = parts
    if not less:
        return Resampled((cells,), cells.mean, cells.error, drawn.means, drawn.errors)
    other, others = less[0]
    return Resampled(
        (cells, other),
        cells.mean - other.mean,
        float(np.hypot(cells.error, other.error)),
        drawn.means - others.means,
        np.hypot(drawn.errors, others.errors),
    )


def percentile_bounds(of: Resampled, level: float) -> tuple[float, float]:
    """The middle `level` of the replicates."""
    return percentile(of.means, level, of.estimate)


def bca_bounds(of: Resampled, level: float) -> tuple[float, float]:
    """The percentile interval, its ends moved for bias (median of the replicates) and acceleration (jackknife).

    A replicate equal to the estimate counts half below it, as outcomes that are counted are often equal.
    """
    means = of.means[~np.isnan(of.means)]
    level_up = (1 + level) / 2
    same = np.abs(means - of.estimate) <= 1e-12
    below = float(((means < of.estimate) & ~same).mean() + same.mean() / 2)
    # Not beyond what so many replicates can tell.
    below = min(max(below, 0.5 / len(means)), 1 - 0.5 / len(means))
    bias, reach = float(special.ndtri(below)), float(special.ndtri(level_up))
    a = acceleration(of.parts)
    at = []
    for z in (bias - reach, bias + reach):
        # Beyond 1 / a the correction turns round: the end is the outermost replicate then.
        room = 1 - a * z
        at.append(float(special.ndtr(bias + z / room)) if room > 0 else float(z > 0))
    low, high = np.quantile(means, at)
    return float(low), float(high)


def acceleration(parts: Sequence[Cells]) -> float:
    """How the standard error changes with the estimate: a sixth of the skewness of the jackknife's influences.

    Leaving out a unit of a cell changes the mean equally for all units of it, so that the jackknife over any number of
    units takes one number a cell. The influences of a sample that is subtracted change their sign.
    """
    cubes = squares = 0.0
    for sign, cells in zip((1, -1), parts, strict=False):
        units = cells.units
        rest = cells.weight - cells.denominator
        if units < 2:
            continue
        total = float(cells.count @ cells.numerator)
        left = np.divide(total - cells.numerator, rest, out=np.full_like(rest, cells.mean), where=rest > 1e-12)
        influence = sign * (float(cells.count @ left) / units - left) * (units - 1) / units
        squares += float(cells.count @ influence**2)
        cubes += float(cells.count @ influence**3)
    return cubes / (6 * squares**1.5) if squares > 0 else 0.0


def studentised_bounds(of: Resampled, level: float, least: float, most: float) -> tuple[float, float]:
    """From the quantiles of (replicate - estimate) / its own standard error; within `least` and `most`.

    A replicate without spread away from the estimate lies infinitely far off; one that is equal to it says nothing.
    """
    off = of.means - of.estimate
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(np.abs(off) <= 1e-12, np.where(of.errors > 0, 0.0, np.nan), off / of.errors)
    ratio = np.sort(ratio[~np.isnan(ratio)])
    if not len(ratio):
        return least, most
    # Order statistics, not interpolated: between finite and infinite ones there is nothing.
    first = int(np.floor((1 - level) / 2 * (len(ratio) - 1)))
    low, high = of.estimate - ratio[len(ratio) - 1 - first] * of.error, of.estimate - ratio[first] * of.error
    return max(float(low), least), min(float(high), most)
