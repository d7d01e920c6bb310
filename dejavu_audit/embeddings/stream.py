"""Streaming pictures through featurizers: each picture decoded once, each view of it embedded once, or never again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit.embeddings.batching import Batches, find_batch_size, sample
from dejavu_audit.embeddings.decode import Chunk, Look, decode
from dejavu_audit.embeddings.keys import Keys
from dejavu_audit.embeddings.lanes import Lane
from dejavu_audit.embeddings.store import KEYS, Store
from dejavu_audit.embeddings.views import Embedded, JobCount, StreamCounts, View
from dejavu_audit.embeddings.workers import worker_died

if TYPE_CHECKING:
    import torch

    from dejavu_audit.types import Dataset, Progress, Rows

CHUNK_ROWS = 32
CHUNK_BYTES = 6 << 20
"""Of decoded pictures that a worker hands over at once: bounds the shared memory."""


def embed_views(
    dataset: Dataset,
    jobs: Sequence[tuple[View, Rows]],
    store: Store,
    *,
    workers: int | None,
    jpeg_draft: bool = False,
    progress: Progress,
) -> tuple[list[Embedded], StreamCounts]:
    """Embed the rows of every job: from the store what is there, else decoded now, each picture once.

    Returns one `Embedded` a job. What is new is in the store as soon as a shard is full, so a run that was killed goes
    on from there and gives the same bits. `workers` processes decode (None: one a core, 0: this one).

    Raises AuditError where the cache cannot be written, a decoding process dies, or memory is short for one picture.
    """
    began = time.perf_counter()
    lanes: dict[str, Lane] = {}
    keys = Keys(dataset, jobs, progress)
    asked: list[_Job] = []
    for view, rows in jobs:
        name = view.shelf_key(jpeg_draft)
        if name not in lanes:
            lanes[name] = Lane(view, store.shelf(view, jpeg_draft))
            lanes[name].shelf.scan(progress)
        asked.append(_Job(view, np.asarray(rows, np.int64), lanes[name], keys))
    counts = StreamCounts([job.count for job in asked])
    counts.lookup = time.perf_counter() - began
    missing = [lane for lane in lanes.values() if lane.wanted]
    if missing:
        _stream(dataset, missing, keys, workers, jpeg_draft, progress, counts)
    began = time.perf_counter()
    embedded = [job.collect() for job in asked]
    counts.lookup += time.perf_counter() - began
    return embedded, counts


class _Job:
    """One view of some rows: tells its lane what is missing, and collects the result."""

    def __init__(self, view: View, rows: Rows, lane: Lane, keys: Keys) -> None:
        self._view, self._asked, self._lane, self._lookup = view, rows, lane, keys
        self._rows, self._keys = keys.of(view, rows)
        at = lane.shelf.find(pa.array(self._keys, KEYS))
        fresh = not lane.wanted
        for place in np.flatnonzero(at < 0).tolist():
            lane.wanted.setdefault(self._keys[place], int(self._rows[place]))
        self._first = fresh and bool(lane.wanted)
        name = getattr(view.featurizer, "name", type(view.featurizer).__name__)
        self.count = JobCount(name, view.crop_key, cached=int((at >= 0).sum()))

    def collect(self) -> Embedded:
        """Everything is on the shelf, or is set aside."""
        shelf, lane = self._lane.shelf, self._lane
        at = shelf.find(pa.array(self._keys, KEYS))
        lost = ((row, self._lookup.lost(self._view, row)) for row in self._asked.tolist())
        set_aside = {row: reason for row, reason in lost if reason is not None}
        for place in np.flatnonzero(at < 0).tolist():
            set_aside[int(self._rows[place])] = lane.passing[self._keys[place]]
        rows, at = self._rows[at >= 0], at[at >= 0]
        crops, reasons = shelf.details(at)
        usable = np.ones(len(at), bool)
        for place, reason in enumerate(reasons):
            if reason is not None:
                set_aside[int(rows[place])] = reason
                usable[place] = False
        self.count.set_aside = len(set_aside)
        if self._first:
            self.count.embedded = lane.embedded
            self.count.batch_size = shelf.batch_size
        return Embedded(rows[usable], shelf.gather(at[usable]), crops[usable], set_aside)


@dataclass(frozen=True)
class _Work:
    """A chunk, and which lanes get which of its looks."""

    chunk: Chunk
    lanes: list[tuple[Lane, int, list[bytes]]]
    """Lane, place of its look in the chunk's answer, the pictures' keys on its shelf."""


def _stream(
    dataset: Dataset,
    lanes: Sequence[Lane],
    keys: Keys,
    workers: int | None,
    jpeg_draft: bool,
    progress: Progress,
    counts: StreamCounts,
) -> None:
    looks: dict[tuple[str, str, int | None], Look] = {}
    look_of: list[int] = []
    for lane in lanes:
        view = lane.view
        draft = view.draft(jpeg_draft)
        name = (view.featurizer.transform.key, view.crop_key, draft)
        looks.setdefault(name, Look(view.featurizer.transform, view.crop, draft))
        look_of.append(list(looks).index(name))
    samples = [sample(look.transform) for look in looks.values()]
    counts.forward += _open(lanes, [samples[look] for look in look_of])
    work = _divide(lanes, look_of, [one.nbytes for one in samples], keys)
    counts.pictures = sum(len(item.chunk.rows) for item in work)
    try:
        with (
            progress.stage("embedding", counts.pictures) as advance,
            contextlib.closing(
                decode(dataset, list(looks.values()), [item.chunk for item in work], workers)
            ) as answers,
        ):
            for item in work:
                began = time.perf_counter()
                seen = next(answers)
                counts.waiting += time.perf_counter() - began
                for lane, place, of in item.lanes:
                    lane.take(seen[place], of)
                advance(len(item.chunk.rows))
            for lane in lanes:
                lane.finish()
    except KeyboardInterrupt:
        _keep(lanes)
        raise
    except RuntimeError as error:  # torch tells of a lost worker from a signal handler, so anywhere in the above
        death = worker_died(error)
        if death is None:
            raise
        _keep(lanes)
        raise death from None
    finally:
        counts.forward += sum({id(lane.batches): lane.batches.seconds for lane in lanes}.values())


def _open(lanes: Sequence[Lane], samples: Sequence[torch.Tensor]) -> float:
    """Give each lane its batches, one size a featurizer; returns the seconds that trials took."""
    began = time.perf_counter()
    batches: dict[tuple[str, str], Batches] = {}
    for lane, one in zip(lanes, samples, strict=True):
        featurizer = lane.view.featurizer
        name = (featurizer.fingerprint, featurizer.transform.key)
        if name not in batches:
            kin = (other.shelf.batch_size for other in lanes if other.view.featurizer.fingerprint == name[0])
            known = featurizer.batch_size or next((size for size in kin if size), None)
            batches[name] = Batches(featurizer, known or find_batch_size(featurizer, one))
        lane.open(batches[name])
    return time.perf_counter() - began


def _divide(lanes: Sequence[Lane], look_of: Sequence[int], sizes: Sequence[int], keys: Keys) -> list[_Work]:
    """Chunks of pictures that are wanted by the same lanes, in a fixed order."""
    wanting: dict[int, list[int]] = {}
    keys_of: list[dict[int, bytes]] = []
    for number, lane in enumerate(lanes):
        keys_of.append({row: key for key, row in lane.wanted.items()})
        for row in keys_of[-1]:
            wanting.setdefault(row, []).append(number)
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, numbers in wanting.items():
        groups.setdefault(tuple(numbers), []).append(row)
    work = []
    for to_lanes, rows in groups.items():
        looks = tuple(dict.fromkeys(look_of[number] for number in to_lanes))
        boxes = any(lanes[number].view.needs_boxes for number in to_lanes)
        step = max(1, min(CHUNK_ROWS, CHUNK_BYTES // max(1, sum(sizes[look] for look in looks))))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            annotations = [keys.annotations.get(row) if boxes else None for row in some]
            to = [(lanes[n], looks.index(look_of[n]), [keys_of[n][row] for row in some]) for n in to_lanes]
            work.append(_Work(Chunk(looks, some, annotations), to))
    return work


def _keep(lanes: Sequence[Lane]) -> None:
    """What is embedded already is worth a shard, whatever ends the run."""
    for lane in lanes:
        lane.write()
