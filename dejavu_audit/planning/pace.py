"""How fast this machine embeds these pictures: the run's own path, for some seconds, into a folder for the bin."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.progress import Silent

if TYPE_CHECKING:
    from dejavu_audit.embeddings.store import Store
    from dejavu_audit.planning.work import Group, Look
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Rows

FIRST = 8
"""Pictures of the first trial, which pays for all kinds of preparation."""
FLOOR = 0.15
"""Share of the time that every group of pictures gets at the least."""


@dataclass
class Pace:
    """What the trials of one group of pictures found."""

    group: Group
    rows: Rows
    """The pictures that were embedded, all trials together."""
    per_picture: float = 0.0
    """Seconds, of the longest trial but for what every trial pays."""
    start: float = 0.0
    """Seconds that the first trial took beyond that pace: starting workers, finding the batch size."""
    forward: float = 0.0
    """Seconds inside the models, of the longest trial."""
    waiting: float = 0.0
    """Seconds that the models waited for decoded pictures, likewise."""
    usable: Counter[int] = field(default_factory=Counter)
    """By the place of a view in the group: pictures that could be embedded."""

    @property
    def bound(self) -> str:
        """What the time goes into."""
        return "decoding" if self.waiting > self.forward else "model"

    @property
    def seconds(self) -> float:
        """For all pictures of the group, the start included."""
        return self.start + self.per_picture * len(self.group.rows)

    def lost_share(self, look: Look) -> float:
        """Share of the pictures tried that this view could not use."""
        place = next(place for place, one in enumerate(self.group.looks) if one is look)
        return 1 - self.usable[place] / len(self.rows)


def measure(plan: Plan, groups: Sequence[Group], store: Store, seconds: float) -> list[Pace]:
    """Embed some pictures of every group into `store` for about `seconds` in all; slow models take longer.

    The pictures are drawn from all over the group, with a fixed seed. AuditError as a run would raise it.
    """
    total = sum(len(group.rows) for group in groups)
    shares = [max(FLOOR, len(group.rows) / total) for group in groups]
    return [
        _pace(plan, group, store, seconds * share / sum(shares)) for group, share in zip(groups, shares, strict=True)
    ]


def _pace(plan: Plan, group: Group, store: Store, budget: float) -> Pace:
    """Trials of growing length: the first shows about what a batch costs, the longest of the others decides."""
    order = np.random.default_rng(0).permutation(group.rows)
    pace = Pace(group, order[:0])
    tried = [_trial(plan, pace, order[:FIRST], store)]
    while len(pace.rows) < len(order):
        last, room = tried[-1], budget - sum(trial.seconds for trial in tried)
        # A batch costs the same however few pictures are in it, so a trial has whole batches.
        batches = max(1, int(room / last.seconds * last.batches))
        if len(tried) > 1 and room < last.seconds / last.batches:
            break
        n = min(batches, 4 * last.batches) * last.batch
        tried.append(_trial(plan, pace, order[len(pace.rows) : len(pace.rows) + n], store))
    longest = max(tried[1:] or tried, key=lambda trial: trial.pictures)
    pace.per_picture = longest.seconds / max(longest.pictures, 1)
    shortest = min(tried[1:] or tried, key=lambda trial: trial.pictures)
    if longest.pictures >= 3 * shortest.pictures:  # what every trial pays for its workers' start cancels
        slope = (longest.seconds - shortest.seconds) / (longest.pictures - shortest.pictures)
        pace.per_picture = min(pace.per_picture, max(slope, pace.per_picture / 2))
    pace.forward, pace.waiting = longest.forward, longest.waiting
    pace.start = max(0.0, tried[0].seconds - pace.per_picture * tried[0].pictures)
    return pace


@dataclass(frozen=True)
class _Trial:
    pictures: int
    seconds: float
    """Without looking up, which is counted for the whole run at once."""
    forward: float
    waiting: float
    batch: int

    @property
    def batches(self) -> int:
        """Of the view with the largest ones."""
        return -(-self.pictures // self.batch)


def _trial(plan: Plan, pace: Pace, rows: Rows, store: Store) -> _Trial:
    """Embed some pictures and note them in `pace`."""
    rows = np.sort(rows)
    began = time.perf_counter()
    embedded, counts = embed_views(
        plan.dataset,
        [(look.view, rows) for look in pace.group.looks],
        store,
        workers=plan.config.workers,
        jpeg_draft=plan.config.jpeg_draft,
        progress=Silent(),
    )
    took = time.perf_counter() - began - counts.lookup
    pace.rows = np.concatenate([pace.rows, rows])
    for place, one in enumerate(embedded):
        pace.usable[place] += len(one.rows)
    batch = max((job.batch_size or 1 for job in counts.jobs), default=1)
    return _Trial(len(rows), max(took, 1e-9), counts.forward, counts.waiting, batch)
