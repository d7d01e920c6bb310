"""What is known of who was in the training data: of targets, control, public pictures, and against the references.

The audit takes for granted that the encoder was trained on the targets and not on the control (method: sections 1 and
4). Here that is held against what its weights are known to be trained on, and against what the user states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dejavu_audit.membership.answers import Answer, Basis, Weights, answers
from dejavu_audit.membership.drawn import Drawn

Status: TypeAlias = Literal["member", "non-member", "unknown", "contradicted"]
Standing: TypeAlias = Literal["known", "stated", "unknown", "contradicted"]


@dataclass(frozen=True)
class SetEvidence:
    """What is known of one set."""

    status: Status
    """"member": all were trained on; "non-member": none was; "contradicted": it is known that they are not what the
    audit takes them for."""
    why: str
    """One sentence without its full stop."""
    source: str
    """Who says so; empty where nobody does."""
    basis: Basis
    """"table" of published weights, "header" of the weights file, "user" (a list), "data" (their own sets), "none"."""

    @property
    def stated(self) -> bool:
        """Whether it rests on the user's word."""
        return self.basis in ("user", "data") and self.status in ("member", "non-member")


@dataclass(frozen=True)
class Evidence:
    """What is known of all sets."""

    target: SetEvidence
    control: SetEvidence | None
    """None: there is no control."""
    public: SetEvidence | None
    references: Mapping[str, SetEvidence] = field(default_factory=dict)
    """Of every reference, whether it was trained on targets or control: it must not be."""
    trained_on: str | None = None
    """The encoder's training data in words; None: nothing is known."""
    training_source: str = ""

    @property
    def known(self) -> bool:
        """Whether it may be called memorized: the targets are members, the control, if there is one, is not."""
        return self.target.status == "member" and (self.control is None or self.control.status == "non-member")

    @property
    def standing(self) -> Standing:
        """How surely the sets are what the audit takes them for."""
        sets = [one for one in (self.target, self.control) if one is not None]
        if any(one.status == "contradicted" for one in sets):
            return "contradicted"
        if not self.known:
            return "unknown"
        return "stated" if any(one.stated for one in sets) else "known"


@dataclass(frozen=True)
class Stated:
    """What the user states of the sets."""

    members: str | None = None
    """The file of --members: the targets are of it."""
    reference_members: str | None = None
    """The file of --reference-members, which stand in the control's place."""
    own_sets: bool = False
    """The data are the user's own, so that their column `set` says who was trained on."""


def evidence(
    weights: Weights,
    sets: Mapping[str, Drawn],
    stated: Stated,
    references: Mapping[str, Weights | None] | None = None,
) -> Evidence:
    """Hold what the audit takes for granted against what is known.

    Args:
        weights: of the audited encoder.
        sets: the pictures of "target", and maybe "control" and "public".
        stated: what the user says of them.
        references: every reference's weights; None: it begins from nothing.

    """
    control, public = sets.get("control"), sets.get("public")
    training = weights.training
    return Evidence(
        target=_of_role("target", weights, sets["target"], stated),
        control=_of_role("control", weights, control, stated) if control is not None and control.count else None,
        public=_of_public(weights, public) if public is not None and public.count else None,
        references={
            name: _of_reference(one, sets, symmetric=stated.reference_members is not None)
            for name, one in (references or {}).items()
        },
        trained_on=training.words if training is not None else None,
        training_source=training.source if training is not None else "",
    )


_NAMES = {"target": "targets", "control": "control pictures", "public": "public pictures"}


def _of_role(role: Literal["target", "control"], weights: Weights, pictures: Drawn, stated: Stated) -> SetEvidence:
    """Targets must be members, the control must not; a word of the user counts where nothing else is known."""
    fits, against = ("holds", "lacks") if role == "target" else ("lacks", "holds")
    good: Status = "member" if role == "target" else "non-member"
    found = answers(weights, pictures)
    wrong = [(one, count) for one, count in found if one.holds == against]
    if wrong:
        return _said("contradicted", role, pictures.count, wrong)
    if all(one.holds == fits for one, _ in found) and found:
        return _said(good, role, pictures.count, found)
    word = _word(role, pictures, stated)
    if word is not None:
        return SetEvidence(good, *word)
    return _said("unknown", role, pictures.count, [(one, count) for one, count in found if one.holds != fits])


