"""What `dejavu-audit compare A B` finds: every number B minus A, on the samples that both runs judged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dejavu_audit.report.record import HeadlineRecord
from dejavu_audit.report.score_record import Record, ScoreRecord

COMPARISON_SCHEMA_VERSION = "1.0"


class RunRecord(Record):
    """One of the two runs, as a whole."""

    name: str
    path: str
    family: str
    model: str
    pretrained: str
    weights: str
    """Hash over every tensor's name, shape and bytes."""
    reference: str
    verdict: str
    headline: HeadlineRecord
    """Of all its samples, those that the other lacks too."""
    samples: dict[str, int]
    """Set -> samples that it judged."""


class SettingRecord(Record):
    """A setting that is not the same in both."""

    name: str
    old: str
    new: str
    concerns: Literal["encoder", "measurement"]
    """What is compared, or how it is measured: of the latter, a change of the number may be owed to it."""


class ChangeRecord(Record):
    """A score of either run on the common samples, and its change."""

    meaning: str
    old: float | None
    new: float | None
    change: ScoreRecord
    """`new` less `old`, paired sample by sample."""


class ChangeTestRecord(Record):
    """Exact McNemar (sign) test: of the samples that changed, did more change one way? Takes samples as independent."""

    question: str
    gained: int
    """Samples of which it is so in the new run only."""
    lost: int
    p_value: float
    """Two-sided."""


class SideRecord(Record):
    """What one run says of a sample. Null: not of this test, or not measured."""

    part: str
    told: str | None
    """The encoder's top-1 class."""
    votes: int | None
    """Neighbours of the sample's own class."""
    neighbors: int | None
    """Neighbours that voted."""
    precision: float | None
    """Of the encoder's objects."""
    recall: float | None
    score: float | None
    """What the list of memorized samples is ranked by."""
    p_value: float | None
    listed: bool | None


class ChangedSampleRecord(Record):
    """A sample of which both runs do not say the same."""

    id: str
    label: str | None
    caption: str | None
    old: SideRecord
    new: SideRecord


class ChangedListRecord(Record):
    """Targets that newly are, or no longer are, what a list holds."""

    became: int
    no_longer: int
    stayed: int
    became_first: list[ChangedSampleRecord]
    """The first of them, those of which the new run is the surest before others."""
    no_longer_first: list[ChangedSampleRecord]
    """The first of them, those of which the old run was the surest before others."""


class ChangedClassRecord(Record):
    """The déjà vu score of one class on the common targets, not calibrated."""

    name: str
    n: int
    old: float
    new: float
    change: float
    low: float
    high: float


class ChangedClassesRecord(Record):
    """Classes by their change."""

    compared: int
    """Classes with enough common targets."""
    least: int
    """So many are enough."""
    apart: int
    """Classes whose interval leaves 0 out."""
    by_chance: float
    """So many would be expected to, changed nothing."""
    risen: list[ChangedClassRecord]
    """The largest rises first."""
    fallen: list[ChangedClassRecord]


class ComparisonRecord(Record):
    """Two finished runs on the same samples, compared."""

    schema_version: str = COMPARISON_SCHEMA_VERSION
    verdict: str
    """The change of the headline in one sentence."""
    finding: Literal["rose", "fell", "no change shown", "not measured"]
    headline: str
    """Key of the score that the verdict speaks of."""
    calibrated: bool
    """Whether it is less the control's; both runs must have one."""
    test: Literal["label", "objects"]
    level: float
    old: RunRecord
    new: RunRecord
    same_encoder: bool
    """Whether both audited the same weights."""
    common: dict[str, int]
    """Set -> samples that both judged: those that are compared."""
    differences: list[SettingRecord]
    warnings: list[str]
    """Why a change may be owed to something other than the encoder."""
    scores: dict[str, ChangeRecord]
    tests: dict[str, ChangeTestRecord]
    parts: dict[str, dict[str, int]]
    """Part in the old run -> part in the new run -> common targets."""
    memorized: ChangedListRecord
    """By part: the encoder is right and the reference wrong (label test), or the encoder more precise (object test)."""
    listed: ChangedListRecord | None
    """By the list with a bounded rate of false discoveries; null: a run has none."""
    classes: ChangedClassesRecord | None = Field(default=None)
    """Null: the object test has no classes."""
