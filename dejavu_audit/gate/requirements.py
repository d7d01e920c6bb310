"""What must hold for a run to pass at all: a control, one that is drawn like the targets, enough samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.gate.record import RequirementRecord

if TYPE_CHECKING:
    from dejavu_audit.gate.limits import Requirements
    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.reading import Run


def judge_requirements(run: Run, judged: JudgedRun, asked: Requirements) -> list[RequirementRecord]:
    """What is required, and whether it holds."""
    found = []
    if asked.calibrated:
        found.append(_calibrated(run))
    if asked.balanced:
        found.append(_balanced(run))
    for name, least, of in (
        ("targets", asked.targets, judged.targets),
        ("control", asked.control, judged.control),
    ):
        if least is not None:
            used = _used(of)
            met = used >= least
            whose, joined = name.removesuffix("s"), "and" if met else "but"
            said = f"{used:,} {whose} samples were judged, {joined} {least:,} are required at least."
            found.append(RequirementRecord(name=name, met=met, sentence=said))
    return found


def _calibrated(run: Run) -> RequirementRecord:
    met = run.record.headline.calibrated
    said = (
        "The figure is calibrated: what the model tells of held-out samples was taken off."
        if met
        else "The figure is not calibrated: there is no held-out control, so that skill cannot be told from memory."
    )
    return RequirementRecord(name="calibrated", met=met, sentence=said)


def _balanced(run: Run) -> RequirementRecord:
    """By the last check: with the weights, where the control was weighed."""
    record = run.record
    last = record.balance if record.matching is None else record.matching.after
    if last is None:
        why = "there is no control" if record.balance is None and not record.headline.calibrated else "it was not done"
        said = f"Whether the control is drawn like the targets was not checked: {why}."
    elif last.failed is None:
        said = f"Whether the control is drawn like the targets could not be told: {last.reason or 'no reason is kept'}."
    elif last.failed:
        differing = ", ".join(one.name for one in last.features if one.differs)
        said = "The control is not drawn like the targets" + (f": they differ in {differing}." if differing else ".")
    else:
        said = "No sign was found that the control is not drawn like the targets."
    return RequirementRecord(name="balanced", met=last is not None and last.failed is False, sentence=said)


def _used(of: Any | None) -> int:
    """Samples with a weight."""
    if of is None:
        return 0
    n = len(of.target_right) if hasattr(of, "target_right") else len(of)
    return n if of.weights is None else int(np.count_nonzero(of.weights))
