"""Whether the number can be trusted: the control, the references, who was in the training data, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dejavu_audit.report.balance_words import caveat, told
from dejavu_audit.report.html.figures import Said, percent, points, said
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.html.tracks import axis
from dejavu_audit.report.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dejavu_audit.report.balance_record import BalanceRecord
    from dejavu_audit.report.duplicates_record import ExampleRecord
    from dejavu_audit.report.membership_record import SetMembershipRecord

STATUS = {
    "member": "in the training data",
    "non-member": "not in the training data",
    "unknown": "not known",
    "contradicted": "not what it is taken for",
}
BASIS = {
    "table": "table of published weights",
    "header": "header of the weights file",
    "user": "stated by the user",
    "data": "the data’s own sets",
    "none": "",
}
SETS = {"target": "Targets", "control": "Control", "public": "Public", "fit": "Fit set"}
MEANS = {
    "target": "in the model’s training data, and asked about",
    "control": "drawn alike, never trained on",
    "public": "labelled pictures that answer for the model, by being near",
    "fit": "what the reference learns from",
}
OPTIONS = 40
"""Settings of one reference that are shown."""


class Feature(NamedTuple):
    """One feature of targets and control."""

    name: str
    sides: str
    distance: str
    at: float
    chance: float
    p: str
    differs: bool


def balance(material: Material) -> dict[str, Any] | None:
    """The check of the control, before and after matching; None: there is no control."""
    record = material.record
    if record.balance is None:
        return None
    states = [("as drawn", record.balance)]
    if record.matching is not None and record.matching.after is not None:
        states.append(("weighed", record.matching.after))
    return {
        "says": caveat(record.balance, record.matching),
        "failed": states[-1][1].failed,
        "states": [_state(name, of) for name, of in states],
    }


def _state(name: str, record: BalanceRecord) -> dict[str, Any]:
    line = axis(
        [0.05, *(value for one in record.features for value in (one.distance, one.threshold))], signed=False, factor=1.0
    )
    seen = record.classifier
    return {
        "name": name,
        "targets": f"{record.targets:,}",
        "control": f"{record.control:,}",
        "axis": line,
        "features": [
            Feature(
                one.name + (f", {one.component}" if one.component else ""),
                told(one).removeprefix(one.name).strip(" ()"),
                f"{one.distance:.3f}",
                line.at(one.distance),
                line.at(one.threshold),
                f"{one.p_adjusted:.2g}",
                one.differs,
            )
            for one in record.features
        ],
        "untested": sorted(record.untested.items()),
        "classifier": None
        if seen is None
        else {
            "auc": f"{seen.auc:.3f}",
            "interval": f"{seen.low:.3f} to {seen.high:.3f}",
            "p": f"{seen.p_adjusted:.2g}",
            "detectable": f"{seen.detectable:.2f}",
            "driven_by": seen.driven_by,
            "grade": seen.grade,
        },
        "false_alarms": f"{100 * record.false_alarms:g}",
        "reason": record.reason,
    }


def references(material: Material) -> dict[str, Any]:
    """Every reference alone, what it is and whether it keeps up with the model where there is nothing to remember."""
    record = material.record
    keeps_up = {None: "not known: no control", True: "weaker than the model", False: "keeps up"}
    made = [
        {
            "name": one.name,
            "finds": said(one.memorization, signed=True),
            "targets": said(one.right_targets, signed=False),
            "control": said(one.right_control, signed=False),
            "encoder": said(one.encoder_right_control, signed=False),
            "gap": said(one.control_gap, signed=True),
            "weaker": one.weaker,
            "keeps_up": keeps_up[one.weaker],
            "settings": list(_flat(one.description))[:OPTIONS],
        }
        for one in record.references
    ]
    return {
        "references": made,
        "other": material.other,
        "unit": "right" if material.label else "precision",
        "description": [] if made else list(_flat(record.reference))[:OPTIONS],
        "symmetric": material.symmetric,
    }


def _flat(told_of: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as name and text."""
    for name, value in told_of.items():
        where = f"{before}{name}"
        if isinstance(value, dict):
            yield from _flat(value, f"{where}.")
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for place, one in enumerate(value):
                yield from _flat(one, f"{where}[{place}]." if len(value) > 1 else f"{where}.")
        elif value not in (None, [], ""):
            yield where, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    return str(value)


