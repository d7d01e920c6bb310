"""What is said of the control beside the number: drawn like the targets or not, and by what it differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dejavu_audit.report.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.report.balance_record import BalanceRecord, FeatureRecord, MatchingRecord, SideRecord

SHOWN = 3
"""Features that are told."""
_MATCHED_BY = frozenset({"label", "number of objects", "caption words", "caption characters"})


def caveat(record: BalanceRecord | None, matching: MatchingRecord | None = None) -> str | None:
    """The sentences on the control, before and after matching; None where there was nothing to check."""
    if record is None or not record.control:
        return None
    if matching is not None:
        return f"{_verdict(record)} {_weighed(matching)}"
    said = _verdict(record) + (_suspicion(record) if record.failed else "")
    helps = [one.name for one in record.features if one.differs and _matchable(one.name)]
    if record.failed and helps:
        said += f" Try --match, which weighs the control; of what differs it can mend {_listed(helps[:SHOWN])}."
    return said


def _matchable(name: str) -> bool:
    return name in _MATCHED_BY or name.startswith("crop ")


def _verdict(record: BalanceRecord) -> str:
    if record.failed:
        how = "quite " if record.grade == "by little" else ""
        return f"The control is not drawn {how}like the targets: {_found(record)}."
    if record.failed is None:
        return f"Whether the control is drawn like the targets could not be told: {record.reason}."
    said = f"The control was tested to be drawn like the targets: no difference was found in {_count(record)}"
    if record.classifier is None:
        return said + "."
    return (
        f"{said}; a shift that a classifier on them tells with an AUC above {record.classifier.detectable:.2f} would "
        "have been seen with 80 % probability."
    )


def _suspicion(record: BalanceRecord) -> str:
    if record.grade == "by little":
        return " The shift is small, but a part of the calibrated number may be it."
    return " The calibrated number is suspect: it may measure that shift."


def _count(record: BalanceRecord) -> str:
    size = len(record.features)
    return "the one feature that is known" if size == 1 else f"{size} features"


def _found(record: BalanceRecord) -> str:
    """What tells them apart."""
    differing = [one for one in record.features if one.differs]
    seen = record.classifier
    if seen is None or not seen.driven_by:
        return f"they differ in {_listed([told(one) for one in differing[:SHOWN]])}{_more(len(differing))}"
    by_name = {one.name: one for one in record.features}
    # The classifier's own order, then what differs without helping it.
    names = [*seen.driven_by, *(one.name for one in differing if one.name not in seen.driven_by)]
    sure = [name for name in names if by_name[name].differs] or names
    return (
        "a classifier that never sees the encoder tells them apart "
        f"(AUC {seen.auc:.2f}, p = {_p(seen.p_adjusted)}), mostly by "
        f"{_listed([told(by_name[name]) for name in sure[:SHOWN]])}{_more(len(sure))}"
    )


def _more(count: int) -> str:
    return f", and {count - SHOWN} more" if count > SHOWN else ""


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _p(value: float) -> str:
    return f"{value:.1g}" if value < 0.1 else f"{value:.2f}"


def told(one: FeatureRecord) -> str:
    """A feature with its figures in both sets, targets first: "JPEG quality (median 75 against 92)"."""
    inner = _shares(one) if one.kind == "category" else _sides(one)
    return f"{plain(one.name, 40)} ({inner})" if inner else plain(one.name, 40)


def _shares(one: FeatureRecord) -> str:
    if not one.shares:
        return ""
    first = one.shares[0]
    return f"{plain(first.category, 40)} {_percent(first.targets)} against {_percent(first.control)}"


def _sides(one: FeatureRecord) -> str:
    mine, theirs = one.targets, one.control
    if mine is None or theirs is None:
        return ""
    component = f"{plain(one.component, 40)}, " if one.component else ""
    if abs(mine.missing - theirs.missing) > one.distance / 2:
        return f"{component}missing of {_percent(mine.missing)} against {_percent(theirs.missing)}"
    pairs = ((kind, _figures(mine, theirs, kind)) for kind in ("median", "mean"))
    # Medians of numbers with many ties may agree where the numbers do not; so may, to three digits, means.
    for kind, (first, second) in pairs:
        if first != second:
            unit = f" {one.unit}" if one.unit else ""
            return f"{component}{kind} {first} against {second}{unit}"
    return f"{component}{_percent(one.distance)} of the samples apart"


def _figures(mine: SideRecord, theirs: SideRecord, kind: str) -> tuple[str, str]:
    first, second = (getattr(side, kind) for side in (mine, theirs))
    return ("-" if first is None else f"{first:,.3g}" if abs(first) < 1000 else f"{first:,.0f}"), (
        "-" if second is None else f"{second:,.3g}" if abs(second) < 1000 else f"{second:,.0f}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 or share == 0 else f"{100 * share:.1f} %"


def _weighed(matching: MatchingRecord) -> str:
    said = (
        f"Weighed by {_listed(matching.by)} in {matching.cells:,} cells, its {matching.control:,} samples say as much "
        f"as {matching.effective:,.0f} unweighted ones"
    )
    if matching.unmatched_targets:
        left = matching.unmatched_targets
        said += f"; {left:,} target{'s are' if left > 1 else ' is'} left out, whose cells have no control"
    after = matching.after
    if after is None:
        return said + "."
    if after.failed is None:
        return f"{said}. Whether it then is like the targets could not be told: {after.reason}."
    if after.failed:
        how = " by little" if after.grade == "by little" else ""
        return f"{said}. It then still differs{how}: {_found(after)}.{_suspicion(after)}"
    return f"{said}. It then passes the same test."
