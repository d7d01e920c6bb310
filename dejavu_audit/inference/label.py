"""The label test: is the class of a picture inferred from its background crop (method: section 1)?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError
from dejavu_audit.inference import reference
from dejavu_audit.inference.control import Design, in_set, paired_sets
from dejavu_audit.inference.protocol import Strength
from dejavu_audit.inference.reference import Expected
from dejavu_audit.neighbors import nearest
from dejavu_audit.report.label_samples import label_columns
from dejavu_audit.scores import sample_scores as samplewise
from dejavu_audit.scores.label_test import Judged, headline, label_scores
from dejavu_audit.scores.significance import mcnemar
from dejavu_audit.scores.similarities import similarities
from dejavu_audit.scores.votes import votes

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from dejavu_audit.neighbors import Neighbors
    from dejavu_audit.report.clock import Clock
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.scores.headline import Headline
    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.scores.votes import Votes
    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Array, Baseline, Encoder, Progress, Rows

NAME = "label"
STRENGTH = Strength(
    "deja_vu_top1", "accuracy_reference_top1", "accuracy_target_top1", control_gap="deja_vu_top1_control"
)


@dataclass(frozen=True)
class Answers:
    """What the encoder and the references say of every judged crop, row by row of `rows`."""

    rows: Rows
    public: Rows
    neighbors: Neighbors
    votes: Votes
    expected: Expected
    """The reference's answers; of several references, the strongest correlation that any of them finds."""
    members: Mapping[str, Expected]
    """Every reference's own."""


def jobs(plan: Plan) -> dict[str, tuple[View, Rows]]:
    """What is to be looked at: public pictures whole, the background crops of the judged and of the fit set."""
    split, judged = plan.split, plan.split.judged
    wanted = {
        "public": (View(plan.encoder, None), split.public),
        "crops": (View(plan.encoder, plan.background), judged),
    }
    for name, one in plan.references.items():
        if hasattr(one, "encoder"):
            if not hasattr(one.encoder, "embed_images"):
                raise AuditError(f"the baseline {name} reads captions and sees no pictures; ask it in --test objects")
            second = cast("Encoder", one.encoder)
            wanted[f"{name}/public"] = (View(second, None), split.public)
            wanted[f"{name}/crops"] = (View(second, plan.background), judged)
        else:
            features = View(one.featurizer, plan.background)
            wanted[f"{name}/features"] = (features, np.concatenate([judged, split.fit]))
    return wanted


def set_aside(plan: Plan, seen: Seen) -> dict[int, str]:
    """Nothing: whatever was cropped can be judged."""
    return {}


def infer(plan: Plan, seen: Seen, progress: Progress, clock: Clock) -> Answers:
    """Ask the encoder, then every reference, about every judged crop."""
    with clock("neighbours"):
        neighbors, voted = _by_neighbors(plan, seen, "")
    members = {}
    with clock("reference"):
        for name, one in plan.references.items():
            if hasattr(one, "encoder"):
                members[name] = _second_opinion(plan, seen, name)
            else:
                members[name] = _by_fit(plan, seen, name, one, progress, clock)
    strongest = reference.strongest(list(members.values()), plan.labels[seen.judged])
    return Answers(seen.judged, seen.public, neighbors, voted, strongest, members)


def _by_neighbors(plan: Plan, seen: Seen, who: str) -> tuple[Neighbors, Votes]:
    """The nearest public pictures of every judged crop, and how they vote."""
    _, public = seen.views[f"{who}public"].of(seen.public)
    _, crops = seen.views[f"{who}crops"].of(seen.judged)
    neighbors = nearest(crops, public, cast(int, plan.config.k))
    return neighbors, votes(neighbors.indices, plan.labels[seen.public], len(plan.dataset.classes))


def _second_opinion(plan: Plan, seen: Seen, name: str) -> Expected:
    """A second encoder, asked what the audited one is asked (the two-model test)."""
    _, voted = _by_neighbors(plan, seen, f"{name}/")
    return Expected(voted.top1, voted.top5, voted.confidence, voted.share(plan.labels[seen.judged]))


