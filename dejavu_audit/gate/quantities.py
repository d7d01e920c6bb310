"""What a limit is about: a figure of a run with its interval at any level, and as it would be of a larger sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil, log10, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from dejavu_audit.gate.limits import COUNT, HEADLINE, SHARE
from dejavu_audit.report.judged import parts_of, times
from dejavu_audit.report.ranking import numbers
from dejavu_audit.scores.estimates import NOTHING, Draws, Score, scores_of
from dejavu_audit.scores.power import MOST
from dejavu_audit.scores.samples import observe
from dejavu_audit.scores.storey import storey

if TYPE_CHECKING:
    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.memorized_record import MemorizedRecord
    from dejavu_audit.report.reading import Run
    from dejavu_audit.scores.samples import Sample

Unit = Literal["share", "samples"]


@dataclass(frozen=True)
class Quantity:
    """A figure of a run."""

    key: str
    """Of the score, as audit.json has it; COUNT or SHARE."""
    unit: Unit
    signed: bool
    """Whether it is a difference, in points; if not, a share in percent, or a number."""
    targets: int
    """Judged targets."""
    at: Callable[[float], Score]
    """With its interval of a confidence level."""
    grown: Callable[[float, float], Score] | None
    """The same (by score intervals) of so many times the sample, did the estimate stay; None: it would not stay."""
    reason: str | None = None
    """Why it was not measured; None: it was, or nothing is known but that."""
    note: str | None = None
    """What else is to be said of it."""
    common: tuple[int, int] | None = None
    """Of an increase: targets and control that both runs have."""


def named(run: Run, score: str) -> str:
    """The key that a limit means."""
    return run.record.headline.metric if score == HEADLINE else score


def quantity_of(run: Run, judged: JudgedRun, score: str) -> Quantity:
    """What a limit's `max` is about; AuditError for a score that the run lacks."""
    if score == COUNT:
        return _count(run, judged)
    if score == SHARE:
        return _share(run, judged)
    key = named(run, score)
    seen, factor = parts_of(judged, key)
    note = None
    if judged.control is None and f"{judged.made_of[key][0]}_targets" in seen:
        note = "There is no held-out control, so that the figure is biased upward where the model is more skilful."
    return Quantity(
        key=key,
        unit="share",
        signed=any(one is not None and one.signed for one in seen.values()) or len(seen) > 1,
        targets=len(judged.rows[0]),
        at=_at(seen, factor, judged.draws),
        grown=_grown(seen, factor),
        reason=_why_not(judged, key, seen),
        note=note,
    )


def of_samples(
    key: str, seen: Mapping[str, Sample | None], factor: float, judged: JudgedRun, common: tuple[int, int]
) -> Quantity:
    """An increase, from samples of paired differences; see `increases`."""
    return Quantity(
        key=key,
        unit="share",
        signed=True,
        targets=common[0],
        at=_at(seen, factor, judged.draws),
        grown=_grown(seen, factor),
        reason=_why_not(judged, key, seen),
        common=common,
    )


def needed(quantity: Quantity, limit: float, level: float) -> int | None:
    """Targets, the control in proportion, with which the interval would leave the limit out, did the estimate stay.

    Rounded up to two digits, for it is no more than a forecast; None: no number of them would.
    """
    grown, targets = quantity.grown, quantity.targets
    if grown is None or not targets:
        return None

    def decided(size: float) -> bool:
        score = grown(level, size)
        return score.low is not None and score.high is not None and not score.low <= limit <= score.high

    most = MOST / targets
    if not decided(most):
        return None
    few, many = 1.0, 2.0
    while not decided(many):
        few, many = many, min(2 * many, most)
    while many - few > 0.005 * many:
        middle = (few + many) / 2
        few, many = (few, middle) if decided(middle) else (middle, many)
    found = many * targets
    step: int = 10 ** max(int(log10(found)) - 1, 0)
    return ceil(found / step) * step


