"""The finding in words: what was found, how sure, and what may mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dejavu_audit.membership import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dejavu_audit.membership.evidence import Evidence
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


def sentence(model: str, headline: HeadlineRecord, known: Evidence, *, suspect: bool = False) -> str:
    """The verdict line.

    `known` is what is known of membership; `suspect`: the control is not drawn like the targets.
    """
    found = finding(headline)
    if found == "not measured" or headline.estimate is None or headline.low is None or headline.high is None:
        return f"Not measured: no target of {model} could be judged."
    number = (
        f"{points(headline.estimate)} points "
        f"({100 * headline.level:g} % interval {points(headline.low)} to {points(headline.high)})"
    )
    lead = "Suspect" if suspect else wording.lead(found, known)
    said = (_symmetric if headline.metric.endswith("_symmetric") else _said)(model, found, headline, number)
    fails = "; the control is not drawn like the targets (below)" if suspect else ""
    return f"{lead}: {said}{fails}{wording.tail(found, known)}."


def _said(model: str, found: str, headline: HeadlineRecord, number: str) -> str:
    """What was found of a model."""
    words = _words(headline)
    if found == "memorizes":
        return f"{model} {words.does} more often than {words.others}, beyond {words.beyond}: {number}"
    if found == "not shown":
        return (
            f"{model} {words.does} no more surely than {words.others}: {number}; up to "
            f"{points(max(headline.high or 0.0, 0.0))} points cannot be ruled out"
        )
    if found == "reversed":
        return (
            f"{model} {words.does} less often than {words.others}: {number}; "
            "check that the targets were in its training data and that the control is drawn like them"
        )
    return f"{model} beats the reference on its targets' {words.given} by {number}, biased upward (below)"


def _symmetric(model: str, found: str, headline: HeadlineRecord, number: str) -> str:
    """What the two-model test found of two models."""
    given = _words(headline).given
    both = f"{number}, the mean of both directions"
    if found == "memorizes":
        return (
            f"{model} and its reference do better on the {given} of their own training pictures than on each other's: "
            f"{both}"
        )
    if found == "not shown":
        return f"{model} and its reference do equally well on the {given} of each other's training pictures: {both}"
    return (
        f"{model} and its reference do better on the {given} of each other's training pictures than on their own: "
        f"{both}; check that the two lists were not exchanged"
    )


def caveats(
    *,
    headline: HeadlineRecord,
    references: Sequence[ReferenceRecord],
    control: int,
    lost: int,
    judged: int,
    symmetric: bool,
    known: Evidence,
    control_check: str | None = None,
    duplicates: Sequence[str] = (),
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
        known: what is known of membership.
        control_check: what the balance check says of the control; None: nothing was checked.
        duplicates: what is said of pictures that are in several sets.
        warnings: what else is known against the audit's parts.

    """
    said = []
    if symmetric:
        said.append(
            "Each model is the other's reference, so a difference in skill cancels; memory of both is averaged. There "
            "is no list of memorized samples: each set is remembered by one of the two, and none is left to compare "
            "with."
        )
    elif not headline.calibrated:
        said.append(
            f"Uncalibrated, biased upward where the encoder reads {_words(headline).given} better than the baseline: "
            "there is no held-out control, so skill cannot be told from memory. Give pictures that were never trained "
            "on."
        )
    if control_check:
        said.append(control_check)
    if headline.calibrated and control < 1_000:
        whose = "The set of the reference's members" if symmetric else "The control"
        said.append(f"{whose} is small ({control:,} pictures), which widens the interval.")
    said += wording.caveats(known)
    said += _of_references(references)
    said += warnings
    if lost > 0.1 * (lost + judged):
        said.append(
            f"{lost:,} of {lost + judged:,} targets and control pictures were set aside; the number speaks of the rest."
        )
    said += duplicates
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
