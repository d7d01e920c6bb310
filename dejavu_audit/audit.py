"""The audit, top to bottom: data -> crops -> embeddings -> neighbours -> votes -> reference -> scores -> run folder.

Does the encoder infer the label of a training picture from its background better than the background itself allows?
The labels of the nearest public pictures say what the encoder reads in a background crop; a baseline that never saw
the targets says what the background gives away honestly; the control, which the encoder never saw, says how much
better the encoder reads backgrounds than the baseline anyway. What is left is memorized (method: sections 1 and 4).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from dejavu_audit import plugins, reference
from dejavu_audit.config import AuditConfig
from dejavu_audit.data.crops import CropRule
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.data.split_file import read_split, split_table
from dejavu_audit.data.splits import draw_split
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.errors import AuditError
from dejavu_audit.findings import write
from dejavu_audit.neighbors import nearest
from dejavu_audit.progress import Silent
from dejavu_audit.report.clock import Clock
from dejavu_audit.report.folder import SPLIT, RunFolder
from dejavu_audit.report.result import AuditResult
from dejavu_audit.scores.label_test import Judged, label_scores
from dejavu_audit.scores.votes import votes
from dejavu_audit.stages import Inferred, Plan, Seen

if TYPE_CHECKING:
    from dejavu_audit.types import Dataset, Progress, Rows, SetName


def audit(model: str, *, data: str, on_progress: Progress | None = None, **settings: Any) -> AuditResult:
    """Audit a model: the library's front door; the command line goes through the same `run_audit`.

    Args:
        model: "family:name", as in "openclip:ViT-B-32" or "timm:resnet50.a1_in1k".
        data: built-in name or path to a dataset description.
        on_progress: where to tell how far it is; silent without.
        settings: any other field of `dejavu_audit.config.AuditConfig`, as in `root=…, k=50, targets=2_000`.

    Raises:
        AuditError: one sentence on what to mend, for anything that a user can mend.

    """
    family, colon, name = model.partition(":")
    if not colon:
        raise AuditError(f"the model {model!r} lacks its family; write it as in 'openclip:ViT-B-32' or 'timm:resnet50'")
    return run_audit(AuditConfig.resolve(family=family, model=name, data=data, **settings), on_progress or Silent())


def run_audit(config: AuditConfig, progress: Progress) -> AuditResult:
    """Run the whole audit and leave its run folder."""
    clock = Clock()
    with clock("prepare"):
        plan = prepare(config, progress)
        announce(plan, progress)
    with plan.folder.claimed(config):
        plan.folder.write_table(SPLIT, split_table(plan.split, plan.dataset))
        with clock("embed"):
            seen = look(plan, progress)
        clock.count(seen.counts)
        with clock("neighbours"):
            neighbors = nearest(seen.crops.vectors, seen.public.vectors, config.k)
            voted = votes(neighbors.indices, plan.labels[seen.public.rows], len(plan.dataset.classes))
        with clock("reference"):
            expected = expect(plan, seen, progress, clock)
        with clock("scores"):
            inferred = Inferred(seen, neighbors, voted, expected)
            targets, control = judge(plan, inferred)
            scores = label_scores(targets, control, level=config.level, replicates=config.replicates, seed=config.seed)
        return write(plan, inferred, targets, control, scores, clock)


def prepare(config: AuditConfig, progress: Progress) -> Plan:
    """Load what the configuration names and draw the sets; AuditError for whatever cannot be had."""
    folder = RunFolder.check(config)
    store = Store(config.cache_dir)
    dataset = load_dataset(config)
    split = read_split(config.split, dataset, config) if config.split else draw_split(dataset, config)
    make_baseline = plugins.find(plugins.BASELINES, config.baseline, kind="baseline")
    encoder = load_encoder(config.family, config.encoder_request())
    baseline = make_baseline(config.baseline_request())
    for note in (*encoder.notes, *dataset.notes, *split.notes):
        progress.say(note)
    labels = np.asarray(dataset.table["label"], dtype=np.int64)
    return Plan(config, dataset, encoder, baseline, split, CropRule.from_config(config), store, folder, labels)


def announce(plan: Plan, progress: Progress) -> None:
    """Say before the long part how much there is to do, and how sure the answer will be."""
    sizes = {name: len(rows) for name, rows in plan.split.sets().items()}
    # One sample in five discordant is a cautious guess; the variance of a paired difference is then at most 0.2.
    variance = sum(0.2 / sizes[name] for name in ("target", "control") if sizes[name])
    half = 100 * float(norm.ppf(0.5 + plan.config.level / 2)) * variance**0.5
    listed = ", ".join(f"{size:,} {name}" for name, size in sizes.items() if size)
    progress.say(
        f"{sum(sizes.values()):,} pictures ({listed}); with one sample in five discordant the "
        f"{100 * plan.config.level:g} % interval will be about +-{half:.1f} points"
    )


def look(plan: Plan, progress: Progress) -> Seen:
    """Stream every picture once: whole if it is public, its background crop else."""
    split = plan.split
    judged = np.concatenate([split.targets, split.control])
    jobs = [
        (View(plan.encoder, None), split.public),
        (View(plan.encoder, plan.background), judged),
        (View(plan.baseline.featurizer, plan.background), np.concatenate([judged, split.fit])),
    ]
    (public, crops, features), counts = embed_views(
        plan.dataset,
        jobs,
        plan.store,
        workers=plan.config.workers,
        jpeg_draft=plan.config.jpeg_draft,
        progress=progress,
    )
    lost = {**public.set_aside, **features.set_aside, **crops.set_aside}
    crops = crops.without(features.set_aside)
    set_aside = {
        name: Counter(lost[row] for row in rows.tolist() if row in lost) for name, rows in split.sets().items()
    }
    used = {name: len(rows) - set_aside[name].total() for name, rows in split.sets().items()}
    for name, reasons in split.set_aside.items():
        set_aside[name].update(reasons)
    refuse_if_too_few(config=plan.config, used=used, set_aside=set_aside)
    return Seen(public, crops, features, used, set_aside, counts.as_dict())


def refuse_if_too_few(config: AuditConfig, used: dict[SetName, int], set_aside: dict[SetName, Counter[str]]) -> None:
    """End the run where too many pictures of a set are lost for a fair sample, or nothing is left to ask."""
    for name, left in used.items():
        reasons, lost = set_aside[name].most_common(3), set_aside[name].total()
        if not lost or (left and lost <= config.max_set_aside * (lost + left)):
            continue
        counted = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
        said = f"{lost:,} of {lost + left:,} {name} pictures had to be set aside ({counted})"
        if reasons[0][0] == "no usable background":
            raise AuditError(f"{said}: their backgrounds are under --min-side {config.min_side}; choose a smaller one")
        if not left:
            raise AuditError(f"{said}, so that none is left; look at the first of them, and mend the data or --root")
        raise AuditError(
            f"{said}, more than --max-set-aside {config.max_set_aside:g} allows; mend the data, or allow a larger share"
        )
    if used["public"] < config.k:
        raise AuditError(
            f"only {used['public']:,} public pictures are usable, fewer than --k {config.k}; "
            "choose a smaller --k or more --public"
        )


def expect(plan: Plan, seen: Seen, progress: Progress, clock: Clock) -> reference.Expected:
    """Ask the baseline about every judged crop; with two folds, by the estimator fitted on the other half."""
    rows, features = seen.crops.rows, seen.features
    expected = reference.Expected.empty(len(rows))
    for number in range(plan.split.folds):
        fold = plan.split.fold(number)
        fit_rows, fit_features = features.of(fold.fit)
        with clock("fit"):
            state = reference.fit(
                plan.baseline,
                fit_features,
                plan.labels[fit_rows],
                len(plan.dataset.classes),
                seed=plan.config.seed,
                cache=plan.store.root,
                progress=progress,
            )
        asked = np.flatnonzero(np.isin(rows, np.concatenate([fold.targets, fold.control])))
        _, asked_features = features.of(rows[asked])
        reference.ask(plan.baseline, state, asked_features, plan.labels[rows[asked]], expected, asked)
        expected.diagnostics.append({"fit": len(fit_rows), **reference.diagnostics(state)})
    return expected


def judge(plan: Plan, inferred: Inferred) -> tuple[Judged, Judged | None]:
    """Compare both answers with the label, for the targets and for the control."""
    rows = inferred.seen.crops.rows
    label = plan.labels[rows][:, None]
    voted, expected = inferred.votes, inferred.expected
    groups = group_numbers(plan.dataset, rows)

    def judged(of: Rows) -> Judged:
        at = np.flatnonzero(np.isin(rows, of))
        return Judged(
            target_right=np.stack([voted.top1 == label[:, 0], (voted.top5 == label).any(axis=1)], axis=1)[at],
            reference_right=np.stack([expected.top1 == label[:, 0], (expected.top5 == label).any(axis=1)], axis=1)[at],
            target_confidence=voted.confidence[at],
            reference_confidence=expected.confidence[at],
            groups=None if groups is None else groups[at],
        )

    control = judged(plan.split.control)
    return judged(plan.split.targets), control if len(control.target_confidence) else None


def group_numbers(dataset: Dataset, rows: Rows) -> Rows | None:
    """Number the groups of the rows, every row without one on its own; None where there is no group at all."""
    column = dataset.table["group"].take(rows)
    if column.null_count == len(rows):
        return None
    names = np.array(
        [
            f"row {row}" if group is None else f"group {group}"
            for row, group in zip(rows, column.to_pylist(), strict=True)
        ]
    )
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
