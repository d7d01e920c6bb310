"""The numbers: the headline on its line with the limits, every gap and accuracy, the four parts, the whole table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dejavu_audit.report.html import wording
from dejavu_audit.report.html.figures import Said, in_hundred, p_value, percent, points, said
from dejavu_audit.report.html.material import PARTS, SET_NAMES, Material
from dejavu_audit.report.html.tracks import Mark, axis
from dejavu_audit.report.lines import NOT_MEASURED
from dejavu_audit.report.ranking import is_
from dejavu_audit.scores.label_test import MEANINGS as LABEL
from dejavu_audit.scores.object_test import MEANINGS as OBJECTS

if TYPE_CHECKING:
    from dejavu_audit.report.score_record import ScoreRecord


class Row(NamedTuple):
    """A number with its interval, as text and on a line."""

    name: str
    note: str
    said: Said
    mark: Mark | None
    """None: not measured."""
    n: str
    strong: bool


_GAPS = {
    "label": (
        ("deja_vu_top1", "Memorization, {kind}", "the headline: first answer right, model less reference"),
        ("deja_vu_top1_targets", "on the targets", "before the {other} is taken off"),
        ("deja_vu_top1_control", "on the {other}", "{what}"),
        ("deja_vu_top5", "Among five answers", "the same, right if among the first five answers"),
        ("deja_vu_top1_confident20", "20 % surest", "the same on the fifth of which the model is surest"),
        ("deja_vu_top1_confident5", "5 % surest", "and on the twentieth"),
    ),
    "objects": (
        ("ppg", "Precision gap (PPG), {kind}", "the headline: more precise, less less precise than the reference"),
        ("ppg_targets", "on the targets", "before the {other} is taken off"),
        ("ppg_control", "on the {other}", "{what}"),
        ("prg", "Recall gap (PRG)", "the same by recall: how many of the objects are found"),
        ("aucg", "Area between the recall curves", "mean recall of the model less the reference’s"),
    ),
}
_RIGHT = {
    "label": (
        ("accuracy_target_top1", "Model right, targets"),
        ("accuracy_target_top1_control", "Model right, {other}"),
        ("accuracy_reference_top1", "Reference right, targets"),
        ("accuracy_reference_top1_control", "Reference right, {other}"),
    ),
    "objects": (
        ("precision_target", "Precision of the model, targets"),
        ("precision_target_control", "Precision of the model, {other}"),
        ("precision_reference", "Precision of the reference, targets"),
        ("precision_reference_control", "Precision of the reference, {other}"),
        ("recall_target", "Recall of the model, targets"),
        ("recall_reference", "Recall of the reference, targets"),
    ),
}
_UTILITY = {
    "knn_top1": "Nearest neighbours right",
    "linear_probe_top1": "Linear probe right",
    "zero_shot_top1": "Zero-shot answer right",
    "retrieval_t2i_recall1": "Caption finds its picture, first",
    "retrieval_t2i_recall10": "Caption finds its picture, among ten",
}
_PART_MEANS = {
    "label": {
        "memorized": "the model is right where the reference is wrong",
        "misrepresented": "the model is wrong where the reference is right",
        "correlated": "both are right: it can be inferred honestly",
        "unassociated": "both are wrong",
    },
    "objects": {
        "memorized": "the model is more precise than the reference",
        "misrepresented": "the model is less precise than the reference",
        "correlated": "both are equally precise: it can be inferred honestly",
        "unassociated": "neither finds an object",
    },
}


def found(material: Material) -> dict[str, Any]:
    """The finding: in words, as a number, on a line with the limits, and what stands beside it."""
    record = material.record
    headline = record.headline
    values = [headline.estimate, headline.low, headline.high]
    limits = [one for one in (material.gate.limits if material.gate else []) if _of_headline(one.score, material)]
    line = axis([*values, *(one.limit for one in limits if one.kind == "max")])
    mark = None
    number = Said(NOT_MEASURED, "")
    if headline.estimate is not None:
        number = Said(points(headline.estimate), "")
    if headline.estimate is not None and headline.low is not None and headline.high is not None:
        number = Said(points(headline.estimate), f"{points(headline.low)} to {points(headline.high)}")
        mark = line.mark(headline.estimate, headline.low, headline.high)
    return {
        "words": wording.words(material),
        "sentence": record.verdict,
        "model": wording.name_of(material),
        "data": record.data.name,
        "label": material.label,
        "symmetric": material.symmetric,
        "calibrated": headline.calibrated,
        "number": number,
        "level": f"{100 * headline.level:g}",
        "axis": line,
        "mark": mark,
        "limits": [(line.at(one.limit), f"{points(one.limit)}") for one in limits if one.kind == "max"],
        "gate": material.gate,
        "facts": list(_facts(material)),
        "date": str(record.timings.get("started", ""))[:10],
        "version": record.environment.versions.get("dejavu-audit", ""),
    }


def _of_headline(score: str, material: Material) -> bool:
    return score in ("headline", material.record.headline.metric)


def _facts(material: Material) -> Iterator[tuple[str, str, str]]:
    """What stands beside the number: value, name, note."""
    record, headline = material.record, material.record.headline
    counts = record.data.counts
    other = counts.get("control", 0)
    yield f"{counts.get('target', 0):,}", "targets judged", f"{other:,} {material.other}" if other else "no control"
    if record.memorized is not None and record.memorized.count is not None and not material.symmetric:
        note = f"by name; at most {100 * record.memorized.q:g} % of them by chance"
        yield f"{record.memorized.count:,}", "listed as memorized", note
    figures = record.membership_figures
    if figures is not None and figures.auc.estimate is not None and not material.symmetric:
        yield f"{figures.auc.estimate:.2f}", "AUC of membership", "0.5 is guessing, 1 is certainty"
    if headline.p_value is not None:
        yield (
            p_value(headline.p_value).removeprefix("= "),
            "p-value",
            "chance of as much or more, were nothing memorized",
        )
    if record.balance is not None:
        said_of = {True: "failed", False: "passed", None: "not decided"}[record.balance.failed]
        yield said_of, "control check", "is the control drawn like the targets?"


def table(material: Material) -> dict[str, Any]:
    """Gaps, accuracies and use on their lines, and every score of the run."""
    record = material.record
    gaps = list(_rows(material, _GAPS[material.run.test]))
    right = [
        (key, name, "")
        for key, name in _RIGHT[material.run.test]
        if material.record.headline.calibrated or "_control" not in key
    ]
    use = record.utility or {}
    meanings = LABEL if material.label else OBJECTS
    return {
        "level": f"{100 * record.headline.level:g}",
        "gaps": _drawn(gaps, signed=True),
        "right": _drawn(list(_rows(material, right)), signed=False),
        "utility": _drawn([(name, "", use[key], False) for key, name in _UTILITY.items() if key in use], signed=False),
        "every": [
            (key, _meaning(key, meanings), said(score, signed=_signed(key)), f"{score.n:,}", score.method)
            for key, score in record.scores.items()
        ],
        "tests": [
            (name, f"{one.memorized:,}", f"{one.misrepresented:,}", p_value(one.p_value_greater).removeprefix("= "))
            for name, one in record.tests.items()
        ],
    }


def _meaning(key: str, meanings: Any) -> str:
    plain = key.removesuffix("_symmetric").replace("_reference_members", "_control")
    said_of = str(meanings.get(plain, ""))
    if key != plain and "_reference_members" in key:
        return said_of.replace("the control", "the reference’s members")
    return f"mean of both directions of: {said_of}" if key != plain and said_of else said_of


def _signed(key: str) -> bool:
    return key.startswith(("deja_vu", "ppg", "prg", "aucg", "gap_"))


def _rows(material: Material, asked: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, ScoreRecord, bool]]:
    kind = "both directions" if material.symmetric else "calibrated" if material.record.headline.calibrated else ""
    what = "where the reference may remember" if material.symmetric else "where there is nothing to remember"
    names = {"kind": kind or "uncalibrated", "other": material.other, "what": what}
    for place, (key, name, note) in enumerate(asked):
        if not material.record.headline.calibrated and key.endswith(("_targets", "_control")):
            continue
        score = material.score(key)
        if score is not None:
            yield name.format(**names), note.format(**names), score, place == 0 and bool(note)


def _drawn(rows: list[tuple[str, str, ScoreRecord, bool]], *, signed: bool) -> dict[str, Any] | None:
    """Rows on a common line; None where there is none."""
    if not rows:
        return None
    line = axis((value for *_, score, _ in rows for value in (score.low, score.high, score.estimate)), signed=signed)
    made = []
    for name, note, score, strong in rows:
        mark = None
        if score.estimate is not None and score.low is not None and score.high is not None:
            mark = line.mark(score.estimate, score.low, score.high)
        made.append(Row(name, note, said(score, signed=signed), mark, f"{score.n:,}", strong))
    return {"axis": line, "rows": made}


def parts(material: Material) -> dict[str, Any] | None:
    """The four parts of each set as bars; None where the run tells of none."""
    sets = [bar for name in ("target", "control") if (bar := _bar(material, name)) is not None]
    if not sets:
        return None
    means = _PART_MEANS[material.run.test]
    gap = material.score("memorized")
    return {
        "sets": sets,
        "means": [(name, means[name]) for name in PARTS],
        "one": None if gap is None or gap.estimate is None else in_hundred(gap.estimate, 0.0, 1.0),
        "label": material.label,
    }


def _bar(material: Material, name: str) -> dict[str, Any] | None:
    scores = [material.score(part if name == "target" else f"{part}_{name}") for part in PARTS]
    set_ = "reference-member" if name == "control" and material.symmetric else name
    n = material.record.data.counts.get(name, 0)  # type: ignore[call-overload]
    shares = [None if score is None else score.estimate for score in scores]
    if any(share is None for share in shares):
        chosen = is_(material.run.samples, "set", set_)
        n = int(chosen.sum())
        if not n:
            return None
        shares = [float((chosen & is_(material.run.samples, "part", part)).sum() / n) for part in PARTS]
    known = [float(share or 0.0) for share in shares]
    left = np.concatenate([[0.0], np.cumsum(known)])
    return {
        "name": f"{SET_NAMES[set_]}s".capitalize() if set_ != "control" else "Control",
        "n": f"{n:,}",
        "pieces": [
            {
                "part": part,
                "share": percent(share),
                "interval": said(score, signed=False).interval,
                "x": round(100 * float(at), 3),
                "width": round(100 * share, 3),
                "wide": share >= 0.055,
            }
            for part, share, at, score in zip(PARTS, known, left[:-1], scores, strict=True)
        ],
    }
