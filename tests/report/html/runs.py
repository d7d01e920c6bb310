"""Made-up runs with every record that the report shows: scores from their own samples, checks, duplicates, a gate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from dejavu_audit.gate.record import GATE, GateRecord
from dejavu_audit.report.judged import judged_sets, scores_at
from dejavu_audit.report.memorized_record import membership_figures_record
from dejavu_audit.report.ranking import numbers
from dejavu_audit.report.reading import Run, read_run
from dejavu_audit.report.record import AuditRecord
from dejavu_audit.scores.membership import figures
from tests.report.memorized_runs import write_listed_run
from tests.run_folders import write_run

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "{{7*7}} {% raw %}",
    "\u202eevil\u2066",
    "a\x00\x1b[31mb",
    "<!--",
)


def full_run(
    folder: Path,
    test: str = "label",
    *,
    n: int = 60,
    control: int = 30,
    symmetric: bool = False,
    listed: bool = True,
    failed: bool | None = False,
    **changes: Any,
) -> Path:
    """Write a run whose audit.json has all that a report may show; the folder.

    `symmetric`: the two-model test in both directions; `failed`: what the balance check says; `changes` go to
    `write_run`.
    """
    if symmetric:
        changes["set"] = ["target"] * n + ["reference-member"] * control
    if listed and control and not symmetric:
        write_listed_run(folder, test, n=n, control=control, **changes)
    else:
        write_run(folder, test, n=n, control=control, **changes)
    record = json.loads((folder / "audit.json").read_text("utf-8"))
    metric = "deja_vu_top1" if test == "label" else "ppg"
    record["headline"] |= {"metric": metric + "_symmetric" * symmetric, "calibrated": control > 0}
    if not control:
        record["headline"] |= {"p_value_test": None, "p_value": None}
    run = Run(AuditRecord.model_validate(record), read_run(folder).samples, folder)
    judged = judged_sets(run)
    scores = {key: vars(score) for key, score in scores_at(judged, list(judged.made_of)).items()}
    record["scores"] = scores
    record["headline"] |= {name: scores[record["headline"]["metric"]][name] for name in ("estimate", "low", "high")}
    record |= _told(scores, metric, n, control, failed, symmetric=symmetric)
    if record.get("memorized"):
        score = numbers(run.samples, "score")
        one, two = (score[rows] for rows in judged.rows)
        found = figures(one[~np.isnan(one)], two[~np.isnan(two)])
        record["membership_figures"] = membership_figures_record("standing", found).model_dump(mode="json")
    _write(folder, record)
    return folder


def change(folder: Path, **parts: Any) -> Path:
    """Change parts of a run's audit.json: dictionaries are updated, all else is replaced."""
    record = json.loads((folder / "audit.json").read_text("utf-8"))
    for name, value in parts.items():
        record[name] = record[name] | value if isinstance(value, dict) and isinstance(record[name], dict) else value
    _write(folder, record)
    return folder


def _write(folder: Path, record: dict[str, Any]) -> None:
    (folder / "audit.json").write_text(AuditRecord.model_validate(record).model_dump_json(indent=2), "utf-8")


def _told(scores, metric, n, control, failed, *, symmetric: bool) -> dict[str, Any]:
    first = next(iter(scores.values()))
    known = {"status": "member", "why": "the targets were in the training data", "source": "the user", "basis": "user"}
    return {
        "caveats": ["It speaks of the targets as a sample."],
        "references": [
            {
                "name": "image-classifier",
                "description": {"model": "resnet18", "options": {"lr": 0.1}, "folds": [{"fit": 20, "loss": 0.5}]},
                **dict.fromkeys(("memorization", "right_targets", "right_control"), first),
                **dict.fromkeys(("encoder_right_control", "control_gap"), first),
                "weaker": True if control else None,
            }
        ],
        "tests": {
            "mcnemar_top1": {"memorized": 9, "misrepresented": 2, "p_value_greater": 0.03, "p_value_two_sided": 0.06}
        },
        "membership": {
            "assumption": "the targets were in the encoder's training data", "evidence": "so it is said",
            "standing": "stated", "trained_on": "scenes", "target": known, "control": None, "public": None,
            "references": {},
        },
        "data": {
            "name": "scenes", "root": "", "classes": 10, "left_out": {"no label": 3},
            "counts": {"target": n, "control": control, "public": 200, "fit": 20},
            "set_aside": {"target": {"no usable background": 4, "picture is truncated": 1}},
            "duplicates": {
                "looked_for": True, "kept": False,
                "searched": {"target": n, "control": control, "public": 200, "fit": 20},
                "found": [{"set": "target", "other": "public", "kinds": {"same bytes": 2, "near": 3}}], "removed": 5,
                "clusters": 0, "clustered": 0,
                "examples": [{
                    "set": "target", "id": "target-000001", "other_set": "public", "other_id": "public-000009",
                    "kind": "near", "similarity": 0.97, "mirrored": True,
                }],
            },
            "notes": ["drawn for a test"],
        },
        "balance": None if not control or symmetric else balance(failed),
        "timings": {"started": "2026-01-02T03:04:05+00:00", "total": 12.5, "embed": 9.25},
    }  # fmt: skip


