"""What `dejavu-audit plan --json` prints: one record, its meaning under every field. Null is "not known", never 0."""

from __future__ import annotations

from typing import Any

from dejavu_audit.report.score_record import Record

SCHEMA_VERSION = "1.0"


class ViewRecord(Record):
    """One way in which pictures are looked at."""

    who: str
    """"encoder", "tagger", or the name of a reference."""
    crop: str
    """Key of the crop rule, or "full"."""
    dim: int
    asked: int
    """Distinct pictures."""
    cached: int
    embed: int
    unusable: float | None
    """Share of the pictures that are expected to be set aside, from those that were tried or are cached."""


class CaptionsRecord(Record):
    """One text tower."""

    who: str
    asked: int
    embed: int
    seconds: float


class PaceRecord(Record):
    """Pictures that are decoded once for the same views, and how fast."""

    views: list[str]
    pictures: int
    tried: int
    """Pictures that were embedded to find the pace."""
    pictures_a_second: float
    seconds: float
    """For all of them, with the start of workers and the search for a batch size."""
    bound: str
    """"decoding" or "model": what the time goes into."""


class StageRecord(Record):
    """One stage of the run."""

    name: str
    seconds: float | None
    """Null: not measured, and not in the total."""


class TimeRecord(Record):
    """How long the run will take on this machine, if it is as busy as now."""

    total: float
    """Seconds of all stages that were measured."""
    stages: list[StageRecord]
    paces: list[PaceRecord]
    measured: float
    """Seconds that measuring took."""


class MemoryRecord(Record):
    """Bytes that will be in memory at the most."""

    process: int | None
    """Libraries, model, data tables and a batch in work, as this process had them."""
    embeddings: int
    """All vectors in use."""
    copies: int
    """The largest copy of vectors: for the search, or for a fit."""
    answers: int
    """The neighbours of every judged sample."""
    decoded: int
    """Pictures that wait for the model."""
    total: int | None
    available: int | None
    """What this process has and may still take, of the machine or of the container."""
    gpu: int | None
    """Of the GPU, at the most so far; null: the model runs elsewhere."""
    gpu_total: int | None


class DiskRecord(Record):
    """Bytes that will be written, and what is free."""

    cache: int
    """Vectors and fits that stay in the cache."""
    scratch: int
    """Large views' vectors, while the run lasts, in the cache folder."""
    cache_folder: str
    cache_free: int
    run: int
    run_folder: str
    run_free: int


class SizesRecord(Record):
    """So many samples."""

    targets: int
    control: int


class NeedRecord(Record):
    """The samples that a wish needs."""

    equal: SizesRecord | None
    """Targets and control of one size (without a control: targets); null: no number is enough."""
    with_this_control: SizesRecord | None
    """Targets that it takes with the planned control; null: no number is enough, or there is no control."""


class SurenessRecord(Record):
    """How sure the answer will be, on one assumption; in shares, so 0.01 is one point."""

    assumption: str
    """"typical" or "cautious"."""
    basis: str
    """Where the assumption comes from."""
    discordance: float
    """Share of samples without memorization that only one of encoder and reference gets right."""
    gap: float
    """How much more often that is the encoder."""
    half_width: float
    """Of the headline's interval, where nothing is memorized."""
    detectable: float | None
    """The smallest memorization whose interval lies above 0 with `power`; null: none."""
    for_width: NeedRecord | None
    """For an interval as wide as `width`; null: not asked."""
    passes: float | None
    """The chance that a gate at `limit` passes with these samples where memorization is `truth`; null: no gate."""
    for_limit: NeedRecord | None
    """For it to pass with `power`; null: not asked."""


class ListRecord(Record):
    """Whether the list of memorized samples can have an entry, and what it takes."""

    q: float
    """False-discovery rate."""
    possible: bool
    targets_needed: int
    """Targets that must lie above every control sample before the list has an entry."""
    control_needed: int
    """Control samples below which no list can have an entry."""
    control_for_one: int
    """Control samples with which one target above all of them is listed."""


class RateRecord(Record):
    """A false-positive rate at which the true-positive rate is asked for."""

    rate: float
    control_needed: int
    measurable: bool


class PlanRecord(Record):
    """Everything that can be said of an audit before it is run."""

    schema_version: str = SCHEMA_VERSION
    config: dict[str, Any]
    """The configuration as it was resolved."""
    model: dict[str, Any]
    data: dict[str, Any]
    """Name, root, classes, and the pictures of every set."""
    references: list[str]
    views: list[ViewRecord]
    captions: list[CaptionsRecord]
    time: TimeRecord
    memory: MemoryRecord
    disk: DiskRecord
    targets: int
    """Targets that are expected to be usable."""
    control: int
    level: float
    power: float
    width: float | None
    """The width of the interval, high less low, that was wished for."""
    limit: float | None
    """The gate's limit that was asked about."""
    truth: float | None
    """The memorization that should pass it."""
    sureness: list[SurenessRecord]
    memorized: ListRecord | None
    """The list of memorized samples; null: no control, so no list."""
    rates: list[RateRecord]
    warnings: list[str]
    """What will go wrong, or may."""
    notes: list[str]
    """What must be known of these figures."""
