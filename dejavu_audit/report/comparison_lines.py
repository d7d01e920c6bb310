"""The lines of a comparison, the same in the terminal and on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dejavu_audit.report.summary import weights_name
from dejavu_audit.report.verdict import model_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dejavu_audit.report.comparison_record import (
        ChangedClassesRecord,
        ChangedListRecord,
        ChangeTestRecord,
        ComparisonRecord,
        RunRecord,
        SideRecord,
    )

NOT_MEASURED = "-"


class Line(NamedTuple):
    """A score of both runs and its change, in percent, as text."""

    key: str
    name: str
    old: str
    new: str
    change: str
    interval: str
    strong: bool = False
    section: bool = False
    """A rule is drawn before it."""


class _Said(NamedTuple):
    key: str
    name: str
    signed: bool = False
    section: bool = False


_LABEL = (
    _Said("deja_vu_top1", "déjà vu score, top-1", signed=True),
    _Said("deja_vu_top1_targets", "  on the targets", signed=True),
    _Said("deja_vu_top1_control", "  on the control", signed=True),
    _Said("deja_vu_top5", "déjà vu score, top-5", signed=True),
    _Said("deja_vu_top5_targets", "  on the targets", signed=True),
    _Said("deja_vu_top5_control", "  on the control", signed=True),
    _Said("memorized", "memorized", section=True),
    _Said("misrepresented", "misrepresented"),
    _Said("correlated", "correlated"),
    _Said("unassociated", "unassociated"),
    _Said("accuracy_target_top1", "encoder right, targets", section=True),
    _Said("accuracy_target_top1_control", "encoder right, control"),
    _Said("accuracy_reference_top1", "baseline right, targets"),
    _Said("accuracy_reference_top1_control", "baseline right, control"),
)
_OBJECTS = (
    _Said("ppg", "precision gap (PPG)", signed=True),
    _Said("ppg_targets", "  on the targets", signed=True),
    _Said("ppg_control", "  on the control", signed=True),
    _Said("prg", "recall gap (PRG)", signed=True),
    _Said("aucg", "area between the recall curves (AUCG)", signed=True),
    _Said("memorized", "memorized", section=True),
    _Said("misrepresented", "misrepresented"),
    _Said("correlated", "correlated"),
    _Said("unassociated", "unassociated"),
    _Said("precision_target", "precision of the encoder, targets", section=True),
    _Said("precision_target_control", "precision of the encoder, control"),
    _Said("recall_target", "recall of the encoder, targets"),
    _Said("recall_target_control", "recall of the encoder, control"),
    _Said("precision_reference", "precision of the baseline, targets"),
    _Said("precision_reference_control", "precision of the baseline, control"),
)


def score_lines(found: ComparisonRecord) -> Iterator[Line]:
    """The headline and its parts, the four parts, and how often either model is right."""
    for said in _LABEL if found.test == "label" else _OBJECTS:
        one = found.scores.get(said.key)
        if one is None or (not found.calibrated and said.key.endswith("_targets")):
            continue
        sign = "+" if said.signed else ""
        old, new = (NOT_MEASURED if of is None else f"{100 * of:{sign}.1f}" for of in (one.old, one.new))
        change, interval = NOT_MEASURED, ""
        if one.change.estimate is not None and one.change.low is not None and one.change.high is not None:
            change = f"{100 * one.change.estimate:+.1f}"
            interval = f"{100 * one.change.low:+.1f} to {100 * one.change.high:+.1f}"
        yield Line(said.key, said.name, old, new, change, interval, said.key == found.headline, said.section)


def run_lines(run: RunRecord) -> tuple[str, str]:
    """What a run audited, and against which reference."""
    return f"{model_name(run.family, run.model)}, {weights_name(run.pretrained)}", f"baseline {run.reference}"


def number_line(run: RunRecord) -> str:
    """A run's own headline, of all its samples."""
    one = run.headline
    if one.estimate is None or one.low is None or one.high is None:
        return f"{one.metric}: not measured"
    kind = "" if one.calibrated else ", uncalibrated"
    bounds = f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
    return f"{one.metric}{kind}: {100 * one.estimate:+.1f} points ({100 * one.level:g} % interval {bounds})"


def common_line(found: ComparisonRecord) -> str:
    """What is compared."""
    names = {"target": "targets", "control": "control samples"}
    common = " and ".join(f"{size:,} {names[name]}" for name, size in found.common.items())
    return f"{common}, which both runs judged; changes are B minus A, paired sample by sample."


def test_line(test: ChangeTestRecord) -> str:
    """An exact test in words."""
    chance = f"p = {p_text(test.p_value)}" if test.gained + test.lost else "nothing to test"
    return f"{test.question}: {test.gained:,} in B alone, {test.lost:,} in A alone ({chance}, two-sided)"


def p_text(value: float | None) -> str:
    """A p-value to two digits."""
    return NOT_MEASURED if value is None else f"{value:.2g}" if value >= 0.0001 else f"{value:.0e}"


def list_line(of: ChangedListRecord, how: str) -> str:
    """How many came, went and stayed."""
    return f"{how}: {of.became:,} became memorized, {of.no_longer:,} no longer are, {of.stayed:,} are in both"


def classes_line(of: ChangedClassesRecord) -> str:
    """How many classes moved, beside what chance moves."""
    if not of.compared:
        return f"no class has {of.least:,} common targets, so that none is compared"
    return (
        f"of {of.compared:,} classes with {of.least:,} common targets or more, the intervals of {of.apart:,} leave 0 "
        f"out; chance alone gives about {of.by_chance:.1f}"
    )


def side_text(side: SideRecord) -> str:
    """What one run says of a sample: votes of its class, or precision and recall."""
    if side.votes is not None:
        return f"{side.votes} of {side.neighbors}"
    return "/".join(NOT_MEASURED if of is None else f"{of:.2f}" for of in (side.precision, side.recall))
