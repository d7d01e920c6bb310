"""An audit before it is run: what there is to do, how long it takes, what room it needs, and how sure it will be."""

from __future__ import annotations

import tempfile
import time
from typing import TYPE_CHECKING

from dejavu_audit.audit import prepare, test_of
from dejavu_audit.embeddings.store import Store
from dejavu_audit.planning.captions import captions
from dejavu_audit.planning.fits import fits
from dejavu_audit.planning.inspecting import Inspection, inspection
from dejavu_audit.planning.pace import Pace, measure
from dejavu_audit.planning.room import disk_record, memory_record, room_warnings
from dejavu_audit.planning.search import search_seconds
from dejavu_audit.planning.sureness import assumptions, memorized_list, planned_sizes, rates, sureness
from dejavu_audit.planning.wishes import Wishes
from dejavu_audit.planning.work import outstanding
from dejavu_audit.report.plan_record import (
    CaptionsRecord,
    PaceRecord,
    PlanRecord,
    StageRecord,
    TimeRecord,
    ViewRecord,
)
from dejavu_audit.utility import stage as utility

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dejavu_audit.config import AuditConfig
    from dejavu_audit.planning.captions import Texts
    from dejavu_audit.planning.fits import Fit
    from dejavu_audit.planning.work import Look, Work
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Progress

LOOKING = 0.15
"""Share of the time for measuring that the pass before the embedding gets."""
BUSY = "times hold for this machine as busy as it was while they were measured"


def plan_audit(config: AuditConfig, progress: Progress, wishes: Wishes | None = None) -> PlanRecord:
    """Plan an audit: nothing is written but to a folder that is thrown away.

    AuditError for whatever the audit itself would refuse before it starts, and for wishes that cannot be met.
    """
    wishes = wishes or Wishes()
    began = time.perf_counter()
    plan = prepare(config, progress)
    prepared = time.perf_counter() - began
    test = test_of(plan)
    jobs = {**test.jobs(plan), **(utility.jobs(plan) if plan.config.utility else {})}
    assumed = assumptions(wishes, str(plan.config.test), plan.config.level)
    work = outstanding(plan, jobs, progress)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="dejavu-audit-plan-") as folder:
        store = Store(folder)
        paces: list[Pace] = []
        texts: list[Texts] = []
        fitted: list[Fit] = []
        inspected: Inspection | None = None
        if wishes.seconds:
            progress.say(f"measuring for about {wishes.seconds:g} seconds how fast this machine is")
            inspected = inspection(plan, store, LOOKING * wishes.seconds)
            paces = measure(plan, work.groups, store, (1 - LOOKING) * wishes.seconds)
            texts = captions(plan, list(jobs), store)
            fitted = fits(plan, work, paces, store)
    searched = _search(plan) if wishes.seconds else None
    spent = time.perf_counter() - began
    lost = {key: _lost(look, paces) for key, look in work.looks.items()}
    crops = [share for key, share in lost.items() if share is not None and work.looks[key].view.crop is not None]
    sizes = planned_sizes(plan, max(crops, default=0.0))
    memory = memory_record(plan, work, texts)
    disk = disk_record(plan, work, texts, fitted, inspected)
    known = {"prepare": prepared, "look up": work.seconds}
    stages = _stages(plan, known, inspected, paces, texts, fitted, searched)
    return PlanRecord(
        config=plan.config.model_dump(mode="json"),
        model={
            "family": plan.encoder.family,
            "name": plan.encoder.name,
            "pretrained": plan.encoder.pretrained,
            "layer": plan.encoder.layer,
            "embedding_dim": plan.encoder.dim,
            "device": plan.encoder.device,
        },
        data={
            "name": plan.dataset.name,
            "root": plan.dataset.root,
            "classes": len(plan.dataset.classes),
            "counts": {name: len(rows) for name, rows in plan.split.sets().items()},
        },
        references=list(plan.references),
        views=[_view(look, lost[key]) for key, look in work.looks.items()],
        captions=[
            CaptionsRecord(who=one.who, asked=one.asked, embed=one.missing, seconds=round(one.seconds, 3))
            for one in texts
        ],
        time=TimeRecord(
            total=round(sum(stage.seconds or 0 for stage in stages), 3),
            stages=stages,
            paces=[_pace(pace) for pace in paces],
            measured=round(spent, 3),
        ),
        memory=memory,
        disk=disk,
        targets=round(sizes.targets),
        control=round(sizes.control),
        level=plan.config.level,
        power=wishes.power,
        width=wishes.width,
        limit=wishes.limit,
        truth=wishes.truth,
        sureness=[sureness(name, basis, base, sizes, wishes, plan.config.level) for name, basis, base in assumed],
        memorized=memorized_list(sizes, plan.config.fdr),
        rates=rates(sizes),
        warnings=[*plan.warnings, *room_warnings(memory, disk)],
        notes=_notes(plan, wishes, work, bool(crops)),
    )


