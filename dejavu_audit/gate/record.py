"""gate.json: what a gate asked of a run, what it decided, and by which intervals."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from dejavu_audit.report.score_record import Record

GATE = "gate.json"
"""The file in the run folder."""
GATE_SCHEMA_VERSION = "1.0"
Verdict: TypeAlias = Literal["pass", "fail", "inconclusive"]


class LimitRecord(Record):
    """One limit, and what the run says to it."""

    score: str
    """As the limit names it: a key of audit.json's scores, "headline", "memorized" or "memorized_share"."""
    kind: Literal["max", "max_increase"]
    """A bound on the score, or on its increase over the baseline, paired on the same samples."""
    limit: float
    unit: Literal["share", "samples"]
    """Of the limit and of the estimate: a share in [-1, 1], or a number of samples."""
    estimate: float | None
    low: float | None
    high: float | None
    """The interval that decided, of confidence `level`; null: not measured."""
    level: float
    n: int
    """Samples that the estimate rests on; of an increase, those that both runs have."""
    verdict: Verdict
    needed: int | None = Field(default=None)
    """Targets, the control in proportion, that would decide, did the estimate stay; null: decided, or none would."""
    sentence: str
    """What was found, in words."""


class RequirementRecord(Record):
    """Something that must hold for a run to pass at all."""

    name: str
    met: bool
    sentence: str


class StageRecord(Record):
    """One look of a sequential gate."""

    targets: int
    control: int
    level: float
    """Confidence of this look's intervals, before the family of limits takes its share."""
    verdict: Verdict


class GateRecord(Record):
    """A gate's verdict. Requirements that are not met fail it; else any limit that is exceeded; else all must pass."""

    schema_version: str = GATE_SCHEMA_VERSION
    verdict: Verdict
    sentence: str
    """The verdict in one sentence."""
    level: float
    """Confidence that no limit is judged wrongly, all limits and looks together."""
    family: str
    """How that is held over several limits."""
    limits: list[LimitRecord]
    requirements: list[RequirementRecord]
    stages: list[StageRecord] = Field(default_factory=list)
    """The looks of a sequential gate, this one last; empty: there was one look."""
    run: str
    """Name of the run folder."""
    baseline: str | None = Field(default=None)
    """Name of the baseline file; null: no limit needs one."""
