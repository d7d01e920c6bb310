"""Similarities of judged samples to the classes of the public pictures, block by block (method: 4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vectors: TypeAlias = NDArray[np.float32]

NEAREST = 10
"""Public pictures of a class that its similarity is the mean of; fewer where there are fewer."""
BLOCK_BYTES = 64 << 20
"""Memory for the similarities that are looked at together."""


@dataclass(frozen=True)
class Similarities:
    """How near n samples are to the public pictures of each of C classes; larger is nearer."""

    by_class: NDArray[np.float32]
    """(n, C) mean over the NEAREST public pictures of the class; NaN for a class without any."""
    margin: NDArray[np.float64]
    """(n,) that of the own class, less the mean over the NEAREST public pictures of all other classes.

    NaN where the own class, or all others together, have no public picture.
    """


def similarities(
    queries: Vectors,
    labels: ArrayLike,
    public: Vectors,
    public_labels: ArrayLike,
    n_classes: int,
    *,
    unit: bool,
    block_bytes: int = BLOCK_BYTES,
) -> Similarities:
    """Compare each sample with every public picture; no full matrix of them is ever in memory.

    Args:
        queries: (n, d) embeddings of the judged samples.
        labels: (n,) their classes.
        public: (p, d) embeddings of the public pictures.
        public_labels: (p,) their classes, in [0, n_classes).
        n_classes: C.
        unit: vectors have unit length, and their similarity is the cosine; else it is the negative distance.
        block_bytes: bounds the memory.

    """
    own, theirs = np.asarray(labels, np.int64), np.asarray(public_labels, np.int64)
    if queries.shape[1:] != public.shape[1:] or len(own) != len(queries) or len(theirs) != len(public):
        raise ValueError(
            f"queries {queries.shape} with {len(own)} labels and public vectors {public.shape} with {len(theirs)} do "
            "not go together"
        )
    members = np.split(np.argsort(theirs, kind="stable"), np.cumsum(np.bincount(theirs, minlength=n_classes))[:-1])
    by_class = np.full((len(queries), n_classes), np.nan, np.float32)
    margin = np.full(len(queries), np.nan)
    if not unit:  # distances do not change, and rounding errors are smaller near the origin
        centre = public.mean(axis=0, dtype=np.float64).astype(np.float32)
        queries, public = queries - centre, public - centre
    largest = max((len(some) for some in members), default=0)
    step = max(1, block_bytes // (4 * (n_classes * NEAREST + 2 * largest + queries.shape[1])))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        nearest = np.full((len(own[rows]), n_classes, NEAREST), -np.inf, np.float32)
        for class_, near in _nearest(queries[rows], public, members, unit=unit):
            by_class[rows, class_] = near.mean(axis=1)
            nearest[:, class_, : near.shape[1]] = near
        mine = own[rows]
        nearest[np.arange(len(mine)), mine] = -np.inf
        margin[rows] = by_class[rows][np.arange(len(mine)), mine] - _mean_of_largest(nearest.reshape(len(mine), -1))
    return Similarities(by_class, margin)


def _nearest(
    queries: Vectors, public: Vectors, members: list[NDArray[np.intp]], *, unit: bool
) -> Iterator[tuple[int, Vectors]]:
    """Of each class with public pictures, (b, up to NEAREST) largest similarities of the b queries, in no order."""
    lengths = None if unit else np.einsum("bd,bd->b", queries, queries)
    for class_, rows in enumerate(members):
        if not len(rows):
            continue
        some = public[rows]
        alike = queries @ some.T
        if lengths is not None:
            squares = lengths[:, None] + np.einsum("pd,pd->p", some, some) - 2 * alike
            alike = -np.sqrt(np.maximum(squares, 0))
        if len(rows) > NEAREST:
            alike = np.partition(alike, len(rows) - NEAREST, axis=1)[:, -NEAREST:]
        yield class_, alike


def _mean_of_largest(values: Vectors) -> NDArray[np.float64]:
    """(b,) mean of the up to NEAREST largest finite values of each row; NaN where there is none."""
    if values.shape[1] > NEAREST:
        values = np.partition(values, values.shape[1] - NEAREST, axis=1)[:, -NEAREST:]
    there = np.isfinite(values)
    count = there.sum(axis=1)
    total = np.where(there, values, 0).sum(axis=1, dtype=np.float64)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return mean