def _lost(look: Look, paces: Sequence[Pace]) -> float | None:
    """Share of a view's pictures that will be set aside, as far as is known; None where none was tried."""
    tried = [pace for pace in paces if any(one is look for one in pace.group.looks)]
    known = look.cached + sum(len(pace.group.rows) for pace in tried)
    if not known:
        return None
    return (look.set_aside + sum(len(pace.group.rows) * pace.lost_share(look) for pace in tried)) / known


def _view(look: Look, lost: float | None) -> ViewRecord:
    return ViewRecord(
        who=look.who,
        crop=look.view.crop_key,
        dim=look.view.featurizer.dim,
        asked=len(look.rows),
        cached=look.cached,
        embed=len(look.missing),
        unusable=None if lost is None else round(lost, 4),
    )


def _pace(pace: Pace) -> PaceRecord:
    return PaceRecord(
        views=[f"{look.who}: {look.view.crop_key}" for look in pace.group.looks],
        pictures=len(pace.group.rows),
        tried=len(pace.rows),
        pictures_a_second=round(1 / pace.per_picture, 3),
        seconds=round(pace.seconds, 3),
        bound=pace.bound,
    )


def _search(plan: Plan) -> float:
    """Seconds for the neighbours of every judged sample, in every space that is asked."""
    spaces = [plan.encoder.dim, *(one.encoder.dim for one in plan.references.values() if hasattr(one, "encoder"))]
    judged, public = len(plan.split.judged), len(plan.split.public)
    return sum(search_seconds(judged, public, dim, int(plan.config.k or 1)) for dim in spaces)


def _stages(
    plan: Plan,
    known: Mapping[str, float],
    inspected: Inspection | None,
    paces: Sequence[Pace],
    texts: Sequence[Texts],
    fitted: Sequence[Fit],
    searched: float | None,
) -> list[StageRecord]:
    """Every stage in the order of the run; what was not measured is None."""
    measured = searched is not None
    named: list[tuple[str, float | None]] = [*known.items()]
    named.append(("inspect", None if inspected is None else inspected.seconds))
    named.append(("embed", sum(pace.seconds for pace in paces) if measured else None))
    if plan.config.test == "objects":
        named.append(("captions", sum(one.seconds for one in texts) if measured else None))
    named.append(("neighbours", searched))
    named += [(f"fit {one.name}", one.seconds) for one in fitted]
    if plan.config.utility:
        named.append(("utility", None))
    named.append(("checks, scores and files", None))
    return [StageRecord(name=name, seconds=None if seconds is None else round(seconds, 3)) for name, seconds in named]


def _notes(plan: Plan, wishes: Wishes, work: Work, known: bool) -> list[str]:
    notes = []
    if wishes.seconds:
        notes.append(BUSY)
    else:
        notes.append("time was not measured (--seconds 0)")
    if not plan.split.control.size:
        notes.append(
            "without a control the score is not calibrated: what can be detected is memorization together with "
            "whatever the encoder reads from backgrounds better than the reference"
        )
    if plan.config.test == "label" and not known and len(work.looks):
        notes.append("how many pictures have no usable background is not known; the sizes count all of them")
    return notes
