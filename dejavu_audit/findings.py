"""From what the stages found to the result and the files of the run folder."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit import reference
from dejavu_audit.config import METHOD_VERSION
from dejavu_audit.report import verdict
from dejavu_audit.report.folder import AUDIT, SAMPLES
from dejavu_audit.report.record import (
    AuditRecord,
    DataRecord,
    EnvironmentRecord,
    HeadlineRecord,
    McNemarRecord,
    MembershipRecord,
    ModelRecord,
    ScoreRecord,
)
from dejavu_audit.report.result import AuditResult
from dejavu_audit.report.samples import sample_table
from dejavu_audit.scores.estimates import Score
from dejavu_audit.scores.label_test import Judged, headline
from dejavu_audit.scores.significance import mcnemar

if TYPE_CHECKING:
    from dejavu_audit.report.clock import Clock
    from dejavu_audit.stages import Inferred, Plan


def write(
    plan: Plan,
    inferred: Inferred,
    targets: Judged,
    control: Judged | None,
    scores: Mapping[str, Score],
    clock: Clock,
) -> AuditResult:
    """Put the result together and leave it in the run folder; audit.json comes last: where it is, the run is whole."""
    record = make_record(plan, inferred, targets, control, scores, clock)
    samples = make_samples(plan, inferred)
    plan.folder.write_table(SAMPLES, samples)
    plan.folder.write_text(AUDIT, record.model_dump_json(indent=2) + "\n")
    return AuditResult(record, samples, plan.folder.path)


def make_samples(plan: Plan, inferred: Inferred) -> pa.Table:
    """The table of judged samples."""
    seen, split = inferred.seen, plan.split
    rows = seen.crops.rows
    fold_of = dict(zip(split.targets.tolist(), split.fold_of_target.tolist(), strict=True))
    fold_of |= dict(zip(split.control.tolist(), split.fold_of_control.tolist(), strict=True))
    return sample_table(
        table=plan.dataset.table,
        classes=plan.dataset.classes,
        rows=rows,
        sets=np.where(np.isin(rows, split.targets), "target", "control").tolist(),
        folds=np.array([fold_of[row] for row in rows.tolist()], np.int8),
        crops=seen.crops.crops,
        votes=inferred.votes,
        neighbors=inferred.neighbors,
        public=seen.public.rows,
        expected=inferred.expected,
    )


def make_record(
    plan: Plan,
    inferred: Inferred,
    targets: Judged,
    control: Judged | None,
    scores: Mapping[str, Score],
    clock: Clock,
) -> AuditRecord:
    """The record that audit.json holds."""
    config, split, encoder, seen = plan.config, plan.split, plan.encoder, inferred.seen
    number = HeadlineRecord(**vars(headline(scores, targets, control, level=config.level, seed=config.seed)))
    n_control = len(control.target_confidence) if control else 0
    set_aside = {name: dict(sorted(reasons.items())) for name, reasons in seen.set_aside.items()}
    judged_lost = seen.set_aside["target"].total() + seen.set_aside["control"].total()
    return AuditRecord(
        method_version=METHOD_VERSION,
        verdict=verdict.sentence(f"{encoder.family} {encoder.name}", number),
        caveats=verdict.caveats(
            headline=number,
            control=n_control,
            groups=targets.groups is not None,
            base=scores["accuracy_reference_top1"].estimate,
            lost=judged_lost,
            asked=judged_lost + seen.used["target"] + seen.used["control"],
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
            counts=seen.used,
            set_aside=set_aside,
            duplicates=None,
            notes=[*plan.dataset.notes, *split.notes],
        ),
        reference=reference.describe(plan.baseline, inferred.expected),
        headline=number,
        scores={key: ScoreRecord(**vars(score)) for key, score in scores.items()},
        tests={"mcnemar_top1": mcnemar_record(targets)},
        membership=MembershipRecord(
            assumption="the targets were in the encoder's training data, the control was not",
            evidence="none was looked for: it is the word of whoever chose the data",
        ),
        environment=EnvironmentRecord(versions=versions(), device=encoder.device, seed=config.seed),
        timings=clock.record(),
    )


def mcnemar_record(targets: Judged) -> McNemarRecord:
    """The exact McNemar test on the targets, top-1."""
    test = mcnemar(targets.target_right[:, 0], targets.reference_right[:, 0])
    return McNemarRecord(
        memorized=test.first_only,
        misrepresented=test.second_only,
        p_value_greater=test.greater,
        p_value_two_sided=test.two_sided,
    )


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
    ]
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # another build of the same library, as faiss-gpu
            found[package] = "not installed as a package"
    return found
