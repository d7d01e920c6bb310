"""What room an audit needs, in memory and on disk, against what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dejavu_audit.planning import disk, memory
from dejavu_audit.planning.inspecting import ROW_BYTES as LOOK_BYTES
from dejavu_audit.report.plan_record import DiskRecord, MemoryRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.planning.captions import Texts
    from dejavu_audit.planning.fits import Fit
    from dejavu_audit.planning.inspecting import Inspection
    from dejavu_audit.planning.work import Work
    from dejavu_audit.stages import Plan


def memory_record(plan: Plan, work: Work, texts: Sequence[Texts]) -> MemoryRecord:
    """Call it once the pace was measured: the process has had a batch in work then."""
    process, free, card = memory.peak(), memory.available(), memory.gpu(plan.encoder.device)
    held, _ = memory.embeddings(plan, work, texts)
    copied, answered, waiting = memory.copies(plan, work), memory.answers(plan), memory.decoded(plan, work.looks)
    more = held + copied + answered + waiting
    return MemoryRecord(
        process=process,
        embeddings=held,
        copies=copied,
        answers=answered,
        decoded=waiting,
        total=None if process is None else process + more,
        available=None if free is None or process is None else free + process,
        gpu=None if card is None else card[0],
        gpu_total=None if card is None else card[1],
    )


def disk_record(
    plan: Plan, work: Work, texts: Sequence[Texts], fitted: Sequence[Fit], inspected: Inspection | None
) -> DiskRecord:
    """Of the cache folder and the run folder."""
    _, scratch = memory.embeddings(plan, work, texts)
    looked = 0 if inspected is None else inspected.missing * LOOK_BYTES
    return DiskRecord(
        cache=disk.cache_bytes(work, texts) + sum(one.state_bytes for one in fitted) + looked,
        scratch=scratch,
        cache_folder=str(plan.store.root),
        cache_free=disk.free(plan.store.root),
        run=disk.run_bytes(plan),
        run_folder=str(plan.folder.path),
        run_free=disk.free(plan.folder.path),
    )


def room_warnings(needs: MemoryRecord, writes: DiskRecord) -> list[str]:
    """What does not fit."""
    found = []
    if needs.total is not None and needs.available is not None and needs.total > needs.available:
        found.append(
            f"memory: {size(needs.total)} are needed and {size(needs.available)} are there; "
            "choose fewer --public or --fit, or fewer --workers"
        )
    cached = writes.cache + writes.scratch
    if cached > writes.cache_free:
        found.append(
            f"disk: {size(cached)} go into the cache {writes.cache_folder} and {size(writes.cache_free)} are free; "
            "make room with `dejavu-audit cache prune`, or choose another --cache-dir"
        )
    same = disk.device_of(writes.cache_folder) == disk.device_of(writes.run_folder)
    taken = writes.run + (cached if same else 0)
    if cached <= writes.cache_free and taken > writes.run_free:
        found.append(
            f"disk: {size(taken)} will be written and {size(writes.run_free)} are free at the run folder "
            f"{writes.run_folder}; make room, or choose another --out"
        )
    return found


def size(number: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "kB", "MB"):
        if number < 1_000:
            return f"{number:.0f} {unit}"
        number /= 1_000
    return f"{number:.1f} GB"
