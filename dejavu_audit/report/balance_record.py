"""What audit.json says of how the control was drawn, and of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dejavu_audit.report.score_record import Record

if TYPE_CHECKING:
    from dejavu_audit.balance.checking import Balance
    from dejavu_audit.balance.differences import Difference, Side
    from dejavu_audit.balance.matching import Matching

Grade = Literal["no difference", "by little", "clearly", "by much"]


class SideRecord(Record):
    """A number in one set, weighted where the control is. Null: missing of every sample."""

    mean: float | None
    median: float | None
    missing: float
    """Share of samples without it."""


class ShareRecord(Record):
    """How common one category is in both sets."""

    category: str
    targets: float
    control: float


class FeatureRecord(Record):
    """One feature of targets and control, compared."""

    name: str
    kind: Literal["number", "category", "vector"]
    component: str | None
    """Of a vector, the component that differs the most: the figures are of it, the p-values and `auc` of the whole."""
    unit: str
    distance: float
    """Kolmogorov-Smirnov distance of numbers, total variation of categories, from 0 to 1."""
    chance: float
    """The distance that chance alone gives, on average."""
    threshold: float
    """The distance that chance alone exceeds once in as many checks as Holm's first step allows."""
    p_value: float
    """Of a permutation test, clusters as wholes, within the cells where the control is weighed."""
    p_adjusted: float
    """Adjusted for all features (Holm) and for the classifier beside them."""
    differs: bool
    grade: Grade
    """By how much: "by little" under 0.1 beyond chance, "by much" from 0.3."""
    auc: float | None
    """What the blind classifier reaches with this feature alone; null: it cannot use it."""
    targets: SideRecord | None
    """Null for a category."""
    control: SideRecord | None
    shares: list[ShareRecord]
    """Of a category, those whose shares differ the most."""


class BlindRecord(Record):
    """The classifier that never sees the audited model, on all features together."""

    auc: float
    """Chance that it scores a target above a control picture; 0.5 is chance."""
    low: float
    high: float
    """Interval of this classifier's AUC."""
    p_value: float
    """Of a permutation test with `draws` refits."""
    p_adjusted: float
    threshold: float
    """The AUC above which it tells them apart beyond chance."""
    detectable: float
    """The AUC that it must reach on average to be noticed with 80 % probability."""
    draws: int
    grade: Grade
    """By how much it tells them apart: "by little" under 0.57, "by much" from 0.71."""
    driven_by: list[str]
    """The features that tell the most alone, the strongest first; empty where it tells nothing."""


class BalanceRecord(Record):
    """Is the control drawn like the targets?"""

    failed: bool | None
    """True: it is not; false: no sign of it was found; null: it could not be told, see `reason`."""
    reason: str | None
    grade: Grade
    """The strongest word for what was found."""
    targets: int
    """Targets that were looked at: those with a weight, at most 10,000."""
    control: int
    false_alarms: float
    """Chance of `failed` where the control is drawn like the targets, at most."""
    matched: bool
    """Whether the control was weighed."""
    features: list[FeatureRecord]
    """Those that differ the most first."""
    untested: dict[str, str]
    """Feature -> why it could not be compared."""
    classifier: BlindRecord | None
    """Null: too few samples to train one."""


class MatchingRecord(Record):
    """The weights that make the control look like the targets."""

    by: list[str]
    cells: int
    """Cells with both targets and control."""
    control: int
    """Control samples with a weight."""
    effective: float
    """Unweighted control samples (or clusters) that would say as much (Kish)."""
    unmatched_targets: int
    """Targets in cells without control: left out of the number."""
    unused_control: int
    """Control samples in cells without targets: left out."""
    after: BalanceRecord | None
    """The same check with the weights; null: not made."""


def balance_record(balance: Balance) -> BalanceRecord:
    """The record of a check."""
    found, p = balance.blind, balance.blind_p_adjusted
    classifier = None
    if found is not None and p is not None:
        classifier = BlindRecord(
            **vars(found),
            p_adjusted=p,
            grade=balance.classifier_grade,
            driven_by=[one.name for one in balance.drivers],
        )
    return BalanceRecord(
        failed=balance.failed,
        reason=balance.reason,
        grade=balance.grade,
        targets=balance.targets,
        control=balance.control,
        false_alarms=round(1 - balance.level, 9),
        matched=balance.matched,
        features=[_feature(one) for one in balance.differences],
        untested=dict(balance.untested),
        classifier=classifier,
    )


def matching_record(matching: Matching, after: Balance | None) -> MatchingRecord:
    """The record of the weights, and of the check with them."""
    return MatchingRecord(
        by=list(matching.by),
        cells=matching.cells,
        control=matching.control,
        effective=matching.effective,
        unmatched_targets=matching.unmatched_targets,
        unused_control=matching.unused_control,
        after=None if after is None else balance_record(after),
    )


def _feature(one: Difference) -> FeatureRecord:
    return FeatureRecord(
        name=one.name,
        kind=one.kind,
        component=one.component,
        unit=one.unit,
        distance=one.distance,
        chance=one.chance,
        threshold=one.threshold,
        p_value=one.p_value,
        p_adjusted=one.p_adjusted,
        differs=one.differs,
        grade=one.grade,
        auc=one.auc,
        targets=_side(one.targets),
        control=_side(one.control),
        shares=[ShareRecord(category=name, targets=mine, control=theirs) for name, mine, theirs in one.shares],
    )


def _side(side: Side | None) -> SideRecord | None:
    return None if side is None else SideRecord(**vars(side))
