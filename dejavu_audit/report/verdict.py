"""The finding in words: what was found, how sure, and what may mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dejavu_audit.report.record import AuditRecord, HeadlineRecord


def points(share: float) -> str:
    """A share as percentage points, signed: 0.123 is "+12.3"."""
    return f"{100 * share:+.1f}"


def finding(headline: HeadlineRecord) -> str:
    """One of "memorizes", "not shown", "reversed", "uncalibrated", "not measured"."""
    if headline.low is None or headline.high is None:
        return "not measured"
    if not headline.calibrated:
        return "uncalibrated"
    if headline.low > 0:
        return "memorizes"
    return "reversed" if headline.high < 0 else "not shown"


def sentence(model: str, headline: HeadlineRecord) -> str:
    """The verdict line."""
    found = finding(headline)
    if found == "not measured" or headline.estimate is None or headline.low is None or headline.high is None:
        return f"Not measured: no target of {model} could be judged."
    number = (
        f"{points(headline.estimate)} points "
        f"({100 * headline.level:g} % interval {points(headline.low)} to {points(headline.high)})"
    )
    if found == "memorizes":
        return (
            f"Memorization: {model} names its targets from their backgrounds more often than it names held-out "
            f"pictures, beyond what backgrounds give away: {number}."
        )
    if found == "not shown":
        return (
            f"No memorization shown: {model} names its targets from their backgrounds no more surely than held-out "
            f"pictures: {number}; up to {points(max(headline.high, 0.0))} points cannot be ruled out."
        )
    if found == "reversed":
        return (
            f"Suspect: {model} names held-out pictures from their backgrounds more often than its targets: {number}; "
            "check that the targets were in its training data and that the control is drawn like them."
        )
    return f"Uncalibrated: {model} beats the baseline on its targets' backgrounds by {number}, biased upward (below)."


def caveats(
    *, headline: HeadlineRecord, control: int, groups: bool, base: float | None, lost: int, asked: int
) -> list[str]:
    """What the reader must know beside the number.

    Args:
        headline: the number.
        control: control pictures that were judged.
        groups: whether clusters were known and resampled whole.
        base: the baseline's top-1 accuracy on the targets.
        lost: target and control pictures set aside.
        asked: target and control pictures asked for.

    """
    said = []
    if not headline.calibrated:
        said.append(
            "Uncalibrated, biased upward where the encoder reads backgrounds better than the baseline: there is no "
            "held-out control, so skill cannot be told from memory. Give pictures that were never trained on."
        )
    else:
        said.append("The control is taken to be drawn like the targets; that it is has not been tested.")
    if headline.calibrated and control < 1_000:
        said.append(f"The control is small ({control:,} pictures), which widens the interval.")
    if base is not None and base == 0.0:
        said.append(
            "The baseline names no target at all: it gives no sign of having learned what backgrounds give away."
        )
    if lost > 0.1 * asked:
        said.append(
            f"{lost:,} of {asked:,} targets and control pictures were set aside; the number speaks of the rest."
        )
    if not groups:
        said.append("Near-duplicates within and between the sets were not looked for.")
    said.append(
        "It speaks of the targets as a sample; it is evidence of memorization, not proof of what can be extracted, and "
        "a low number is no proof of privacy."
    )
    return said


def of(record: AuditRecord) -> str:
    """The finding of a record, in one word for styles and gates."""
    return finding(record.headline)