def membership(material: Material) -> dict[str, Any]:
    """Who was in the training data, by whom that is said."""
    record = material.record.membership
    sets = [("Targets", record.target), (material.other.capitalize(), record.control), ("Public", record.public)]
    rows = [_known(name, one) for name, one in sets if one is not None]
    rows += [_known(f"Reference {name}", one) for name, one in record.references.items()]
    standing = {
        "known": "It is known that the sets are what the audit takes them for.",
        "stated": "That the sets are what the audit takes them for is stated by the user, and not known otherwise.",
        "unknown": "Whether the sets are what the audit takes them for is not known.",
        "contradicted": "What is known contradicts what the audit takes for granted.",
    }
    return {
        "assumption": record.assumption,
        "evidence": record.evidence,
        "standing": record.standing,
        "says": standing.get(str(record.standing), ""),
        "trained_on": record.trained_on,
        "rows": rows,
    }


def _known(name: str, one: SetMembershipRecord) -> dict[str, str]:
    return {
        "name": name,
        "status": one.status,
        "said": STATUS[one.status],
        "why": one.why,
        "source": one.source or BASIS[one.basis],
    }


def pictures(material: Material) -> dict[str, Any]:
    """How many pictures of each set were used and set aside, why, and which were in the audit more than once."""
    data = material.record.data
    rows = []
    for name, used in data.counts.items():
        reasons = data.set_aside.get(name, {})
        if used or reasons:
            lost = sum(reasons.values())
            called = material.other.capitalize() if name == "control" else SETS[name]
            rows.append(
                {
                    "set": called,
                    "means": "in the reference’s training data" if called.startswith("Ref") else MEANS[name],
                    "used": f"{used:,}",
                    "aside": f"{lost:,}",
                    "share": percent(lost / (lost + used)) if lost else "",
                    "reasons": [(reason, f"{count:,}") for reason, count in reasons.items()],
                }
            )
    found = data.duplicates
    return {
        "rows": rows,
        "left_out": [(reason, f"{count:,}") for reason, count in data.left_out.items()],
        "notes": list(data.notes),
        "looked": found is not None,
        "duplicate_says": [] if found is None else found.sentences(),
        "pairs": [] if found is None else [
            (SETS[one.set], SETS[one.other], [(kind, f"{count:,}") for kind, count in one.kinds.items()])
            for one in found.found
        ],
        "examples": [] if found is None or not material.images else [_example(one) for one in found.examples[:8]],
    }  # fmt: skip


def _example(one: ExampleRecord) -> dict[str, Any]:
    return {**one.model_dump(), "id": plain(one.id, 120), "other_id": plain(one.other_id, 120)}


def gate(material: Material) -> dict[str, Any] | None:
    """The gate's verdict, limit by limit; None: no gate has judged this run."""
    record = material.gate
    if record is None:
        return None
    limits = []
    for one in record.limits:
        samples = one.unit == "samples"
        factor = 1.0 if samples else 100.0
        line = axis([one.limit, one.estimate, one.low, one.high], factor=factor, signed=one.kind == "max_increase")

        def say(value: float, samples: bool = samples, rise: bool = one.kind == "max_increase") -> str:
            return f"{value:,.0f}" if samples else points(value) if rise else f"{percent(value)} %"

        number, mark = Said("not measured", ""), None
        if one.estimate is not None and one.low is not None and one.high is not None:
            number = Said(say(one.estimate), f"{say(one.low)} to {say(one.high)}")
            mark = line.mark(one.estimate, one.low, one.high)
        limits.append(
            {
                "record": one.model_dump(),
                "rise": one.kind == "max_increase",
                "limit": say(one.limit),
                "at": line.at(one.limit),
                "axis": line,
                "number": number,
                "mark": mark,
                "level": f"{100 * one.level:.4g}",
                "needed": None if one.needed is None else f"{one.needed:,}",
            }
        )
    return {
        "record": record.model_dump(),
        "limits": limits,
        "level": f"{100 * record.level:.4g}",
        "stages": [
            (f"{one.targets:,}", f"{one.control:,}", f"{100 * one.level:.4g} %", one.verdict) for one in record.stages
        ],
    }