def _by_fit(plan: Plan, seen: Seen, name: str, baseline: Baseline, progress: Progress, clock: Clock) -> Expected:
    """A reference that learns from the fit set; with two folds, each judged crop by the fit on the other half."""
    rows, features = seen.judged, seen.views[f"{name}/features"]
    expected = Expected.empty(len(rows))
    for number in range(plan.split.folds):
        fold = plan.split.fold(number)
        fit_rows, fit_features = features.of(seen.left(fold.fit))
        with clock("fit"):
            state = reference.fit(
                baseline,
                fit_features,
                plan.labels[fit_rows],
                len(plan.dataset.classes),
                seed=plan.config.seed,
                cache=plan.store.root,
                progress=progress,
            )
        asked = np.flatnonzero(np.isin(rows, np.concatenate([fold.targets, fold.control])))
        _, asked_features = features.of(rows[asked])
        reference.ask(
            baseline, state, asked_features, plan.labels[rows[asked]], len(plan.dataset.classes), expected, asked
        )
        expected.diagnostics.append({"fit": len(fit_rows), **reference.diagnostics(state)})
    return expected


def judge(plan: Plan, seen: Seen, answers: Answers, member: str | None = None) -> tuple[Judged, Judged | None]:
    """Compare both answers with the label, for the targets and for the control; by one reference, or by all."""
    label = plan.labels[answers.rows][:, None]
    voted, expected = answers.votes, answers.expected if member is None else answers.members[member]

    def judged(at: Rows, design: Design) -> Judged:
        return Judged(
            target_right=np.stack([voted.top1 == label[:, 0], (voted.top5 == label).any(axis=1)], axis=1)[at],
            reference_right=np.stack([expected.top1 == label[:, 0], (expected.top5 == label).any(axis=1)], axis=1)[at],
            target_confidence=voted.confidence[at],
            reference_confidence=expected.confidence[at],
            **design._asdict(),
        )

    return paired_sets(plan, seen, judged)


def scores(plan: Plan, targets: Judged, control: Judged | None) -> dict[str, Score]:
    """Every score of the label test."""
    config = plan.config
    return label_scores(
        targets,
        control,
        level=config.level,
        replicates=config.replicates,
        seed=config.seed,
        interval=config.interval,
    )


def other_settings(plan: Plan, seen: Seen, answers: Answers) -> dict[str, Score]:
    """None: everything is among the scores."""
    return {}


def sample_scores(plan: Plan, seen: Seen, answers: Answers) -> dict[str, Array]:
    """How far each crop's own class stands out, by similarities and by votes."""
    own, classes, k = plan.labels[answers.rows], len(plan.dataset.classes), cast(int, plan.config.k)
    _, public = seen.views["public"].of(seen.public)
    _, crops = seen.views["crops"].of(seen.judged)
    near = similarities(crops, own, public, plan.labels[seen.public], classes, unit=plan.config.normalize)
    probability = np.clip(answers.expected.probability, 0, 1)
    counts = np.rint(k * answers.votes.share(own))
    return {
        "standing": samplewise.standing(near.by_class, own, probability),
        "ratio": samplewise.ratio(counts, k, probability, classes),
        "votes": samplewise.votes(counts, k),
        "margin": near.margin,
    }


def describe(plan: Plan, answers: Answers, member: str) -> dict[str, Any]:
    """What a reference is and how its fit went."""
    return {**plan.references[member].describe(), "folds": answers.members[member].diagnostics}


def find_headline(plan: Plan, found: Mapping[str, Score], targets: Judged, control: Judged | None) -> Headline:
    """The one number, with its test."""
    return headline(found, targets, control, level=plan.config.level, seed=plan.config.seed)


def tests(targets: Judged) -> dict[str, dict[str, Any]]:
    """The exact McNemar test on the targets, top-1: is the encoder right more often than the reference?"""
    test = mcnemar(targets.target_right[:, 0], targets.reference_right[:, 0])
    return {
        "mcnemar_top1": {
            "memorized": test.first_only,
            "misrepresented": test.second_only,
            "p_value_greater": test.greater,
            "p_value_two_sided": test.two_sided,
        }
    }


def draw(plan: Plan, targets: Judged, control: Judged | None) -> list[Path]:
    """None: its curves are for the report."""
    return []


def samples(plan: Plan, seen: Seen, answers: Answers, memorized: Memorized | None) -> pa.Table:
    """The table of judged samples."""
    return label_columns(
        table=plan.dataset.table,
        classes=plan.dataset.classes,
        rows=answers.rows,
        sets=in_set(plan, answers.rows),
        folds=plan.split.folds_of(answers.rows),
        crops=seen.views["crops"].crops_of(answers.rows),
        votes=answers.votes,
        neighbors=answers.neighbors,
        public=answers.public,
        expected=answers.expected,
        members=answers.members,
        memorized=memorized,
    )
