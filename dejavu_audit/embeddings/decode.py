"""Decoding in worker processes: pictures come back as stacked tensors in shared memory, broken ones as reasons."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from dejavu_audit.embeddings.batching import blank
from dejavu_audit.embeddings.workers import in_workers
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from dejavu_audit.data.crops import CropRule
    from dejavu_audit.types import Annotation, Dataset, Transform

T = TypeVar("T")

UNFIT = "picture does not suit the model's transform"


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


class Decoder:
    """Turns chunks into tensors; lives in the workers."""

    def __init__(self, dataset: Dataset, looks: Sequence[Look]) -> None:
        """Both arguments travel to the workers."""
        self._dataset = dataset
        self._looks = looks

    def __call__(self, chunk: Chunk) -> list[Seen]:
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

    Closing the iterator ends the workers; see `workers` for what happens if one dies.
    """
    yield from in_workers(Decoder(dataset, looks), chunks, workers)


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
