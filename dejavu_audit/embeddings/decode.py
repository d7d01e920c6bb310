"""Decoding in worker processes: pictures come back as stacked tensors in shared memory, broken ones as reasons."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from dejavu_audit.embeddings.batching import blank
from dejavu_audit.errors import AuditError, SetAside
from dejavu_audit.types import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from dejavu_audit.data.crops import CropRule
    from dejavu_audit.types import Annotation, Dataset, Transform

T = TypeVar("T")

UNFIT = "picture does not suit the model's transform"
PREFETCH = 3
"""Chunks a worker may be ahead."""
NICENESS = 10
"""Workers give way to the forward pass: a thread of it that loses its core makes all the others wait."""


@dataclass(frozen=True)
class Look:
    """How a picture becomes a tensor; several featurizers can share one."""

    transform: Transform
    crop: CropRule | None
    draft: int | None


@dataclass(frozen=True)
class Chunk:
    """Pictures that one worker decodes at once, all for the same looks."""

    looks: tuple[int, ...]
    rows: list[int]
    annotations: list[Annotation | None]


@dataclass
class Seen:
    """One look at the pictures of a chunk."""

    at: list[int] = field(default_factory=list)
    """Places in the chunk of the m pictures that could be used."""
    crops: NDArray[np.int32] | None = None
    """(m, 4) x, y, w, h."""
    pictures: torch.Tensor | None = None
    """(m, C, H, W); None if m is 0."""
    set_aside: dict[int, str] = field(default_factory=dict)
    """Place in the chunk -> reason."""


class Decoder(TorchDataset[list[Seen]]):
    """Turns chunks into tensors; lives in the workers."""

    def __init__(self, dataset: Dataset, looks: Sequence[Look]) -> None:
        """Both arguments travel to the workers."""
        self._dataset = dataset
        self._looks = looks

    def __getitem__(self, chunk: Chunk) -> list[Seen]:
        """One `Seen` a look of the chunk."""
        seen = [Seen() for _ in chunk.looks]
        crops: list[list[Rect]] = [[] for _ in chunk.looks]
        for place, (row, annotation) in enumerate(zip(chunk.rows, chunk.annotations, strict=True)):
            decoded: dict[int | None, Image.Image | SetAside] = {}
            rects: dict[str, Rect | SetAside] = {}
            for number, into, rectangles in zip(chunk.looks, seen, crops, strict=True):
                look = self._looks[number]
                try:
                    image = self._open(decoded, row, look.draft)
                    rect = _crop(rects, look.crop, image, annotation)
                    tensor = _transformed(look, image, rect)
                except SetAside as aside:
                    into.set_aside[place] = aside.reason
                    continue
                if into.pictures is None:
                    into.pictures = blank(len(chunk.rows) - place, tensor)
                into.pictures[len(into.at)] = tensor
                into.at.append(place)
                rectangles.append(rect)
        for into, rectangles in zip(seen, crops, strict=True):
            into.crops = np.asarray(rectangles, np.int32).reshape(-1, 4)
            if into.pictures is not None:
                into.pictures = into.pictures[: len(into.at)]
        return seen

    def _open(self, decoded: dict[int | None, Image.Image | SetAside], row: int, draft: int | None) -> Image.Image:
        if draft not in decoded:
            try:
                decoded[draft] = self._dataset.open(row, draft)
            except SetAside as aside:
                decoded[draft] = aside
        return _or_raise(decoded[draft])


def decode(
    dataset: Dataset, looks: Sequence[Look], chunks: Sequence[Chunk], workers: int | None
) -> Generator[list[Seen], None, None]:
    """The chunks' pictures, in order; decoded by `workers` processes (None: one a core; 0: by this one).

    AuditError if a worker dies. Closing the iterator ends the workers.
    """
    count = min(cores() if workers is None else workers, len(chunks))
    with warnings.catch_warnings():
        # Who asks for more workers than cores has a slow disk, and knows it.
        warnings.filterwarnings("ignore", message="This DataLoader will create")
        loader = DataLoader(
            Decoder(dataset, looks),
            batch_size=None,
            sampler=_Order(chunks),
            num_workers=count,
            collate_fn=_as_is,
            worker_init_fn=_start_worker if count else None,
            prefetch_factor=PREFETCH if count else None,
            # Python 3.14 no longer forks by itself, and importing torch in every worker takes seconds.
            multiprocessing_context="fork" if count and sys.platform == "linux" else None,
        )
    yield from loader


def worker_died(error: RuntimeError) -> AuditError | None:
    """What to tell the user if torch's loader lost a worker; None for any other error."""
    if "DataLoader worker" not in str(error):
        return None
    return AuditError(
        "a decoding process was killed, most often because memory (in a container: shared memory) ran out; "
        "try fewer of them with --workers 1, or none with --workers 0: what was embedded so far is kept"
    )


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Order:
    """torch wants an iterable with a length."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[Chunk]:
        return iter(self._chunks)

    def __len__(self) -> int:
        return len(self._chunks)


def _as_is(seen: list[Seen]) -> list[Seen]:
    return seen


def _start_worker(number: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the main process ends the workers
    torch.set_num_threads(1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)


def _crop(
    rects: dict[str, Rect | SetAside], rule: CropRule | None, image: Image.Image, annotation: Annotation | None
) -> Rect:
    if rule is None:
        return Rect(0, 0, image.width, image.height)
    if rule.key not in rects:
        try:
            rects[rule.key] = rule.crop(image.size, annotation)
        except SetAside as aside:
            rects[rule.key] = aside
    return _or_raise(rects[rule.key])


def _transformed(look: Look, image: Image.Image, rect: Rect) -> torch.Tensor:
    if look.crop is not None:
        image = image.crop((rect.x, rect.y, rect.x + rect.w, rect.y + rect.h))
    try:
        return look.transform(image)
    except (ValueError, OSError, MemoryError, ZeroDivisionError) as error:  # a picture of one pixel, say
        raise SetAside(UNFIT) from error


def _or_raise(value: T | SetAside) -> T:
    if isinstance(value, SetAside):
        raise value
    return value
