"""audit.json's `membership`: what is taken for granted of who was in the training data, and what speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dejavu_audit.report.score_record import Record

if TYPE_CHECKING:
    from dejavu_audit.membership.evidence import Evidence, SetEvidence

OTHERS = {
    False: "the control was not",
    True: "the reference's members in the reference's, and neither in the other's",
}


class SetMembershipRecord(Record):
    """What is known of one set, or of a reference against targets and control."""

    status: Literal["member", "non-member", "unknown", "contradicted"]
    """"contradicted": it is known not to be what the audit takes it for, as targets that were never trained on."""
    why: str
    """One sentence."""
    source: str
    """Who says so: a paper, a model card, the header of the weights, or the user's list; empty where nobody does."""
    basis: Literal["table", "header", "user", "data", "none"]
    """The table of published weights, the header of the weights file, the user's list, the data's own sets, nothing."""


class MembershipRecord(Record):
    """What the audit takes for granted about who was in the training data, and what speaks for it."""

    assumption: str
    evidence: str
    """What is known, in one paragraph."""
    standing: Literal["known", "stated", "unknown", "contradicted"] | None = Field(default=None)
    """How surely the sets are what the assumption says: the verdict says "memorization" only where it is known, or
    stated by the user. Null: written before this was looked into."""
    trained_on: str | None = Field(default=None)
    """The encoder's training data in words; null: nothing is known."""
    target: SetMembershipRecord | None = Field(default=None)
    """Null: not looked into."""
    control: SetMembershipRecord | None = Field(default=None)
    """Null: there is no control."""
    public: SetMembershipRecord | None = Field(default=None)
    references: dict[str, SetMembershipRecord] = Field(default_factory=dict)
    """Of every reference, whether it was trained on targets or control: it must not be."""


def membership_record(found: Evidence, *, symmetric: bool) -> MembershipRecord:
    """The record of what was found; `symmetric`: the control's place is taken by what the reference was trained on."""
    sets = [one for one in (found.target, found.control, found.public) if one is not None]
    known = f"the encoder is known to be trained on {found.trained_on} ({found.training_source})"
    told = [known if found.trained_on else "nothing is known of what the encoder was trained on"]
    told += [f"{one.why}{f' ({one.source})' if one.source else ''}" for one in sets]
    return MembershipRecord(
        assumption=f"the targets were in the encoder's training data, {OTHERS[symmetric]}",
        evidence="; ".join(dict.fromkeys(told)),
        standing=found.standing,
        trained_on=found.trained_on,
        target=_record(found.target),
        control=None if found.control is None else _record(found.control),
        public=None if found.public is None else _record(found.public),
        references={name: _record(one) for name, one in found.references.items()},
    )


def _record(found: SetEvidence) -> SetMembershipRecord:
    return SetMembershipRecord(status=found.status, why=found.why, source=found.source, basis=found.basis)
