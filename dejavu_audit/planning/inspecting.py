"""How long the look at every picture before the embedding will take, less what an earlier run has seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.inspection.inspecting import CHUNK_ROWS, inspect
from dejavu_audit.planning.announced import announced
from dejavu_audit.progress import Silent

if TYPE_CHECKING:
    from dejavu_audit.embeddings.store import Store
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Rows

ROW_BYTES = 1_400
"""What the cache keeps of a picture."""


@dataclass(frozen=True)
class Inspection:
    """The pictures that are inspected."""

    asked: int
    missing: int
    seconds: float


def inspection(plan: Plan, store: Store, seconds: float) -> Inspection:
    """Inspect some of what is missing into `store` for about `seconds`, at the least two chunks a worker."""
    rows = np.unique(plan.inspected)
    missing = announced(lambda progress: inspect(plan.dataset, rows, plan.store.root, workers=0, progress=progress))
    if not missing:
        return Inspection(len(rows), 0, 0.0)
    order = np.random.default_rng(0).permutation(rows)
    first, took = _timed(plan, order[:CHUNK_ROWS], store)
    n = int(np.clip(seconds / max(took, 1e-6) * first, CHUNK_ROWS, max(len(order) - first, 0)))
    if n:
        more, longer = _timed(plan, order[first : first + n], store)
        slope = (longer - took) / (more - first) if more > 3 * first else longer / more
        return Inspection(len(rows), missing, max(slope, longer / more / 2) * missing)
    return Inspection(len(rows), missing, took / first * missing)


def _timed(plan: Plan, rows: Rows, store: Store) -> tuple[int, float]:
    began = time.perf_counter()
    inspect(plan.dataset, np.sort(rows), store.root, workers=plan.config.workers, progress=Silent())
    return len(rows), time.perf_counter() - began
