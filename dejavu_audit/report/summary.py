"""summary.md: what an audit found, and what a gate said to it, for the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dejavu_audit.report import verdict
from dejavu_audit.report.balance_words import caveat
from dejavu_audit.report.lines import NOT_MEASURED, Line, list_lines, reference_lines, set_lines, summary_lines
from dejavu_audit.report.markdown import code, items, table, text

if TYPE_CHECKING:
    from dejavu_audit.gate.record import GateRecord, LimitRecord
    from dejavu_audit.report.record import AuditRecord

SUMMARY = "summary.md"
"""The file in the run folder."""
_PASSED = {"pass": "passed", "fail": "failed", "inconclusive": "inconclusive"}
_UNITS = {"share": " %", "samples": " samples"}
_SECTIONS = {"label": "How often each is right", "objects": "Precision and recall"}


def summary(record: AuditRecord, gate: GateRecord | None = None) -> str:
    """The Markdown of a finished audit, and of a gate where there was one; ends with a line break."""
    parts = [
        f"## Memorization audit: {text(_model(record))} on {text(record.data.name)}",
        f"**{text(record.verdict)}**",
    ]
    if gate is not None:
        parts += gate_part(gate)
    parts += _found(record)
    parts += _list(record)
    parts += _balance(record)
    parts += ["### Pictures", items(text(line) for line in set_lines(record))]
    parts += ["### What the number does not say", items(text(one) for one in caveats_beside_balance(record))]
    parts.append(_made(record))
    return "\n\n".join(part for part in parts if part) + "\n"


def gate_part(gate: GateRecord) -> Iterator[str]:
    """The gate's verdict, what it was asked for, and what each limit decided."""
    yield f"### Gate: {_PASSED[gate.verdict]}"
    yield text(gate.sentence)
    if gate.limits:
        head = ["limit on", "at most", "measured", "interval", "confidence", "verdict"]
        yield table(head, (_limit(one) for one in gate.limits), right=(1, 2, 3, 4))
        yield items(text(one.sentence) for one in gate.limits)
    if gate.requirements:
        yield table(
            ["required", "met", "found"],
            ([code(one.name), "yes" if one.met else "**no**", text(one.sentence)] for one in gate.requirements),
        )
    if len(gate.stages) > 1:
        yield "Looked at in stages, as many as it took to decide:"
        rows = (
            [f"{one.targets:,}", f"{one.control:,}", f"{100 * one.level:.4g} %", _PASSED[one.verdict]]
            for one in gate.stages
        )
        yield table(["targets", "control", "confidence", "verdict"], rows, right=(0, 1, 2))
    said = f"The verdict is by the interval, never by the measured number alone, with {100 * gate.level:g} % confidence"
    against = f" Compared with the baseline {code(gate.baseline)}." if gate.baseline else ""
    yield f"{said}. {text(gate.family)}{against}".rstrip()


def _limit(one: LimitRecord) -> list[str]:
    rise = one.kind == "max_increase"
    measured, interval = NOT_MEASURED, ""
    if one.estimate is not None and one.low is not None and one.high is not None:
        measured, low, high = (_amount(value, one.unit, signed=rise) for value in (one.estimate, one.low, one.high))
        interval = f"{low.removesuffix(_UNITS[one.unit])} to {high}"
    score = code(one.score) + (", increase over the baseline" if rise else "")
    limit = _amount(one.limit, one.unit, signed=rise)
    strong = "" if one.verdict == "pass" else "**"
    confidence = f"{100 * one.level:.4g} %"
    return [score, limit, measured, interval, confidence, f"{strong}{_PASSED[one.verdict]}{strong}"]


def _amount(value: float, unit: str, *, signed: bool) -> str:
    sign = "+" if signed else ""
    figure = f"{100 * value:{sign}.1f}" if unit == "share" else f"{value:{sign},.0f}"
    return figure + _UNITS[unit]


def _found(record: AuditRecord) -> Iterator[str]:
    """The score, the four parts, and how often model and reference are right, each a table."""
    test = "label" if record.headline.metric.startswith("deja_vu") else "objects"
    titles = ["The number", "The four parts", _SECTIONS[test]]
    sections: list[list[Line]] = []
    for line in summary_lines(record):
        if line.section or not sections:
            sections.append([])
        sections[-1].append(line)
    listed = [lines for lines in sections if lines[0].name.startswith("listed as memorized")]
    plain = [lines for lines in sections if lines not in listed]
    for title, lines in zip([*titles, "What the encoder is good for"], plain, strict=False):
        yield f"### {title}"
        yield lines_table(lines, record.headline.level)
    for lines in listed:
        yield "### Samples listed as memorized"
        yield lines_table(lines, record.headline.level)


def lines_table(lines: Sequence[Line], level: float) -> str:
    """Lines of the summary table as Markdown; all in percent of pictures."""
    rows = []
    for line in lines:
        strong = "**" if line.strong else ""
        name = f"{'&emsp;' if line.name.startswith(' ') else ''}{strong}{text(line.name)}{strong}"
        rows.append([name, f"{strong}{text(line.value)}{strong}", text(line.interval)])
    return table(["percent of pictures", "estimate", f"{100 * level:g} % interval"], rows, right=(1, 2))


def _list(record: AuditRecord) -> Iterator[str]:
    lines = [text(line) for line in list_lines(record)]
    if lines:
        yield items(lines)
    if len(record.references) > 1:
        yield "### Each reference alone"
        measure = "right" if record.headline.metric.startswith("deja_vu") else "precision"
        other = "reference's members" if record.headline.metric.endswith("_symmetric") else "control"
        head = ["reference", "finds", f"{measure}: targets", f"{measure}: {other}", f"encoder {measure}: {other}", ""]
        rows = ([text(cell) for cell in line] for line in reference_lines(record))
        yield table(head, rows, right=(1, 2, 3, 4))


def _balance(record: AuditRecord) -> Iterator[str]:
    """Whether the control is drawn like the targets."""
    said = caveat(record.balance, record.matching)
    if said is None or record.balance is None:
        return
    last = record.balance if record.matching is None or record.matching.after is None else record.matching.after
    found = {True: "**failed**", False: "no difference found", None: "could not be told"}[last.failed]
    yield f"### Is the control drawn like the targets? {found}"
    yield text(said)


def caveats_beside_balance(record: AuditRecord) -> list[str]:
    """The record's caveats, less the sentence on the control where it stands elsewhere."""
    said = caveat(record.balance, record.matching)
    return [one for one in record.caveats if one != said]


def _made(record: AuditRecord) -> str:
    """What was audited with what, folded."""
    versions = record.environment.versions
    told = {
        "model": f"{_model(record)}, {weights_name(record.model.pretrained)}",
        "weights": record.model.weights,
        "data": f"{record.data.name}, {record.data.classes:,} classes",
        "reference": ", ".join(one.name for one in record.references) or record.reference.get("name", ""),
        "membership": record.membership.evidence,
        "method": f"version {record.method_version}, dejavu-audit {versions.get('dejavu-audit', '')}".rstrip(),
        "seed": record.environment.seed,
    }
    lines = items(f"{name}: {text(value)}" for name, value in told.items() if value != "")
    return f"<details><summary>How it was made</summary>\n\n{lines}\n\n</details>"


def weights_name(pretrained: str) -> str:
    """What was loaded, of a file without its folders: a path says more of the auditor's machine than of the model."""
    return pretrained.replace("\\", "/").rsplit("/", 1)[-1] if pretrained.endswith(verdict.FILES) else pretrained


def _model(record: AuditRecord) -> str:
    return verdict.model_name(record.model.family, record.model.name)
