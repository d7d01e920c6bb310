"""The finding in words: what was found, how sure, and what may mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dejavu_audit.report.record import AuditRecord, HeadlineRecord, ReferenceRecord


def points(share: float) -> str:
    """A share as percentage points, signed: 0.123 is "+12.3"."""
    return f"{100 * share:+.1f}"


FILES = (".json", ".pt", ".pth", ".bin", ".ckpt", ".tar", ".safetensors", ".ts", ".py")


def model_name(family: str, name: str) -> str:
    """How the audited model is called: family and name, of a file without its folders."""
    return f"{family} {name.replace(chr(92), '/').rsplit('/', 1)[-1] if name.endswith(FILES) else name}"


def finding(headline: HeadlineRecord) -> str:
    """One of "memorizes", "not shown", "reversed", "uncalibrated", "not measured"."""
    if headline.low is None or headline.high is None:
        return "not measured"
    if not headline.calibrated:
        return "uncalibrated"
    if headline.low > 0:
        return "memorizes"
    return "reversed" if headline.high < 0 else "not shown"


class _Words(NamedTuple):
    """How a test's finding is told."""

    does: str
    """What the model does to its targets, with how."""
    others: str
    """To what it does the same honestly."""
    beyond: str
    given: str


_LABEL = _Words(
    "names its targets from their backgrounds",
    "it names held-out pictures",
    "what backgrounds give away",
    "backgrounds",
)
_OBJECTS = _Words(
    "tells the objects of its targets from their captions",
    "it tells those of held-out pictures",
    "what captions give away",
    "captions",
)


def _words(headline: HeadlineRecord) -> _Words:
    return _LABEL if headline.metric.startswith("deja_vu") else _OBJECTS


def sentence(model: str, headline: HeadlineRecord) -> str:
    """The verdict line."""
    found = finding(headline)
    if found == "not measured" or headline.estimate is None or headline.low is None or headline.high is None:
        return f"Not measured: no target of {model} could be judged."
    number = (
        f"{points(headline.estimate)} points "
        f"({100 * headline.level:g} % interval {points(headline.low)} to {points(headline.high)})"
    )
    words = _words(headline)
    if headline.metric.endswith("_symmetric"):
        return _symmetric(model, found, words, number)
    if found == "memorizes":
        return f"Memorization: {model} {words.does} more often than {words.others}, beyond {words.beyond}: {number}."
    if found == "not shown":
        return (
            f"No memorization shown: {model} {words.does} no more surely than {words.others}: {number}; up to "
            f"{points(max(headline.high, 0.0))} points cannot be ruled out."
        )
    if found == "reversed":
        return (
            f"Suspect: {model} {words.does} less often than {words.others}: {number}; "
            "check that the targets were in its training data and that the control is drawn like them."
        )
    return (
        f"Uncalibrated: {model} beats the reference on its targets' {words.given} by {number}, biased upward (below)."
    )


def _symmetric(model: str, found: str, words: _Words, number: str) -> str:
    """The verdict line of the symmetric two-model test."""
    if found == "memorizes":
        return (
            f"Memorization: {model} and its reference do better on the {words.given} of their own training pictures "
            f"than on each other's: {number}, the mean of both directions."
        )
    if found == "not shown":
        return (
            f"No memorization shown: {model} and its reference do equally well on the {words.given} of each other's "
            f"training pictures: {number}, the mean of both directions."
        )
    return (
        f"Suspect: {model} and its reference do better on the {words.given} of each other's training pictures than on "
        f"their own: {number}, the mean of both directions; check that the two lists were not exchanged."
    )


def caveats(
    *,
    headline: HeadlineRecord,
    references: Sequence[ReferenceRecord],
    control: int,
    lost: int,
    judged: int,
    symmetric: bool,
    warnings: Sequence[str] = (),
) -> list[str]:
    """What the reader must know beside the number.

    Args:
        headline: the number.
        references: every reference alone.
        control: control pictures that were judged.
        lost: target and control pictures set aside.
        judged: target and control pictures that were not.
        symmetric: whether both models stood on either side once.
        warnings: what else is known against the audit's parts.

    """
    said = []
    if symmetric:
        said.append(
            "Each model is the other's reference, so a difference in skill cancels; memory of both is averaged."
        )
    elif not headline.calibrated:
        said.append(
            f"Uncalibrated, biased upward where the encoder reads {_words(headline).given} better than the baseline: "
            "there is no held-out control, so skill cannot be told from memory. Give pictures that were never trained "
            "on."
        )
    else:
        said.append("The control is taken to be drawn like the targets; that it is has not been tested.")
    if headline.calibrated and control < 1_000:
        whose = "The set of the reference's members" if symmetric else "The control"
        said.append(f"{whose} is small ({control:,} pictures), which widens the interval.")
    said += _of_references(references)
    said += warnings
    if lost > 0.1 * (lost + judged):
        said.append(
            f"{lost:,} of {lost + judged:,} targets and control pictures were set aside; the number speaks of the rest."
        )
    said.append("Near-duplicates within and between the sets were not looked for.")
    said.append(
        "It speaks of the targets as a sample; it is evidence of memorization, not proof of what can be extracted, and "
        "a low number is no proof of privacy."
    )
    return said


def _of_references(references: Sequence[ReferenceRecord]) -> Iterator[str]:
    for one in references:
        if one.right_targets.estimate == 0.0:
            yield (
                f"The reference {one.name} is right on no target at all: it gives no sign of having learned what can "
                "be inferred honestly."
            )
        elif one.weaker:
            yield (
                f"The reference {one.name} is weaker than the encoder on the control, where there is nothing to "
                f"remember ({points(one.control_gap.estimate or 0.0)} points for the encoder): without the control the "
                "number would be too high."
            )
        contaminated = one.description.get("contaminated")
        if contaminated:
            yield str(contaminated)


def of(record: AuditRecord) -> str:
    """The finding of a record, in one word for styles and gates."""
    return finding(record.headline)