def _word(role: str, pictures: Drawn, stated: Stated) -> tuple[str, str, Basis] | None:
    """What the user says of a set: why, source and basis."""
    if role == "target" and stated.members:
        return "the targets are of the list of members, which is not checked", f"--members {stated.members}", "user"
    if role == "control" and stated.reference_members:
        why = "they are of the list of the reference's members, which the audited encoder is said not to have seen"
        return why, f"--reference-members {stated.reference_members}", "user"
    if role == "control" and stated.members:
        why = "the control pictures are not on the list of members, which is taken to be whole"
        return why, f"--members {stated.members}", "user"
    if stated.own_sets and pictures.count and pictures.prescribed == pictures.count:
        return (
            f"the data put the {_NAMES[role]} there themselves, which is not checked",
            "the data's column set",
            "data",
        )
    return None


def _of_public(weights: Weights, pictures: Drawn) -> SetEvidence:
    """Nothing is expected of public pictures; where the encoder saw them, the calibrated score is fair all the same."""
    found = answers(weights, pictures)
    kinds = {one.holds for one, _ in found}
    if kinds == {"holds"}:
        said = _said("member", "public", pictures.count, found)
        fair = "; targets and control meet the same public pictures, so that the calibrated score stays fair"
        return SetEvidence(said.status, said.why + fair, said.source, said.basis)
    return _said("non-member" if kinds == {"lacks"} else "unknown", "public", pictures.count, found)


def _of_reference(weights: Weights | None, sets: Mapping[str, Drawn], *, symmetric: bool) -> SetEvidence:
    """A reference that saw targets passes memory off as correlation, one that saw the control spoils the calibration.

    In the symmetric test the control's place is taken by what the reference did see.
    """
    if weights is None:
        why = "it begins from nothing and learns from the fit set alone"
        return SetEvidence("non-member", why, "the audit", "table")
    roles = ("target",) if symmetric else ("target", "control")
    found = [(role, one) for role in roles if role in sets for one, _ in answers(weights, sets[role])]
    for holds, how in (("holds", "was"), ("some", "was partly")):
        for role, one in found:
            if one.holds == holds:
                harm = "it can pass memory off as correlation" if role == "target" else "the calibration is biased"
                why = f"it {how} trained on the {_NAMES[role]}, so that {harm}: {one.why}"
                return SetEvidence("contradicted", why, one.source, one.basis)
    for role, one in found:
        if one.holds == "unknown":
            why = f"whether it was trained on the {_NAMES[role]} is not known: {one.why}"
            return SetEvidence("unknown", why, one.source, one.basis)
    if not found:
        return SetEvidence("unknown", "there is nothing to compare it with", "", "none")
    _, one = found[0]
    neither = "the targets" if symmetric else "targets or control"
    return SetEvidence("non-member", f"it was not trained on {neither}: {one.why}", one.source, one.basis)


def _said(status: Status, role: str, count: int, found: list[tuple[Answer, int]]) -> SetEvidence:
    """The status with what most of the pictures have to say for it."""
    answer, _ = max(found, key=lambda one: one[1])
    names, total = _NAMES[role], sum(number for _, number in found)
    who = f"the {names}" if total == count else f"{total:,} of the {count:,} {names}"
    told = {
        "holds": f"{who} were in the training data",
        "lacks": f"{who} were not in the training data",
        "some": f"some of {who} were in the training data, and which is not known",
        "unknown": f"whether {who} were in the training data is not known",
    }[answer.holds]
    return SetEvidence(status, f"{told}: {answer.why}", answer.source, answer.basis)
