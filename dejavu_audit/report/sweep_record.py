"""sweep.json: what a sweep found, row by row; the same as a flat table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field

from dejavu_audit.report.record import AuditRecord, HeadlineRecord
from dejavu_audit.report.score_record import Record, ScoreRecord

SCHEMA_VERSION = "1.0"
RIGHT = tuple(
    key + place
    for measure in ("accuracy", "precision")
    for key in (f"{measure}_target", f"{measure}_reference")
    for place in ("_top1", "_top1_control", "", "_control")
)
"""Scores that say how often the encoder and the reference are right; those that the test has are told."""


class SweepRow(Record):
    """One audit of the sweep."""

    x: float
    series: str | None
    config: dict[str, Any]
    """What was asked for, defaults included."""
    folder: str
    """The row's run folder, seen from sweep.json."""
    state: Literal["done", "failed", "waiting"]
    error: str | None = None
    """Why it failed."""
    verdict: str | None = None
    headline: HeadlineRecord | None = None
    accuracies: dict[str, ScoreRecord] = Field(default_factory=dict)
    """How often the encoder and the reference are right, on targets and control."""
    utility: dict[str, ScoreRecord] | None = None
    """Null: not asked for, or the row is not done."""

    def finished(self, record: AuditRecord) -> SweepRow:
        """The row once its audit is done."""
        told = {
            "state": "done",
            "error": None,
            "verdict": record.verdict,
            "headline": record.headline,
            "accuracies": {key: record.scores[key] for key in RIGHT if key in record.scores},
            "utility": record.utility,
        }
        return self.model_copy(update=told)

    def failed(self, error: str) -> SweepRow:
        """The row once its audit has failed."""
        return self.model_copy(update={"state": "failed", "error": error})


class SweepRecord(Record):
    """A sweep: what the axis is, and its rows by series, then x."""

    schema_version: str = SCHEMA_VERSION
    name: str
    x: str
    """What the horizontal axis is."""
    x_scale: Literal["linear", "log"]
    rows: list[SweepRow]

    @property
    def utilities(self) -> list[str]:
        """Keys of the utility figures that any row has measured."""
        found: dict[str, None] = {}
        for row in self.rows:
            for key, score in (row.utility or {}).items():
                if score.estimate is not None:
                    found[key] = None
        return list(found)

    def table(self) -> pa.Table:
        """A row an audit; of every figure its estimate, low and high. Null is "not measured"."""
        right = [key for key in RIGHT if any(key in row.accuracies for row in self.rows)]
        kinds: dict[str, pa.DataType] = {
            **dict.fromkeys(("series", "model", "pretrained", "layer", "state", "metric"), pa.string()),
            **dict.fromkeys(("x", "estimate", "low", "high", "level", "p_value"), pa.float64()),
            "calibrated": pa.bool_(),
            **{key + end: pa.float64() for key in (*right, *self.utilities) for end in ("", "_low", "_high")},
            **dict.fromkeys(("folder", "error"), pa.string()),
        }
        order = ["series", "x", *(name for name in kinds if name not in ("series", "x"))]
        flat = [self._flat(row, right) for row in self.rows]
        return pa.table({name: pa.array([row.get(name) for row in flat], kinds[name]) for name in order})

    def _flat(self, row: SweepRow, right: list[str]) -> dict[str, Any]:
        asked = {name: row.config.get(name) for name in ("model", "pretrained", "layer")}
        told = {} if row.headline is None else row.headline.model_dump()
        scores: dict[str, ScoreRecord] = {key: row.accuracies[key] for key in right if key in row.accuracies}
        scores |= {f"{key}": score for key, score in (row.utility or {}).items()}
        return {
            **{name: getattr(row, name) for name in ("series", "x", "state", "folder", "error")},
            **asked,
            **told,
            **_spread(scores),
        }


def _spread(scores: Mapping[str, ScoreRecord]) -> dict[str, float | None]:
    ends = {"": "estimate", "_low": "low", "_high": "high"}
    return {key + end: getattr(score, name) for key, score in scores.items() for end, name in ends.items()}
