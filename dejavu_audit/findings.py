"""From what the stages found to the result and the files of the run folder."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.config import METHOD_VERSION
from dejavu_audit.inference.control import design_of
from dejavu_audit.report import verdict
from dejavu_audit.report.balance_record import balance_record, matching_record
from dejavu_audit.report.balance_words import caveat
from dejavu_audit.report.checksums import sealed
from dejavu_audit.report.columns import with_design
from dejavu_audit.report.duplicates_record import duplicates_record
from dejavu_audit.report.folder import AUDIT, DUPLICATES, SAMPLES, SPLIT
from dejavu_audit.report.html.building import write_report
from dejavu_audit.report.membership_record import membership_record
from dejavu_audit.report.memorized_record import membership_figures_record, memorized_record
from dejavu_audit.report.reading import Run
from dejavu_audit.report.record import (
    AuditRecord,
    DataRecord,
    EnvironmentRecord,
    HeadlineRecord,
    McNemarRecord,
    ModelRecord,
    ReferenceRecord,
)
from dejavu_audit.report.result import AuditResult
from dejavu_audit.report.score_record import ScoreRecord
from dejavu_audit.report.summary import SUMMARY, summary

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.balance.stage import Compared
    from dejavu_audit.duplicates.outcome import Duplicates
    from dejavu_audit.inference.protocol import InferenceTest
    from dejavu_audit.membership.evidence import Evidence
    from dejavu_audit.report.clock import Clock
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.scores.headline import Headline
    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Progress


BALANCE = "balance"
"""Stem of the plot of how targets and control differ."""


@dataclass(frozen=True)
class Found:
    """What the scores say."""

    test: InferenceTest
    targets: Any
    """The judged targets, as the test has them."""
    control: Any | None
    scores: Mapping[str, Score]
    headline: Headline
    references: list[ReferenceRecord]
    memorized: Memorized | None
    duplicates: Duplicates
    compared: Compared | None
    """Targets and control side by side; None: there is no control."""
    evidence: Evidence
    """What is known of membership."""
    utility: Mapping[str, Score] | None


def write(plan: Plan, seen: Seen, answers: Any, found: Found, clock: Clock, progress: Progress) -> AuditResult:
    """Put the result together and leave it in the run folder; audit.json comes last: where it is, the run is whole."""
    record = make_record(plan, seen, found, clock)
    design = design_of(plan, seen)
    samples = found.test.samples(plan, seen, answers, found.memorized)
    samples = with_design(samples, design.groups, design.weights)
    plan.folder.write_table(SAMPLES, samples)
    if found.duplicates.pairs.num_rows:
        plan.folder.write_table(DUPLICATES, found.duplicates.pairs)
    plan.folder.adopt(found.test.draw(plan, found.targets, found.control))
    plan.folder.adopt(_draw(plan.folder.path, plan, seen, record, found))
    record = sealed(record, plan.folder.path, (SAMPLES, SPLIT, DUPLICATES))
    plan.folder.write_text(SUMMARY, summary(record))
    run = Run(record, samples, plan.folder.path)
    report = write_report(run, images=plan.config.images, dataset=plan.dataset, progress=progress)
    plan.folder.adopt([report])
    plan.folder.write_text(AUDIT, record.model_dump_json(indent=2) + "\n")
    return AuditResult(record, samples, plan.folder.path)


def _draw(folder: Path, plan: Plan, seen: Seen, record: AuditRecord, found: Found) -> list[Path]:
    """The plots that both tests have."""
    from dejavu_audit.report.balance_chart import write_balance_chart  # the plotting library takes a second to load
    from dejavu_audit.report.roc_chart import write_roc_chart

    drawn = [] if record.balance is None else write_balance_chart(record.balance, folder / BALANCE, record.matching)
    listed = found.memorized
    if listed is None:
        return drawn
    targets = np.isin(seen.judged, plan.split.targets)
    there = ~np.isnan(listed.score)
    weights = None
    if seen.matching is not None:
        there &= seen.matching.weights > 0
        weights = seen.matching.weights[there & ~targets]
    one, two = listed.score[there & targets], listed.score[there & ~targets]
    return drawn + write_roc_chart(folder, one, two, listed.figures, weights)


def make_record(plan: Plan, seen: Seen, found: Found, clock: Clock) -> AuditRecord:
    """The record that audit.json holds."""
    config, split, encoder = plan.config, plan.split, plan.encoder
    number = HeadlineRecord(**vars(found.headline))
    used, set_aside = seen.used, seen.set_aside
    compared, listed, duplicates = found.compared, found.memorized, duplicates_record(found.duplicates)
    balance = None if compared is None else balance_record(compared.balance)
    matching = None
    if compared is not None and compared.matching is not None:
        matching = matching_record(compared.matching, compared.matched)
    return AuditRecord(
        method_version=METHOD_VERSION,
        verdict=verdict.sentence(
            verdict.model_name(encoder.family, encoder.name),
            number,
            found.evidence,
            suspect=compared is not None and compared.last.failed is True,
        ),
        caveats=verdict.caveats(
            headline=number,
            references=found.references,
            control=used["control"],
            lost=set_aside["target"].total() + set_aside["control"].total(),
            judged=used["target"] + used["control"],
            symmetric=plan.symmetric,
            known=found.evidence,
            control_check=caveat(balance, matching),
            duplicates=duplicates.sentences(),
            warnings=plan.warnings,
        ),
        config=config.model_dump(mode="json"),
        model=ModelRecord(
            family=encoder.family,
            name=encoder.name,
            pretrained=encoder.pretrained,
            layer=encoder.layer,
            weights=encoder.weights,
            fingerprint=encoder.fingerprint,
            transform=encoder.transform.key,
            embedding_dim=encoder.dim,
            notes=list(encoder.notes),
        ),
        data=DataRecord(
            name=plan.dataset.name,
            root=plan.dataset.root,
            classes=len(plan.dataset.classes),
            left_out=dict(plan.terms.left_out),
            counts=used,
            set_aside={name: dict(sorted(reasons.items())) for name, reasons in set_aside.items()},
            duplicates=duplicates,
            notes=[*plan.dataset.notes, *split.notes],
        ),
        reference=_reference(found.references),
        references=found.references,
        headline=number,
        scores=_records(found.scores),
        tests={name: McNemarRecord(**test) for name, test in found.test.tests(found.targets).items()},
        utility=None if found.utility is None else _records(found.utility),
        memorized=None if listed is None else memorized_record(listed),
        membership=membership_record(found.evidence, symmetric=plan.symmetric),
        membership_figures=None if listed is None else membership_figures_record(listed.by, listed.figures),
        balance=balance,
        matching=matching,
        environment=EnvironmentRecord(versions=versions(), device=encoder.device, seed=config.seed),
        timings=clock.record(),
    )


def _records(scores: Mapping[str, Score]) -> dict[str, ScoreRecord]:
    return {key: ScoreRecord(**vars(score)) for key, score in scores.items()}


def _reference(references: list[ReferenceRecord]) -> dict[str, Any]:
    if len(references) == 1:
        return references[0].description
    return {"name": "ensemble", "members": [one.name for one in references]}


def versions() -> dict[str, str]:
    """The versions of what computes the number."""
    packages = [
        "dejavu-audit",
        "torch",
        "torchvision",
        "timm",
        "open_clip_torch",
        "faiss-cpu",
        "numpy",
        "scipy",
        "pillow",
        "pyarrow",
        "sentence-transformers",
        "transformers",
    ]
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # another build of the same library, as faiss-gpu
            found[package] = "not installed as a package"
    return found
