"""audit.json: one record, its meaning under every field; the published JSON Schema is made from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dejavu_audit.report.balance_record import BalanceRecord, MatchingRecord
from dejavu_audit.report.duplicates_record import DuplicatesRecord
from dejavu_audit.report.membership_record import MembershipRecord
from dejavu_audit.report.memorized_record import MembershipFiguresRecord, MemorizedRecord
from dejavu_audit.report.score_record import Record, ScoreRecord

SCHEMA_VERSION = "1.3"


class HeadlineRecord(Record):
    """The one number: calibrated `deja_vu_top1` of the label test or `ppg` of the object test.

    Uncalibrated where there is no control; with `_symmetric` the mean of both directions of the two-model test.
    """

    metric: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    calibrated: bool
    p_value: float | None
    """One-sided, for "more than nothing"."""
    p_value_test: str | None


class ModelRecord(Record):
    """The audited encoder."""

    family: str
    name: str
    pretrained: str
    layer: str
    weights: str
    """Hash over every tensor's name, shape and bytes."""
    fingerprint: str
    """Hash of the weights and of all that decides an embedding: layer, normalisation, precision, device type."""
    transform: str
    embedding_dim: int
    notes: list[str]


class DataRecord(Record):
    """The data, and what became of every picture that was asked for."""

    name: str
    root: str
    classes: int
    left_out: dict[str, int] = Field(default_factory=dict)
    """Pictures that could be in no set, by reason, before any was drawn."""
    counts: dict[Literal["target", "control", "public", "fit"], int]
    """Pictures that were used."""
    set_aside: dict[Literal["target", "control", "public", "fit"], dict[str, int]]
    """Pictures that were not, by set and reason."""
    duplicates: DuplicatesRecord | None
    """Null: not looked for."""
    notes: list[str]


class McNemarRecord(Record):
    """Exact McNemar (sign) test on the targets: is the encoder better than the reference more often than worse?"""

    memorized: int
    misrepresented: int
    p_value_greater: float
    p_value_two_sided: float


class ReferenceRecord(Record):
    """One reference alone."""

    name: str
    description: dict[str, Any]
    """What it is, what is known of its own training data, how its fit went."""
    memorization: ScoreRecord
    """The headline's score with this reference alone."""
    right_targets: ScoreRecord
    """Its top-1 accuracy (label test) or mean precision (object test) on the targets."""
    right_control: ScoreRecord
    encoder_right_control: ScoreRecord
    """The same of the audited encoder."""
    control_gap: ScoreRecord
    """How much better than this reference the encoder is on the control, where there is nothing to remember."""
    weaker: bool | None
    """Whether it is weaker than the encoder on the control beyond chance; null: no control to tell by."""


class EnvironmentRecord(Record):
    """What the audit ran with."""

    versions: dict[str, str]
    device: str
    seed: int


class AuditRecord(Record):
    """Everything an audit found, in one file."""

    schema_version: str = SCHEMA_VERSION
    method_version: str
    verdict: str
    """The finding in one sentence."""
    caveats: list[str]
    """What the number does not say, and why it may mislead."""
    config: dict[str, Any]
    """The configuration as it was resolved."""
    model: ModelRecord
    data: DataRecord
    reference: dict[str, Any]
    """The baseline: its name, what it is, how its fit went; of several, "ensemble" and its members' names."""
    references: list[ReferenceRecord] = Field(default_factory=list)
    """Every reference alone, and how it fares on the control."""
    headline: HeadlineRecord
    scores: dict[str, ScoreRecord]
    tests: dict[str, McNemarRecord]
    utility: dict[str, ScoreRecord] | None = Field(default=None)
    """What the encoder is good for, on whole pictures that it never saw; null: not asked for."""
    memorized: MemorizedRecord | None = Field(default=None)
    """The list of memorized samples with its false-discovery rate; null: not made."""
    membership: MembershipRecord
    membership_figures: MembershipFiguresRecord | None = Field(default=None)
    """How well the score of the list tells targets from control; null: not measured."""
    balance: BalanceRecord | None = Field(default=None)
    """Whether the control is drawn like the targets; null: there is no control."""
    matching: MatchingRecord | None = Field(default=None)
    """How the control was weighed; null: it was not."""
    environment: EnvironmentRecord
    checksums: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the run folder's tables, by file name."""
    checksum: str | None = Field(default=None)
    """SHA-256 of this file's content without itself and the timings; null: written before there were any."""
    timings: dict[str, Any]
    """Seconds a stage, and what was counted on the way; all that may differ between two runs of one config."""