def balance(failed: bool | None) -> dict[str, Any]:
    """A balance check of one number and one category."""
    side = {"mean": 80.0, "median": 75.0, "missing": 0.0}
    number = {
        "name": "JPEG quality",
        "kind": "number",
        "component": None,
        "unit": "",
        "distance": 0.4 if failed else 0.05,
        "chance": 0.06,
        "threshold": 0.2,
        "p_value": 0.01,
        "p_adjusted": 0.02 if failed else 1.0,
        "differs": bool(failed),
        "grade": "by much" if failed else "no difference",
        "auc": 0.6,
        "targets": side,
        "control": side | {"median": 92.0},
        "shares": [],
    }
    label = number | {
        "name": "label",
        "kind": "category",
        "targets": None,
        "control": None,
        "differs": False,
        "shares": [{"category": "disc", "targets": 0.1, "control": 0.2}],
    }
    seen = {
        "auc": 0.7,
        "low": 0.6,
        "high": 0.8,
        "p_value": 0.001,
        "p_adjusted": 0.002,
        "threshold": 0.6,
        "detectable": 0.65,
        "draws": 99,
        "grade": "by much",
        "driven_by": ["JPEG quality"] if failed else [],
    }
    return {
        "failed": failed, "reason": "too few samples" if failed is None else None, "grade": number["grade"],
        "targets": 60, "control": 30, "false_alarms": 0.05, "matched": False, "features": [number, label],
        "untested": {"picture width": "known of no sample"}, "classifier": None if failed is None else seen,
    }  # fmt: skip


def write_gate(folder: Path, verdict: str = "fail", **changes: Any) -> GateRecord:
    """Leave a gate's verdict in the run folder."""
    limit = {
        "score": "headline",
        "kind": "max",
        "limit": 0.05,
        "unit": "share",
        "estimate": 0.125,
        "low": 0.1,
        "high": 0.15,
        "level": 0.975,
        "n": 90,
        "verdict": verdict,
        "needed": 4_000 if verdict == "inconclusive" else None,
        "sentence": "12.5 points were found where 5.0 are allowed.",
    }
    samples = limit | {
        "score": "memorized",
        "kind": "max",
        "limit": 10.0,
        "unit": "samples",
        "estimate": 3.0,
        "low": 1.0,
        "high": 6.0,
        "verdict": "pass",
        "sentence": "3 samples are listed.",
    }
    rise = limit | {
        "score": "deja_vu_top5",
        "kind": "max_increase",
        "estimate": None,
        "low": None,
        "high": None,
        "verdict": "inconclusive",
        "sentence": "It was not measured.",
    }
    told = {
        "verdict": verdict, "sentence": "The release is held back: one limit is exceeded.", "level": 0.95,
        "family": "Three limits, Holm.", "limits": [limit, samples, rise],
        "requirements": [{"name": "calibrated", "met": True, "sentence": "There is a control."}],
        "stages": [{"targets": 30, "control": 15, "level": 0.99, "verdict": "inconclusive"},
                   {"targets": 60, "control": 30, "level": 0.98, "verdict": verdict}],
        "run": folder.name, "baseline": "release-1.json",
    }  # fmt: skip
    record = GateRecord.model_validate(told | changes)
    (folder / GATE).write_text(record.model_dump_json(), "utf-8")
    return record
