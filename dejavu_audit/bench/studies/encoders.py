"""Trained encoders: what an audit finds of planted memory, against the two-model truth."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scipy.stats import spearmanr

from dejavu_audit.bench.grid import FOLDER, GridCell, grid, refuse_if_missing
from dejavu_audit.bench.grid_audits import SIZES, CellAudit, Sizes, audit_sample, audit_world
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.scores.memorized import RATES
from dejavu_audit.scores.sample_scores import MEANINGS

if TYPE_CHECKING:
    from dejavu_audit.report.record import AuditRecord

TITLE = "Trained encoders and the two-model truth"
ABOUT = (
    "Small encoders whose training shows every target as often as 0, 1, 3, 10 or 30 other pictures, with a twin each: "
    "the same training with other scenes in the targets' place (without repeats, with another seed). The truth is the "
    "two-model test with the twin as reference, calibrated by the control: encoder and twin differ in nothing but the "
    "targets, and the control takes off what two trainings differ in by luck, which is as large on targets as on "
    "control. The audit never sees the twin: it has one encoder, the default reference and the control. Nor did the "
    "twins see the targets, so that their own audits must find nothing. The design was changed twice after a "
    "correlation had been seen: from 300 targets to 600, and, at 0.86, from one cycle of training to two, since after "
    "the first the memories (0 to 8 points) were no larger than the intervals."
)
SPEARMAN, LISTED, ALARMS = 0.9, 60, 5.0
"""The bars: rank correlation, samples on the list of the sample memorizer, alarms in %."""
LIST_RATE = 0.1
SCORES = tuple(MEANINGS["label"])
Row = dict[str, Cell]


@dataclass(frozen=True)
class _Task:
    """Audits that share pictures: the cells of one world, or, without cells, those of the sample checkpoints."""

    cells: tuple[GridCell, ...]
    folder: Path
    sizes: Sizes
    seed: int


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Audit the grid and the sample memorizer; `audits` is of no matter, since nothing is simulated."""
    return study(grid(), FOLDER, SIZES, seed, processes, say)


def study(
    cells: Sequence[GridCell],
    folder: Path,
    sizes: Sizes,
    seed: int,
    processes: int,
    say: Callable[[str], None],
    *,
    sample: bool = True,
) -> Finding:
    """Audit some cells of the grid, and the sample memorizer if asked; AuditError where weights are missing."""
    began = time.perf_counter()
    refuse_if_missing(cells, folder)
    tasks = [
        _Task(tuple(some), folder, sizes, seed)
        for _, some in groupby(cells, key=lambda cell: (cell.classes, cell.correlation))
    ]
    if sample:
        tasks.append(_Task((), folder, sizes, seed))
    rows = [row for some in spread(_audit, tasks, processes, say) for row in some]
    return Finding(rows, checks(rows), 3 * len(rows), time.perf_counter() - began)


def _audit(task: _Task) -> list[Row]:
    if not task.cells:
        return [row_of("sample", 100, 0.3, 60, audit_sample(task.folder, task.seed))]
    audited = audit_world(task.cells, task.folder, task.sizes, task.seed)
    return [
        row_of("grid", cell.classes, cell.correlation, cell.repeats, found)
        for cell, found in zip(task.cells, audited, strict=True)
    ]


def row_of(encoder: str, classes: int, correlation: float, repeats: int, found: CellAudit) -> Row:
    """One line of the table; shares from 0 to 1."""
    one, two, twin = found.one_model.record, found.two_models.record, found.twin.record
    return {
        "encoder": encoder,
        "classes": classes,
        "correlation": correlation,
        "repeats": repeats,
        "right_whole": _score(one, "knn_top1", utility=True),
        "right_targets": _score(one, "accuracy_target_top1"),
        "right_control": _score(one, "accuracy_target_top1_control"),
        **_interval("estimate", one),
        "uncalibrated": _score(one, "deja_vu_top1_targets"),
        "twin_right_targets": _score(two, "accuracy_reference_top1"),
        "twin_right_control": _score(two, "accuracy_reference_top1_control"),
        **_interval("truth", two),
        "truth_uncalibrated": _score(two, "deja_vu_top1_targets"),
        **_interval("twin_estimate", twin),
        **lists(one.memorized),
    }


def _score(record: AuditRecord, key: str, *, utility: bool = False) -> float | None:
    scores = (record.utility or {}) if utility else record.scores
    return scores[key].estimate if key in scores else None


def _interval(name: str, record: AuditRecord) -> Row:
    head = record.headline
    return {name: head.estimate, f"{name}_low": head.low, f"{name}_high": head.high}


def lists(found: Any) -> Row:
    """From a `MemorizedRecord`, by score: area under the ROC curve and length of the list at every rate, or None."""
    row: Row = {}
    compared = {} if found is None else {one.score: one for one in found.compared}
    for score in SCORES:
        one = compared.get(score)
        row[f"auc_{score}"] = None if one is None else one.auc.estimate
        counts = {} if one is None or one.counts is None else {count.q: count.count for count in one.counts}
        row |= {list_key(score, q): counts.get(q) for q in RATES}
    return row


def list_key(score: str, q: float) -> str:
    """The column of a list's length: "listed_ratio_10" at 10 %."""
    return f"listed_{score}_{100 * q:g}"


def checks(rows: Sequence[Row]) -> list[Check]:
    """The bars, read off the table."""
    some = [row for row in rows if row["encoder"] == "grid"]
    never = [row["estimate_low"] for row in some if row["repeats"] == 0] + [row["twin_estimate_low"] for row in rows]
    rang, error = _alarms(never)
    found = [
        Check(
            f"Spearman's correlation with the two-model truth over {len(some)} trained encoders",
            agreement(some),
            SPEARMAN,
            "≥",
        ),
        Check(f"alarms of {len(never)} trained encoders that never saw the targets, %", rang, ALARMS, "≤", 2 * error),
    ]
    for row in rows:
        if row["encoder"] == "sample":
            listed = row[list_key(SCORES[0], LIST_RATE)]
            name = f"targets of the sample memorizer on its list at q = {100 * LIST_RATE:g} %, by {SCORES[0]}"
            found.append(Check(name, None if listed is None else float(listed), LISTED, "≥"))
    return found


def agreement(rows: Sequence[Row]) -> float | None:
    """Spearman's rank correlation of estimate and truth; None for fewer than 3 encoders, or where all are equal."""
    pairs = [(row["estimate"], row["truth"]) for row in rows if None not in (row["estimate"], row["truth"])]
    estimates, truths = zip(*pairs, strict=True) if pairs else ((), ())
    if len(pairs) < 3 or len(set(estimates)) == 1 or len(set(truths)) == 1:
        return None
    return float(spearmanr(estimates, truths).statistic)


def _alarms(lows: Sequence[Cell]) -> tuple[float | None, float]:
    """Intervals that lie above 0, in %, and the standard error of that at the bar; None where there is none."""
    known = [float(low) for low in lows if low is not None]
    if not known:
        return None, 0.0
    rate = 100 * sum(low > 0 for low in known) / len(known)
    return rate, math.sqrt(ALARMS * (100 - ALARMS) / len(known))