def _at(seen: Mapping[str, Sample | None], factor: float, draws: Draws) -> Callable[[float], Score]:
    def at(level: float) -> Score:
        return times(scores_of(seen, {"": tuple(seen)}, replace(draws, level=level))[""], factor)

    return at


def _grown(seen: Mapping[str, Sample | None], factor: float) -> Callable[[float, float], Score]:
    def grown(level: float, size: float) -> Score:
        larger = {key: None if one is None else _larger(one, size) for key, one in seen.items()}
        return times(scores_of(larger, {"": tuple(seen)}, Draws(level))[""], factor)

    return grown


def _larger(sample: Sample, size: float) -> Sample:
    """So many times the sample, with the same mean and spread."""
    clusters = None if sample.clusters is None else max(1, round(sample.clusters * size))
    return replace(sample, size=sample.size * size, agreeing=sample.agreeing * size, clusters=clusters)


def _why_not(judged: JudgedRun, key: str, seen: Mapping[str, Sample | None]) -> str | None:
    """Why a score of samples is not there."""
    if all(one is not None for one in seen.values()):
        return None
    if judged.control is None and any("_control" in part for part in (*seen, key)):
        return "there is no control"
    return "no sample that it rests on could be judged"


def _count(run: Run, judged: JudgedRun) -> Quantity:
    """The number of listed samples, as a number out of the targets: n times the share, Wilson's interval of it."""
    found, targets = run.record.memorized, len(judged.rows[0])
    reason, sample, n = _no_list(found), None, 0
    if found is not None and reason is None:
        listed = numbers(run.samples, "memorized")[judged.rows[0]]
        there = ~np.isnan(listed)
        groups = judged.targets.groups
        sample = observe(listed[there], None, None if groups is None else groups[there], signed=False)
        n = int(there.sum())
    note = None
    if found is not None and found.reach is not None and not found.count and reason is None:
        note = f"The shortest list that there can be here has {found.reach.targets_needed:,} entries."
    # A list grows with the sample: no size of it would leave the number as it is.
    return Quantity(COUNT, "samples", False, targets, _at({COUNT: sample}, float(n), Draws()), None, reason, note)


def _share(run: Run, judged: JudgedRun) -> Quantity:
    """Storey's share of memorized targets."""
    found, targets = run.record.memorized, len(judged.rows[0])
    if found is None or found.share.estimate is None:
        reason = _no_list(found) or "no score is low enough to tell"
        return Quantity(SHARE, "share", False, targets, lambda level: NOTHING, None, reason)
    at = _storey(run, judged)

    def grown(level: float, size: float) -> Score:
        now = at(level)
        if now.estimate is None or now.low is None or now.high is None:
            return now
        low, high = (now.estimate + (end - now.estimate) / sqrt(size) for end in (now.low, now.high))
        return Score(now.estimate, low, high, now.n, now.method)

    note = "It is a cautious estimate: memorized targets that score as low as others are not in it."
    return Quantity(SHARE, "share", False, targets, at, grown, None, note)


def _storey(run: Run, judged: JudgedRun) -> Callable[[float], Score]:
    """Storey's estimate at any level, from the scores that the list was made of."""
    score = numbers(run.samples, "score")
    values, masses, clusters = [], [], []
    for rows, of in zip(judged.rows, (judged.targets, judged.control), strict=True):
        there = ~np.isnan(score[rows]) & (True if of.weights is None else of.weights > 0)
        values.append(score[rows][there])
        masses.append(None if of.weights is None else of.weights[there])
        clusters.append(None if of.groups is None else of.groups[there])
    groups = None if clusters[0] is None or clusters[1] is None else (clusters[0], clusters[1])

    def at(level: float) -> Score:
        return storey(values[0], values[1], level=level, weights=masses[1], groups=groups)

    return at


def _no_list(found: MemorizedRecord | None) -> str | None:
    """Why no list was made, or why an empty one says nothing."""
    if found is None:
        return "the run has no list of memorized samples"
    if found.count is None:
        return found.reason or "no list could be made"
    if found.reach is not None and not found.reach.possible:
        return found.reason or "the control is too small for any list"
    return None
