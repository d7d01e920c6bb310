"""audit.json's `memorized` and `membership_figures`: the list of memorized samples, and what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dejavu_audit.report.score_record import Record, ScoreRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dejavu_audit.scores.membership import AtRate, Figures
    from dejavu_audit.scores.memorized import Memorized


class CountRecord(Record):
    """How long the list is at one rate."""

    q: float
    """Bound on the expected share of false discoveries."""
    count: int
    """Targets that are listed at it."""


class ComparedRecord(Record):
    """What one score finds, beside the one that ranks."""

    score: str
    counts: list[CountRecord] | None
    """Null: no list can be made."""
    auc: ScoreRecord
    """Chance that a target scores above a control sample, a tie counting half."""


class ReachRecord(Record):
    """What so many targets and so large a control could reach at the list's rate."""

    least_p_value: float
    """Of a target above every control sample."""
    targets_needed: int
    """So many targets above every control sample make a list; above all but r of them, r + 1 times as many."""
    control_needed: int
    """Control samples with which one target above them all would be listed."""
    possible: bool
    """Whether there are as many targets as are needed: otherwise the list had to be empty."""


class MemorizedRecord(Record):
    """The targets that score too high for chance: on average at most `q` of the list are there by chance."""

    q: float
    """Bound on the expected share of false discoveries (Benjamini-Hochberg on conformal p-values)."""
    count: int | None
    """Targets on the list; null: none could be made, and `reason` says why."""
    ids: str = Field(default="samples.parquet")
    """Where they are named: rows whose column `memorized` is true, with `score` and `p_value`."""
    score: str
    """What they are ranked by."""
    targets: int
    """Targets that have a p-value."""
    control: int
    """Control samples that they were compared with."""
    counts: list[CountRecord] | None
    """How long the list is at other rates; null: none could be made."""
    compared: list[ComparedRecord]
    """The same of every score of the test."""
    share: ScoreRecord
    """Storey's estimate of the share of targets that are memorized; it and its lower end are cautious."""
    reach: ReachRecord | None
    """Null: no target, or no control."""
    reason: str | None
    """Why there is no list, or why it is empty and whether it could have been otherwise; null: it has entries."""
    notes: list[str]
    """What its rate rests on beyond a control that is drawn like the targets."""


class AtRateRecord(Record):
    """The share of targets that are told to be members, where a given share of the control is told so wrongly."""

    false_positive_rate: float
    """The rate asked for."""
    true_positive_rate: ScoreRecord
    """Null: the control is too small for the rate."""
    reached: float | None
    """Share of the control above the threshold, at most the rate asked for."""
    threshold: float | None
    """Scores of this or more count as members; null: not measured, or above every score."""
    control_needed: int
    """The smallest control with which the rate can be measured."""


class MembershipFiguresRecord(Record):
    """How well the score that ranks tells targets from control, as an attack on membership would be judged."""

    score: str
    auc: ScoreRecord
    """Area under the ROC curve: 0.5 is chance."""
    at: list[AtRateRecord]
    """True-positive rates at low false-positive rates."""


def memorized_record(found: Memorized) -> MemorizedRecord:
    """The list as audit.json has it; the samples themselves are in samples.parquet."""
    return MemorizedRecord(
        q=found.q,
        count=None if found.counts is None else found.found,
        score=found.by,
        targets=found.targets,
        control=found.control,
        counts=_counts(found.counts),
        compared=[
            ComparedRecord(score=name, counts=_counts(one.listed), auc=ScoreRecord(**vars(one.auc)))
            for name, one in found.compared.items()
        ],
        share=ScoreRecord(**vars(found.share)),
        reach=None
        if found.reach is None
        else ReachRecord(
            least_p_value=found.reach.least_p,
            targets_needed=found.reach.targets_needed,
            control_needed=found.reach.control_needed,
            possible=found.reach.possible,
        ),
        reason=found.reason,
        notes=list(found.notes),
    )


def membership_figures_record(score: str, figures: Figures) -> MembershipFiguresRecord:
    """The membership figures of a score as audit.json has them."""
    return MembershipFiguresRecord(
        score=score, auc=ScoreRecord(**vars(figures.auc)), at=[_at_rate(one) for one in figures.at]
    )


def _counts(listed: Mapping[float, int] | None) -> list[CountRecord] | None:
    return None if listed is None else [CountRecord(q=q, count=count) for q, count in listed.items()]


def _at_rate(one: AtRate) -> AtRateRecord:
    return AtRateRecord(
        false_positive_rate=one.rate,
        true_positive_rate=ScoreRecord(**vars(one.true_positive)),
        reached=one.false_positive,
        threshold=one.threshold,
        control_needed=one.control_needed,
    )
