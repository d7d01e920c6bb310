"""What a planned audit has to embed: pictures, by the views of them that the cache lacks. Reads the cache alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dejavu_audit.embeddings.keys import Keys
from dejavu_audit.embeddings.store import KEYS

if TYPE_CHECKING:
    from dejavu_audit.embeddings.store import Shelf
    from dejavu_audit.embeddings.views import View
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Progress, Rows


@dataclass(frozen=True)
class Look:
    """One view of pictures, whatever the number of jobs that ask for it."""

    who: str
    """"encoder", "tagger" or the name of a reference."""
    view: View
    rows: Rows
    """Distinct pictures that are asked for and can be looked up."""
    missing: Rows
    """Those of `rows` that have to be embedded."""
    set_aside: int
    """Of the cached, those that are known to be of no use; and what could not be looked up."""
    stored: int
    """Bytes of the shelf that a run reads through."""

    @property
    def cached(self) -> int:
        """Distinct pictures that are on the shelf."""
        return len(self.rows) - len(self.missing)

    @property
    def vector_bytes(self) -> int:
        """Of one vector."""
        return int(self.view.featurizer.dim * np.dtype(self.view.featurizer.dtype).itemsize)


@dataclass(frozen=True)
class Group:
    """Pictures that the same views lack: each is decoded once for all of them."""

    looks: tuple[Look, ...]
    rows: Rows


@dataclass(frozen=True)
class Work:
    """What is to be done."""

    looks: Mapping[str, Look]
    """By the key of their shelf."""
    job_rows: Mapping[str, tuple[Look, int]]
    """Job -> its view, and how many rows it asks for."""
    seconds: float
    """What looking all of it up took; the run does it again."""
    groups: list[Group] = field(default_factory=list)

    @property
    def pictures(self) -> int:
        """Pictures to decode."""
        return sum(len(group.rows) for group in self.groups)


def outstanding(plan: Plan, jobs: Mapping[str, tuple[View, Rows]], progress: Progress) -> Work:
    """Look up every picture of every job as the run will; nothing is written or marked as used."""
    began = time.perf_counter()
    keys = Keys(plan.dataset, list(jobs.values()), progress)
    asked: dict[str, list[str]] = {}
    for name, (view, _) in jobs.items():
        asked.setdefault(view.shelf_key(plan.config.jpeg_draft), []).append(name)
    looks = {}
    for shelf_key, names in asked.items():
        view = jobs[names[0]][0]
        every = np.concatenate([np.asarray(jobs[name][1], np.int64) for name in names])
        rows, found = keys.of(view, every)
        lost = len(np.unique(every)) - len(np.unique(rows))
        # Rows of one content share a key, as captions of one picture do.
        _, first = np.unique(np.array(found, "S16"), return_index=True) if found else (None, np.zeros(0, np.int64))
        first = np.sort(first)
        shelf = plan.store.shelf(view, plan.config.jpeg_draft)
        there, useless = _stored(shelf, pa.array([found[place] for place in first], KEYS))
        looks[shelf_key] = Look(
            who=_who(plan, view, names[0]),
            view=view,
            rows=rows[first],
            missing=rows[first][~there],
            set_aside=lost + useless,
            stored=sum(path.stat().st_size for path in shelf.path.glob("shard-*.parquet")),
        )
    job_rows = {name: (looks[key], len(jobs[name][1])) for key, names in asked.items() for name in names}
    return Work(looks, job_rows, time.perf_counter() - began, list(_groups(looks)))


def _who(plan: Plan, view: View, job: str) -> str:
    if view.featurizer is plan.encoder:
        return "encoder"
    return job.partition("/")[0] if "/" in job else "tagger"


def _stored(shelf: Shelf, keys: pa.Array) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], int]:
    """Which of the keys are on the shelf, and how many of these as pictures of no use; checksums are not looked at."""
    there, useless = np.zeros(len(keys), bool), 0
    for path in sorted(shelf.path.glob("shard-*.parquet")):
        try:
            table = pq.read_table(path, columns=["key", "reason"])
        except (OSError, pa.ArrowException):  # damaged: the run will embed what was in it
            continue
        fresh = np.asarray(pc.is_in(table["key"], value_set=keys.filter(pa.array(~there))))
        useless += int((fresh & np.asarray(pc.is_valid(table["reason"]))).sum())
        there |= np.asarray(pc.is_in(keys, value_set=table["key"].combine_chunks()))
    return there, useless


def _groups(looks: Mapping[str, Look]) -> Iterator[Group]:
    """Rows by the views that lack them, in the order in which they are met."""
    wanting: dict[int, list[Look]] = {}
    for look in looks.values():
        for row in look.missing.tolist():
            wanting.setdefault(row, []).append(look)
    groups: dict[tuple[int, ...], tuple[tuple[Look, ...], list[int]]] = {}
    for row, some in wanting.items():
        groups.setdefault(tuple(map(id, some)), (tuple(some), []))[1].append(row)
    for together, rows in groups.values():
        yield Group(together, np.asarray(rows, np.int64))
