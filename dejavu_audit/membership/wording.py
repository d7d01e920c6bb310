"""How a verdict is worded by what is known of membership: "memorized" only where it is known, or stated by the user."""

from __future__ import annotations

from dejavu_audit.membership.evidence import Evidence

LEADS = {
    ("memorizes", "known"): "Memorization",
    ("memorizes", "stated"): "Memorization, if the sets are what they are stated to be",
    ("memorizes", "unknown"): "Consistent with memorization",
    ("memorizes", "contradicted"): "Suspect",
    ("not shown", "known"): "No memorization shown",
    ("not shown", "stated"): "No memorization shown",
    ("not shown", "unknown"): "No sign of memorization",
    ("not shown", "contradicted"): "Nothing found",
    ("reversed", "known"): "Suspect",
    ("reversed", "stated"): "Suspect",
    ("reversed", "unknown"): "Suspect",
    ("reversed", "contradicted"): "Suspect",
    ("uncalibrated", "known"): "Uncalibrated",
    ("uncalibrated", "stated"): "Uncalibrated",
    ("uncalibrated", "unknown"): "Uncalibrated",
    ("uncalibrated", "contradicted"): "Suspect",
}
"""How the verdict line begins, by the finding (`report.verdict.finding`) and `Evidence.standing`."""


def lead(finding: str, evidence: Evidence) -> str:
    """How the verdict line begins, before its colon."""
    return LEADS[finding, evidence.standing]


def tail(finding: str, evidence: Evidence) -> str:
    """What the verdict line must add after the number, with its semicolon; empty where membership is known."""
    target, control = evidence.target, evidence.control
    if target.status == "contradicted":
        end = {
            "memorizes": "there is nothing to be memorized, and a number above 0 is a false alarm",
            "uncalibrated": "there is nothing to be memorized, and a number above 0 is skill or a false alarm",
        }.get(finding, "there is nothing to be memorized")
        return f"; {target.why}, so {end}"
    if control is not None and control.status == "contradicted":
        return f"; {control.why}, so that it is no control, and memory of it hides memory of the targets"
    if evidence.standing == "unknown":
        unknown = [
            name
            for name, one in (("the targets were in its training data", target), ("the control was not", control))
            if one is not None and one.status == "unknown"
        ]
        return f"; that {' and that '.join(unknown)} is not known"
    if evidence.standing == "stated":
        by = dict.fromkeys(one.source for one in (target, control) if one is not None and one.stated)
        return f"; who was in its training data is stated by {' and '.join(by)}"
    return ""


def caveats(evidence: Evidence) -> list[str]:
    """What the reader must know of membership beside the number, a sentence each."""
    said = []
    for one in (evidence.target, evidence.control):
        if one is not None and not (one.status in ("member", "non-member") and not one.stated):
            said.append(_sentence(one.why, one.source))
    if evidence.public is not None and evidence.public.status == "member":
        said.append(_sentence(evidence.public.why, ""))
    for name, one in evidence.references.items():
        if one.status in ("unknown", "contradicted"):
            said.append(_sentence(f"of the reference {name}: {one.why}", one.source))
    return said


def _sentence(why: str, source: str) -> str:
    return f"{why[0].upper()}{why[1:]}{f' ({source})' if source else ''}."
