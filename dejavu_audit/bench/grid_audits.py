"""Audits of the grid of real encoders: by the package's own `audit`, pictures looked at once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.audit import look, prepare, run_audit, test_of
from dejavu_audit.bench.evaluation import HALF, MIN_SIDE, NEIGHBOURS
from dejavu_audit.bench.grid import TARGETS, refuse_if_missing
from dejavu_audit.config import AuditConfig
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.progress import Silent
from dejavu_audit.utility import stage as utility

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.bench.grid import GridCell
    from dejavu_audit.report.record import ScoreRecord
    from dejavu_audit.report.result import AuditResult

CACHE, RUNS = "cache", "runs"


@dataclass(frozen=True)
class Sizes:
    """Pictures of an audit's sets."""

    public: Mapping[int, int]
    """By number of classes."""
    control: int
    fit: int
    targets: int


SIZES = Sizes(public={10: 2_000, 100: 6_000}, control=3_000, fit=3_000, targets=TARGETS)


@dataclass(frozen=True)
class CellAudit:
    """What the audits of one cell find."""

    cell: GridCell
    one_model: AuditResult
    """With the default reference, which no encoder of the grid has a part in."""
    two_models: AuditResult
    """With the twin as reference."""


def audit_world(cells: Sequence[GridCell], folder: Path, sizes: Sizes, seed: int) -> list[CellAudit]:
    """Audit cells of one world: its scenes are drawn once, and one reference is fitted for all.

    AuditError where weights are missing.
    """
    refuse_if_missing(cells, folder)
    asked = [(one_model(cell, folder, sizes, seed), two_models(cell, folder, sizes, seed)) for cell in cells]
    _look([config for pair in asked for config in pair])
    return [
        CellAudit(cell, run_audit(one, Silent()), run_audit(two, Silent()))
        for cell, (one, two) in zip(cells, asked, strict=True)
    ]


def one_model(cell: GridCell, folder: Path, sizes: Sizes, seed: int) -> AuditConfig:
    """The audit as a user runs it, with the encoder's use on whole pictures beside it."""
    return _config(cell, folder, sizes, seed, "one-model", utility=True)


def two_models(cell: GridCell, folder: Path, sizes: Sizes, seed: int) -> AuditConfig:
    """The same with the twin as reference."""
    return _config(cell, folder, sizes, seed, "two-models", reference=str(cell.twin.file(folder).resolve()))


def _config(cell: GridCell, folder: Path, sizes: Sizes, seed: int, kind: str, **more: Any) -> AuditConfig:
    pictures = {
        "targets": sizes.targets,
        "public": sizes.public[cell.classes],
        "control": sizes.control,
        "fit": sizes.fit,
    }
    options = {"classes": cell.classes, "correlation": cell.correlation, **pictures}
    return AuditConfig.resolve(
        family="timm",
        model=cell.encoder.recipe.arch,
        pretrained=str(cell.encoder.file(folder).resolve()),
        image_size=cell.encoder.recipe.image_size,
        mean=HALF,
        std=HALF,
        data="scenes",
        data_options={name: str(value) for name, value in options.items()},
        k=NEIGHBOURS,
        min_side=MIN_SIDE,
        **pictures,
        device="cpu",
        workers=0,
        seed=seed,
        out=str(folder / RUNS / f"{cell.name}-{kind}"),
        cache_dir=str(folder / CACHE),
        **more,
    )


def _look(configs: Sequence[AuditConfig]) -> None:
    """Leave in the cache every vector that these audits of one data set look at."""
    plans = [prepare(config.model_copy(update={"out": None}), Silent()) for config in configs]
    jobs = [job for plan in plans for job in test_of(plan).jobs(plan).values()]
    jobs += [job for plan in plans if plan.config.utility for job in utility.jobs(plan).values()]
    embed_views(plans[0].dataset, jobs, plans[0].store, workers=0, progress=Silent())
