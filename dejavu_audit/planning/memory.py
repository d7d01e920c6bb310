"""What an audit will hold in memory, and what this machine has."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dejavu_audit.embeddings.stream import CHUNK_BYTES
from dejavu_audit.embeddings.workers import PREFETCH, cores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dejavu_audit.planning.captions import Texts
    from dejavu_audit.planning.work import Look, Work
    from dejavu_audit.stages import Plan


def embeddings(plan: Plan, work: Work, texts: Sequence[Texts]) -> tuple[int, int]:
    """Bytes of all vectors in use: in memory, and in scratch files of the cache folder where a view's are large."""
    held = [rows * look.vector_bytes for look, rows in work.job_rows.values()] + [
        4 * one.asked * one.dim for one in texts
    ]
    limit = plan.store.memory_limit
    return sum(size for size in held if size <= limit), sum(size for size in held if size > limit)


def copies(plan: Plan, work: Work) -> int:
    """Bytes of the largest copy that is made of vectors: for the search, or for a fit."""
    split = plan.split
    rows = {"public": len(split.public), "features": max(len(split.fold(n).fit) for n in range(split.folds))}
    sizes = [rows.get(job.rpartition("/")[2], 0) * look.vector_bytes for job, (look, _) in work.job_rows.items()]
    return max(sizes, default=0)


def answers(plan: Plan) -> int:
    """Bytes of the neighbours of every judged sample: index, distance, and its square while they are found."""
    return len(plan.split.judged) * int(plan.config.k or 0) * (8 + 8 + 4)


def decoded(plan: Plan, looks: Mapping[str, Look]) -> int:
    """Bytes of decoded pictures that wait for the model, in shared memory."""
    if not any(len(look.missing) for look in looks.values()):
        return 0
    workers = cores() if plan.config.workers is None else plan.config.workers
    return max(1, workers * (PREFETCH + 1)) * CHUNK_BYTES


def peak() -> int | None:
    """The most that this process had in memory so far, bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def available() -> int | None:
    """Bytes that may still be taken, of the machine or of the container; None where the system does not tell."""
    found = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        found.append(1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]))
    if not found:
        with suppress(OSError, ValueError, AttributeError):
            found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES"))
    for most, now in CGROUPS:
        with suppress(OSError, ValueError):  # no such controller, or "max"
            found.append(max(0, int(Path(most).read_text("ascii")) - int(Path(now).read_text("ascii"))))
    return min(found, default=None) if found else None


CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Limit and use, of the second and of the first version of control groups."""


def gpu(device: str) -> tuple[int, int] | None:
    """Bytes of the GPU that were taken at the most, and what there is in all; None where the model runs elsewhere."""
    import torch

    if torch.device(device).type != "cuda":
        return None
    return int(torch.cuda.max_memory_reserved(device)), int(torch.cuda.mem_get_info(device)[1])
