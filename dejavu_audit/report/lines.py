"""The lines of the summary table, the same in the terminal and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dejavu_audit.report.record import AuditRecord
    from dejavu_audit.report.score_record import ScoreRecord

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


class _Said(NamedTuple):
    """A score and how it is called; the name may ask for what stands in it: {kind}, {other}."""

    key: str
    name: str
    signed: bool = True
    strong: bool = False
    section: bool = False


_LABEL = (
    _Said("deja_vu_top1", "déjà vu score, top-1, {kind}", strong=True),
    _Said("deja_vu_top1_targets", "  on the targets"),
    _Said("deja_vu_top1_control", "  on the {other}"),
    _Said("deja_vu_top5", "déjà vu score, top-5"),
    _Said("deja_vu_top1_confident20", "déjà vu score, 20 % most confident"),
    _Said("deja_vu_top1_confident5", "déjà vu score, 5 % most confident"),
    _Said("memorized", "memorized: encoder right, baseline wrong", signed=False, section=True),
    _Said("misrepresented", "misrepresented: encoder wrong, baseline right", signed=False),
    _Said("correlated", "correlated: both right", signed=False),
    _Said("unassociated", "unassociated: both wrong", signed=False),
    _Said("accuracy_target_top1", "encoder right, targets", signed=False, section=True),
    _Said("accuracy_target_top1_control", "encoder right, {other}", signed=False),
    _Said("accuracy_reference_top1", "baseline right, targets", signed=False),
    _Said("accuracy_reference_top1_control", "baseline right, {other}", signed=False),
)
_OBJECTS = (
    _Said("ppg", "precision gap (PPG), {kind}", strong=True),
    _Said("ppg_targets", "  on the targets"),
    _Said("ppg_control", "  on the {other}"),
    _Said("prg", "recall gap (PRG)"),
    _Said("aucg", "area between the recall curves (AUCG)"),
    _Said("memorized", "memorized: encoder more precise", signed=False, section=True),
    _Said("misrepresented", "misrepresented: baseline more precise", signed=False),
    _Said("correlated", "correlated: equally precise", signed=False),
    _Said("unassociated", "unassociated: both all wrong", signed=False),
    _Said("precision_target", "precision of the encoder, targets", signed=False, section=True),
    _Said("precision_target_control", "precision of the encoder, {other}", signed=False),
    _Said("precision_reference", "precision of the baseline, targets", signed=False),
    _Said("precision_reference_control", "precision of the baseline, {other}", signed=False),
    _Said("recall_target", "recall of the encoder, targets", signed=False),
    _Said("recall_reference", "recall of the baseline, targets", signed=False),
)
_UTILITY = {
    "knn_top1": "whole pictures: neighbours right",
    "linear_probe_top1": "whole pictures: linear probe right",
    "zero_shot_top1": "whole pictures: zero-shot right",
    "retrieval_t2i_recall1": "caption finds its picture, first",
    "retrieval_t2i_recall10": "caption finds its picture, among ten",
}


def summary_lines(record: AuditRecord) -> Iterator[Line]:
    """The headline, its parts, the four parts, accuracies or precisions on targets and control, and the utility."""
    symmetric = record.headline.metric.endswith("_symmetric")
    calibrated = record.headline.calibrated
    names = {
        "kind": "both directions" if symmetric else "calibrated" if calibrated else "uncalibrated",
        "other": "reference's members" if symmetric else "control",
    }
    for said in _LABEL if record.headline.metric.startswith("deja_vu") else _OBJECTS:
        where = said.key
        if symmetric:
            where = where.replace("_control", "_reference_members")
            where = f"{where}_symmetric" if f"{where}_symmetric" in record.scores else where
        if not calibrated and ("_control" in where or where.endswith("_targets")):
            continue
        yield _line(record.scores[where], said.name.format(**names), said)
    yield from _listed(record)
    section = True
    for key, name in _UTILITY.items():
        if record.utility and key in record.utility:
            yield _line(record.utility[key], name, _Said(key, name, signed=False, section=section))
            section = False


def _listed(record: AuditRecord) -> Iterator[Line]:
    """How many targets are listed as memorized, and how well they are told from the control."""
    if not record.headline.calibrated or record.headline.metric.endswith("_symmetric"):
        return
    found, figures = record.memorized, record.membership_figures
    if found is None or found.count is None or not found.targets:
        yield Line("listed as memorized", NOT_MEASURED, "", section=True)
    else:
        name = f"listed as memorized, at most {100 * found.q:g} % of them by chance"
        yield Line(
            name, f"{100 * found.count / found.targets:.1f}", f"{found.count:,} of {found.targets:,}", section=True
        )
    if found is not None:
        share = _Said("", "memorized share, a cautious estimate (Storey)", signed=False)
        yield _line(found.share, share.name, share)
    for one in figures.at if figures is not None else []:
        name = f"targets told from the control at {100 * one.false_positive_rate:g} % false alarms"
        if one.true_positive_rate.estimate is None:
            yield Line(name, NOT_MEASURED, f"needs {one.control_needed:,} control")
        else:
            yield _line(one.true_positive_rate, name, _Said("", name, signed=False))


def list_lines(record: AuditRecord) -> Iterator[str]:
    """What stands beside the list: its length at other rates, why it is empty, how to see it."""
    found, figures = record.memorized, record.membership_figures
    if found is None:
        return
    if found.count is None:
        yield f"no list of memorized samples: {found.reason}"
    else:
        others = ", ".join(f"{one.count:,} at {100 * one.q:g} %" for one in found.counts or [])
        yield f"memorized samples by false-discovery rate, ranked by {found.score}: {others}"
        if found.reason:
            yield found.reason
        if found.count:
            yield "see them with: dejavu-audit samples RUN --memorized"
    auc = figures.auc if figures is not None else None
    if auc is not None and auc.estimate is not None and auc.low is not None and auc.high is not None:
        yield f"membership: AUC {auc.estimate:.3f} ({auc.low:.3f} to {auc.high:.3f}); 0.5 is guessing"


def _line(score: ScoreRecord, name: str, said: _Said) -> Line:
    if score.estimate is None or score.low is None or score.high is None:
        return Line(name, NOT_MEASURED, "", said.strong, said.section)
    sign = "+" if said.signed else ""
    value, low, high = (f"{100 * number:{sign}.1f}" for number in (score.estimate, score.low, score.high))
    return Line(name, value, f"{low} to {high}", said.strong, said.section)


def set_lines(record: AuditRecord) -> Iterator[str]:
    """How many pictures of each set were used, and how many set aside, why."""
    symmetric = record.headline.metric.endswith("_symmetric")
    for name, used in record.data.counts.items():
        reasons = record.data.set_aside.get(name, {})
        if not used and not reasons:
            continue
        lost = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
        said = "reference's members" if symmetric and name == "control" else name
        yield f"{said}: {used:,} used" + (f"; set aside: {lost}" if lost else "")
    if record.data.left_out:
        lost = ", ".join(f"{count:,} {reason}" for reason, count in record.data.left_out.items())
        yield f"in no set: {lost}"


def reference_lines(record: AuditRecord) -> Iterator[tuple[str, ...]]:
    """Of every reference: its name, what the audit finds with it, how often it is right, and whether it keeps up."""
    for one in record.references:
        keeps_up = {None: "", True: "weaker than the encoder", False: "keeps up"}[one.weaker]
        numbers = (one.memorization, one.right_targets, one.right_control, one.encoder_right_control)
        shown = ["-" if number.estimate is None else f"{100 * number.estimate:.1f}" for number in numbers]
        yield (one.name, *shown, keeps_up)
