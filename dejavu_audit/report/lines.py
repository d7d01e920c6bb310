"""The lines of the summary table, the same in the terminal and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dejavu_audit.report.record import AuditRecord

NOT_MEASURED = "not measured"
UNIT = "percent of pictures"
"""Of every number in the table."""


class Line(NamedTuple):
    """One line of the table, as text."""

    name: str
    value: str
    interval: str
    strong: bool = False
    section: bool = False
    """A rule is drawn before it."""


def summary_lines(record: AuditRecord) -> Iterator[Line]:
    """The headline, its parts, the four parts and the accuracies, on targets and control."""
    calibrated = record.headline.calibrated
    name = "déjà vu score, top-1, calibrated" if calibrated else "déjà vu score, top-1, uncalibrated"
    yield _score(record, "deja_vu_top1", name, signed=True, strong=True)
    if calibrated:
        yield _score(record, "deja_vu_top1_targets", "  on the targets", signed=True)
        yield _score(record, "deja_vu_top1_control", "  on the control", signed=True)
    yield _score(record, "deja_vu_top5", "déjà vu score, top-5", signed=True)
    yield _score(record, "deja_vu_top1_confident20", "déjà vu score, 20 % most confident", signed=True)
    yield _score(record, "deja_vu_top1_confident5", "déjà vu score, 5 % most confident", signed=True)
    section = True
    for key, meaning in [
        ("memorized", "memorized: encoder right, baseline wrong"),
        ("misrepresented", "misrepresented: encoder wrong, baseline right"),
        ("correlated", "correlated: both right"),
        ("unassociated", "unassociated: both wrong"),
    ]:
        yield _score(record, key, meaning, section=section)
        section = False
    yield _score(record, "accuracy_target_top1", "encoder right, targets", section=True)
    if calibrated:
        yield _score(record, "accuracy_target_top1_control", "encoder right, control")
    yield _score(record, "accuracy_reference_top1", "baseline right, targets")
    if calibrated:
        yield _score(record, "accuracy_reference_top1_control", "baseline right, control")


def _score(
    record: AuditRecord, key: str, name: str, *, signed: bool = False, strong: bool = False, section: bool = False
) -> Line:
    score = record.scores[key]
    if score.estimate is None or score.low is None or score.high is None:
        return Line(name, NOT_MEASURED, "", strong, section)
    sign = "+" if signed else ""
    value, low, high = (f"{100 * number:{sign}.1f}" for number in (score.estimate, score.low, score.high))
    return Line(name, value, f"{low} to {high}", strong, section)


def set_lines(record: AuditRecord) -> Iterator[str]:
    """How many pictures of each set were used, and how many set aside, why."""
    for name, used in record.data.counts.items():
        reasons = record.data.set_aside.get(name, {})
        if not used and not reasons:
            continue
        lost = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        yield f"{name}: {used:,} used" + (f"; set aside: {lost}" if lost else "")
