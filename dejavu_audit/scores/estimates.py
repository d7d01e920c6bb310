"""One number with its interval, and the kinds of interval there are (method: 4.2)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from dejavu_audit.scores.bootstrap import Replicates, resample
from dejavu_audit.scores.intervals import mover, tango, wilson
from dejavu_audit.scores.resampled import bca_bounds, joined, percentile_bounds, studentised_bounds
from dejavu_audit.scores.samples import Sample, observe

Interval: TypeAlias = Literal["auto", "percentile", "bca", "studentised"]
"""How intervals are made. "auto": score intervals (Wilson's of a share, Tango's of a paired difference, MOVER of two
independent ones), as the coverage study of the bench compares them; the others are bootstraps."""

MANY = 10_000
"""More different units (samples or clusters by their sums) than this are not resampled: it costs seconds a score, and
the distribution of the mean is normal to within the noise of 2,000 replicates. Such a score gets the interval of
"auto"."""

RARE = 10
"""Where fewer samples than this are discordant, an interval may cover more than it says (never less)."""


@dataclass(frozen=True)
class Score:
    """An estimate with its interval; all three are None where nothing was there to measure, never 0."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    """Samples the score rests on; of the most confident, their weight, rounded."""
    method: str
    """Which interval: "wilson", "tango" or "mover-tango" (score intervals), "percentile", "bca" or "studentised" (as
    asked for), "none"; of rank correlations and kappa "bootstrap"."""


NOTHING = Score(None, None, None, 0, "none")


@dataclass(frozen=True)
class Draws:
    """How intervals are made; where they are bootstrapped, every score has a stream from the seed and its key."""

    level: float = 0.95
    replicates: int = 2_000
    seed: int = 0
    interval: Interval = "auto"

    def of(self, sample: Sample, key: str) -> Replicates:
        """The resampled means; the same for the same key, whatever else is computed."""
        return resample(sample.cells, self.replicates, np.random.default_rng([self.seed, zlib.crc32(key.encode())]))


def sample(values: ArrayLike, weights: ArrayLike | None = None, groups: ArrayLike | None = None) -> Sample | None:
    """Look at (n,) outcomes in {-1, 0, 1} with (n,) weights and clusters; None if empty."""
    return observe(values, weights, groups, signed=True)


def proportion(of: Sample | None, key: str, draws: Draws) -> Score:
    """A share of successes: Wilson's interval, unless `draws` asks for another."""
    return paired(None if of is None else replace(of, signed=False), key, draws)


def paired(of: Sample | None, key: str, draws: Draws) -> Score:
    """A mean paired difference: Tango's interval, unless `draws` asks for another."""
    return scores_of({key: of}, {key: (key,)}, draws)[key]


def calibrated(one: Sample | None, two: Sample | None, keys: tuple[str, str], draws: Draws) -> Score:
    """The difference of two independent means: MOVER of both intervals, unless `draws` asks for another."""
    return scores_of({keys[0]: one, keys[1]: two}, {"": keys}, draws)[""]


def scores_of(
    seen: Mapping[str, Sample | None],
    made_of: Mapping[str, Sequence[str]],
    draws: Draws,
    drawn: dict[str, Replicates] | None = None,
) -> dict[str, Score]:
    """Many scores at once.

    Args:
        seen: the samples by key; None: nothing was there to measure.
        made_of: for the key of each score that of its sample, or of two: the first less the second, independent.
        draws: level, and how intervals are made.
        drawn: replicates that are there already, by the sample's key; more are put in as they are drawn.

    """
    used = {key: one for keys in made_of.values() for key in keys if (one := seen.get(key)) is not None}
    bounds = score_bounds(used, draws.level)
    drawn = {} if drawn is None else drawn
    scores = {}
    for name, keys in made_of.items():
        parts = [used[key] for key in keys if key in used]
        if len(parts) < len(keys):
            scores[name] = NOTHING
            continue
        score = None
        if draws.interval != "auto" and all(part.cells.count.size <= MANY for part in parts):
            for key, part in zip(keys, parts, strict=True):
                if key not in drawn:
                    drawn[key] = draws.of(part, key)
            score = bootstrapped(parts, [drawn[key] for key in keys], draws)
        scores[name] = _by_score(parts, [bounds[key] for key in keys]) if score is None else score
    return scores


def score_bounds(samples: Mapping[str, Sample], level: float) -> dict[str, tuple[float, float]]:
    """The score interval of each sample, by its key: Tango's of signed values, Wilson's of others."""
    bounds: dict[str, tuple[float, float]] = {}
    for signed in (True, False):
        some = {key: one for key, one in samples.items() if one.signed == signed}
        if not some:
            continue
        size = np.array([one.sized(level) for one in some.values()])
        scale = np.array([one.scale for one in some.values()])
        # Rounded, since a count such as 3 decides on a case of Wilson's and is put together from shares.
        up, down = (np.round([getattr(one, part) for one in some.values()] * size, 9) for part in ("up", "down"))
        low, high = tango(up, down, size, level) if signed else wilson(up, size, level)
        bounds |= dict(zip(some, zip((low * scale).tolist(), (high * scale).tolist(), strict=True), strict=True))
    return bounds


def _by_score(parts: Sequence[Sample], bounds: Sequence[tuple[float, float]]) -> Score:
    """One sample with its score interval, or MOVER's of two."""
    one = parts[0]
    if len(parts) == 1:
        return as_score(one.mean, bounds[0], one.n, "tango" if one.signed else "wilson")
    two = parts[1]
    both = [tuple(np.asarray(bound) for bound in pair) for pair in bounds]
    low, high = mover(one.mean, (both[0][0], both[0][1]), two.mean, (both[1][0], both[1][1]))
    return as_score(one.mean - two.mean, (low, high), one.n + two.n, "mover-tango")


def bootstrapped(parts: Sequence[Sample], drawn: Sequence[Replicates], draws: Draws) -> Score | None:
    """One sample or the difference of two with the bootstrap interval asked for; None where nothing varies.

    All replicates are equal then, and the interval would be a point: as if the unseen could not be.
    """
    of = joined([(part.cells, replicates) for part, replicates in zip(parts, drawn, strict=True)])
    if of.error <= 1e-12:
        return None
    if draws.interval == "percentile":
        bounds = percentile_bounds(of, draws.level)
    elif draws.interval == "bca":
        bounds = bca_bounds(of, draws.level)
    else:
        ends = [part.range for part in parts]
        least, most = ends[0] if len(ends) == 1 else (ends[0][0] - ends[1][1], ends[0][1] - ends[1][0])
        bounds = studentised_bounds(of, draws.level, least, most)
    estimate = parts[0].mean - sum(part.mean for part in parts[1:])
    return as_score(estimate, bounds, sum(part.n for part in parts), draws.interval)


def as_score(estimate: float, bounds: tuple[ArrayLike, ArrayLike], n: int, method: str) -> Score:
    """Put together, the bounds as plain numbers that hold the estimate."""
    low, high = (float(np.asarray(bound)) for bound in bounds)
    # An interval that ends at the estimate may miss it by a rounding error.
    return Score(estimate, min(low, estimate), max(high, estimate), n, method)
