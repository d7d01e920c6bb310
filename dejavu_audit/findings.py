"""From what the stages found to the result and the files of the run folder."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

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
    ReferenceRecord,
    ScoreRecord,
)
from dejavu_audit.report.result import AuditResult

if TYPE_CHECKING:
    from dejavu_audit.inference.protocol import InferenceTest
    from dejavu_audit.report.clock import Clock
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.scores.headline import Headline
    from dejavu_audit.stages import Plan, Seen

OTHERS = {
    False: "the control was not",
    True: "the reference's members in the reference's, and neither in the other's",
}


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
    utility: Mapping[str, Score] | None


def write(plan: Plan, seen: Seen, answers: Any, found: Found, clock: Clock) -> AuditResult:
    """Put the result together and leave it in the run folder; audit.json comes last: where it is, the run is whole."""
    record = make_record(plan, seen, found, clock)
    samples = found.test.samples(plan, seen, answers)
    plan.folder.write_table(SAMPLES, samples)
    plan.folder.adopt(found.test.draw(plan, found.targets, found.control))
    plan.folder.write_text(AUDIT, record.model_dump_json(indent=2) + "\n")
    return AuditResult(record, samples, plan.folder.path)


def make_record(plan: Plan, seen: Seen, found: Found, clock: Clock) -> AuditRecord:
    """The record that audit.json holds."""
    config, split, encoder = plan.config, plan.split, plan.encoder
    number = HeadlineRecord(**vars(found.headline))
    used, set_aside = seen.used, seen.set_aside
    return AuditRecord(
        method_version=METHOD_VERSION,
        verdict=verdict.sentence(verdict.model_name(encoder.family, encoder.name), number),
        caveats=verdict.caveats(
            headline=number,
            references=found.references,
            control=used["control"],
            lost=set_aside["target"].total() + set_aside["control"].total(),
            judged=used["target"] + used["control"],
            symmetric=plan.symmetric,
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
            duplicates=None,
            notes=[*plan.dataset.notes, *split.notes],
        ),
        reference=_reference(found.references),
        references=found.references,
        headline=number,
        scores=_records(found.scores),
        tests={name: McNemarRecord(**test) for name, test in found.test.tests(found.targets).items()},
        utility=None if found.utility is None else _records(found.utility),
        membership=MembershipRecord(
            assumption=f"the targets were in the encoder's training data, {OTHERS[plan.symmetric]}",
            evidence="none was looked for: it is the word of whoever chose the data",
        ),
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
