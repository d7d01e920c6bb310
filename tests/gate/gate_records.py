"""Gate records for tests, made by hand."""

from __future__ import annotations

from typing import Any

from dejavu_audit.gate.record import GateRecord, LimitRecord, RequirementRecord


def limit(score: str = "deja_vu_top1", verdict: str = "pass", **changed: Any) -> LimitRecord:
    """A limit of 2 %, with an estimate to its verdict."""
    low, high = {"pass": (-0.01, 0.01), "fail": (0.03, 0.07), "inconclusive": (0.01, 0.05)}[verdict]
    told: dict[str, Any] = {
        "score": score,
        "kind": "max",
        "limit": 0.02,
        "unit": "share",
        "estimate": (low + high) / 2,
        "low": low,
        "high": high,
        "level": 0.95,
        "n": 300,
        "verdict": verdict,
        "sentence": f"{score} was judged: {verdict}.",
    }
    return LimitRecord.model_validate({**told, **changed})


def gate_record(*limits: LimitRecord, verdict: str = "pass", **changed: Any) -> GateRecord:
    """A gate of these limits."""
    told: dict[str, Any] = {
        "verdict": verdict,
        "sentence": f"The gate's verdict: {verdict}.",
        "level": 0.95,
        "family": "one limit",
        "limits": list(limits),
        "requirements": [],
        "run": "test_resnet-scenes-12345678",
    }
    return GateRecord.model_validate({**told, **changed})


def requirement(name: str, *, met: bool) -> RequirementRecord:
    """A requirement."""
    return RequirementRecord(name=name, met=met, sentence=f"{name}: {'met' if met else 'not met'}.")
