"""The audit, top to bottom: data -> crops -> embeddings -> neighbours -> votes -> reference -> scores -> run folder.

Does the encoder infer something of a training sample that the rest of the sample does not give away? The label test
asks for the class of a picture, given its background crop; the object test asks for the objects of a picture, given
its caption. The nearest public samples answer for the encoder; references that never saw the targets say what can be
inferred honestly; the control, which the encoder never saw, says how much better the encoder does than the references
anyway. What is left is memorized (method: sections 1, 2 and 4). So that it can be trusted, copies across the sets are
taken out first, the control is held against the targets, and each memorized sample is listed at a known rate of error.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dejavu_audit.balance.stage import compare_sets
from dejavu_audit.config import AuditConfig
from dejavu_audit.data.captioned import choose_captions
from dejavu_audit.data.crops import CropRule
from dejavu_audit.data.every_caption import every_caption
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.data.members import with_members
from dejavu_audit.data.split_file import read_split, split_table
from dejavu_audit.data.splits import draw_split
from dejavu_audit.data.terms import Terms
from dejavu_audit.duplicates.search import find_duplicates
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.errors import AuditError
from dejavu_audit.findings import Found, write
from dejavu_audit.inference.memorized import list_memorized
from dejavu_audit.inference.strengths import compare_references
from dejavu_audit.inspection.inspecting import inspect
from dejavu_audit.membership.auditing import evidence_of
from dejavu_audit.parts import default_test, find_objects, load_references, refuse_unknown_score, refuse_without_text
from dejavu_audit.report.clock import Clock
from dejavu_audit.report.folder import SPLIT, RunFolder
from dejavu_audit.report.result import AuditResult
from dejavu_audit.report.watching import OnProgress, watcher
from dejavu_audit.scores.outcomes import GUESSES, Outcomes, Sizes
from dejavu_audit.scores.power import foresight
from dejavu_audit.scores.symmetric import symmetric, symmetric_headline
from dejavu_audit.stages import Plan, Seen
from dejavu_audit.utility import stage as utility

if TYPE_CHECKING:
    from dejavu_audit.duplicates.outcome import Duplicates
    from dejavu_audit.inference.protocol import InferenceTest
    from dejavu_audit.inspection.looks import Looks
    from dejavu_audit.types import Progress

TESTS = {"label": "dejavu_audit.inference.label", "objects": "dejavu_audit.inference.objects"}


def audit(model: str, *, data: str, on_progress: OnProgress | None = None, **settings: Any) -> AuditResult:
    """Audit a model: the library's front door; the command line goes through the same `run_audit`.

    Args:
        model: "family:name", as in "openclip:ViT-B-32" or "timm:resnet50.a1_in1k".
        data: built-in name or path to a dataset description.
        on_progress: a function of (stage, done, total), or a `Progress`; None: a bar in a notebook, silent elsewhere.
            What it raises ends the audit, which goes on from there when it is asked for again.
        settings: any other field of `dejavu_audit.config.AuditConfig`, as in `root=…, k=50, targets=2_000`.

    Raises:
        AuditError: one sentence on what to mend, for anything that a user can mend.

    """
    family, colon, name = model.partition(":")
    if not colon:
        raise AuditError(f"the model {model!r} lacks its family; write it as in 'openclip:ViT-B-32' or 'timm:resnet50'")
    return run_audit(AuditConfig.resolve(family=family, model=name, data=data, **settings), watcher(on_progress))


def run_audit(config: AuditConfig, progress: Progress) -> AuditResult:
    """Run the whole audit and leave its run folder."""
    clock = Clock()
    with clock("prepare"):
        plan = prepare(config, progress)
        test = test_of(plan)
        jobs = test.jobs(plan)
        announce(plan, progress)
    with plan.folder.claimed(config):
        plan.folder.write_table(SPLIT, plan.sets)
        with clock("inspect"):
            looks, duplicates = inspect_pictures(plan, progress)
        with clock("embed"):
            seen = look(plan, test, jobs, duplicates, progress)
        with clock("balance"):
            compared = compare_sets(plan, seen, looks)
            seen = seen.weighted(compared.matching if compared else None)
        answers = test.infer(plan, seen, progress, clock)
        with clock("scores"):
            targets, control = test.judge(plan, seen, answers)
            scores = test.scores(plan, targets, control)
            headline = test.find_headline(plan, scores, targets, control)
            references = compare_references(plan, seen, test, answers, scores)
            scores |= test.other_settings(plan, seen, answers)
            if plan.symmetric:
                scores, headline = symmetric(scores), symmetric_headline(headline)
        with clock("list"):
            memorized = list_memorized(plan, seen, test, answers)
        with clock("utility"):
            use = utility.of_encoder(plan, seen, progress) if config.utility else None
        known = evidence_of(plan, seen.used_rows)
        found = Found(test, targets, control, scores, headline, references, memorized, duplicates, compared, known, use)
        clock.count({**looks.counts(), **seen.counts})
        return write(plan, seen, answers, found, clock, progress)


def prepare(config: AuditConfig, progress: Progress) -> Plan:
    """Load what the configuration names and draw the sets; AuditError for whatever cannot be had."""
    folder = RunFolder.check(config)
    store = Store(config.cache_dir)
    dataset = with_members(load_dataset(config), config)
    encoder = load_encoder(config.family, config.encoder_request())
    config = config.settled(config.test or default_test(config, dataset, encoder))
    refuse_unknown_score(config)
    if config.test == "objects":
        refuse_without_text("the audited model", encoder)
    references = load_references(config, dataset, encoder)
    dataset, tagger, warnings = find_objects(config, dataset)
    pictures = dataset
    if config.test == "objects":
        dataset = choose_captions(pictures, "random" if config.captions == "random" else "first", config.seed)
    needs_fit = any(not hasattr(one, "encoder") for one in references.values())
    terms = Terms.of(dataset, config, fit=needs_fit, tagged=tagger is not None)
    split = read_split(config.split, dataset, config, terms) if config.split else draw_split(dataset, config, terms)
    if config.match and not len(split.control):
        raise AuditError("--match weighs the control, and there is none; give pictures that were never trained on")
    sets = split_table(split, dataset)
    if config.test == "objects" and config.captions == "all":
        dataset, split = every_caption(pictures, split)
    for note in (*encoder.notes, *(tagger.notes if tagger else ()), *dataset.notes, *split.notes, *warnings):
        progress.say(note)
    return Plan(
        config=config,
        dataset=dataset,
        encoder=encoder,
        references=references,
        tagger=tagger,
        terms=terms,
        split=split,
        sets=sets,
        background=CropRule.from_config(config),
        store=store,
        folder=folder,
        labels=np.asarray(dataset.table["label"], dtype=np.int64),
        warnings=warnings,
    )


def test_of(plan: Plan) -> InferenceTest:
    """The module of the test that is asked for."""
    return cast("InferenceTest", import_module(TESTS[str(plan.config.test)]))


def announce(plan: Plan, progress: Progress) -> None:
    """Say before the long part how much there is to do, and how sure the answer will be."""
    sizes = {name: len(rows) for name, rows in plan.split.sets().items()}
    unit = "captions" if plan.config.captions == "all" else "pictures"
    listed = ", ".join(f"{size:,} {name}" for name, size in sizes.items() if size)
    judged = Sizes(sizes["target"], sizes["control"], symmetric=plan.symmetric)
    typical = Outcomes.discordant(GUESSES[str(plan.config.test)]["typical"])
    sure = foresight(typical, judged, level=plan.config.level)
    progress.say(f"{sum(sizes.values()):,} {unit} ({listed}); {sure}")


def inspect_pictures(plan: Plan, progress: Progress) -> tuple[Looks, Duplicates]:
    """Look at every picture without any model, and find those that are in several sets, or twice in one."""
    config, dataset = plan.config, plan.dataset
    looks = inspect(dataset, plan.inspected, plan.store.root, workers=config.workers, progress=progress)
    found = find_duplicates(
        looks,
        plan.split.sets(),
        dataset,
        keep=config.keep_duplicates,
        workers=config.workers,
        seed=config.seed,
        progress=progress,
    )
    return looks, found


def look(plan: Plan, test: InferenceTest, jobs: dict[str, Any], duplicates: Duplicates, progress: Progress) -> Seen:
    """Stream every picture once, however many encoders look at it, whole or cropped; copies of targets not at all."""
    views = {**jobs, **utility.jobs(plan)} if plan.config.utility else jobs
    gone = np.fromiter(duplicates.lost, np.int64, len(duplicates.lost))
    embedded, counts = embed_views(
        plan.dataset,
        [(view, rows[~np.isin(rows, gone)]) for view, rows in views.values()],
        plan.store,
        workers=plan.config.workers,
        jpeg_draft=plan.config.jpeg_draft,
        progress=progress,
    )
    named = dict(zip(views, embedded, strict=True))
    lost = {row: reason for name in reversed(jobs) for row, reason in named[name].set_aside.items()}
    seen = Seen(plan.split, named, {**lost, **duplicates.lost}, counts.as_dict(), duplicates.clusters)
    seen = seen.without(test.set_aside(plan, seen))
    refuse_if_too_few(plan.config, seen)
    return seen


def refuse_if_too_few(config: AuditConfig, seen: Seen) -> None:
    """End the run where too many pictures of a set are lost for a fair sample, or nothing is left to ask."""
    set_aside = seen.set_aside
    for name, left in seen.used.items():
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
    public = len(seen.public)
    if config.k and public < config.k:
        raise AuditError(
            f"only {public:,} public pictures are usable, fewer than --k {config.k}; "
            "choose a smaller --k or more --public"
        )
