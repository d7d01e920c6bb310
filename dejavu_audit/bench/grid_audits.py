"""Audits of the grid of real encoders: by the package's own `audit`, pictures looked at once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dejavu_audit import samples
from dejavu_audit.audit import prepare, run_audit, test_of
from dejavu_audit.bench.evaluation import HALF, MIN_SIDE, NEIGHBOURS
from dejavu_audit.bench.grid import TARGETS
from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.config import AuditConfig
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.progress import Silent
from dejavu_audit.utility import stage as utility

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.bench.grid import GridCell
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
    """The three audits of an encoder and its twin."""

    one_model: AuditResult
    """The encoder with the default reference, as a user audits it."""
    two_models: AuditResult
    """The encoder with its twin as reference."""
    twin: AuditResult
    """The twin with the default reference."""


def audit_world(cells: Sequence[GridCell], folder: Path, sizes: Sizes, seed: int) -> list[CellAudit]:
    """Audit cells of one world: its scenes are drawn once, and one reference is fitted for all."""
    asked = []
    for cell in cells:
        pictures = {
            "targets": sizes.targets,
            "public": sizes.public[cell.classes],
            "control": sizes.control,
            "fit": sizes.fit,
        }
        options = {"classes": cell.classes, "correlation": cell.correlation, **pictures}
        settings = {
            "data": "scenes",
            "data_options": {name: str(value) for name, value in options.items()},
            "image_size": cell.encoder.recipe.image_size,
            "mean": HALF,
            "std": HALF,
            "k": NEIGHBOURS,
            "min_side": MIN_SIDE,
            **pictures,
        }
        asked.append(_three(cell.encoder.file(folder), cell.twin.file(folder), folder, seed, settings))
    return _run(asked)


def audit_sample(folder: Path, seed: int) -> CellAudit:
    """The same of the package's own two checkpoints, with the settings of the demo."""
    return _run([_three(samples.MEMORIZER, samples.TWIN, folder, seed, samples.AUDIT)])[0]


def _three(encoder: Path, twin: Path, folder: Path, seed: int, settings: Mapping[str, Any]) -> list[AuditConfig]:
    """The configurations of the three audits, in the order of `CellAudit`."""
    weights, others = str(encoder.resolve()), str(twin.resolve())
    return [
        _config(encoder.stem, folder, seed, settings, pretrained=weights, utility=True),
        _config(f"{encoder.stem}-by-twin", folder, seed, settings, pretrained=weights, reference=others),
        _config(twin.stem, folder, seed, settings, pretrained=others),
    ]


def _config(name: str, folder: Path, seed: int, settings: Mapping[str, Any], **more: Any) -> AuditConfig:
    config = AuditConfig.resolve(
        family="timm",
        model=Recipe.arch,
        device="cpu",
        workers=0,
        seed=seed,
        cache_dir=str(folder / CACHE),
        **settings,
        **more,
    )
    # The hash: another seed, or other data, has a folder of its own.
    return config.model_copy(update={"out": str(folder / RUNS / f"{name}-{config.hash()}")})


def _run(asked: Sequence[Sequence[AuditConfig]]) -> list[CellAudit]:
    """Run audits of one data set, three an encoder."""
    _look([config for configs in asked for config in configs])
    return [CellAudit(*(run_audit(config, Silent()) for config in configs)) for configs in asked]


def _look(configs: Sequence[AuditConfig]) -> None:
    """Leave in the cache every vector that these audits of one data set look at."""
    plans = [prepare(config.model_copy(update={"out": None}), Silent()) for config in configs]
    jobs = [job for plan in plans for job in test_of(plan).jobs(plan).values()]
    jobs += [job for plan in plans if plan.config.utility for job in utility.jobs(plan).values()]
    embed_views(plans[0].dataset, jobs, plans[0].store, workers=0, progress=Silent())
