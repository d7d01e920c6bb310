"""Exact nearest neighbours by faiss, made independent of blocks, threads and faiss's order of equal distances."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 1_024
"""Queries that faiss is asked at once."""
RERANK_BYTES = 64 << 20
"""Memory for the exact distances of candidates."""
SPARE = 16
"""Candidates beyond k that are asked for, at the least."""


@dataclass(frozen=True)
class Neighbors:
    """The k nearest public vectors of q queries, nearest first; equal distances keep the lower index first."""

    indices: NDArray[np.int64]
    """(q, k) into the public vectors."""
    distances: NDArray[np.float32]
    """(q, k) Euclidean distances, not their squares."""


def nearest(queries: NDArray[np.float32], public: NDArray[np.float32], k: int, *, block: int = BLOCK) -> Neighbors:
    """Find each query's `k` nearest public vectors by Euclidean distance (method: section 1.3).

    `queries` is (q, d) and `public` (p, d), both finite. On unit vectors the order is that of cosine similarity. faiss
    finds somewhat more than k candidates in single precision; these are ranked by their distance in double precision,
    so that the result depends on the vectors alone. `block` queries are in work at once. ValueError unless
    1 <= k <= p and the dimensions agree.
    """
    queries, public = np.asarray(queries, np.float32), np.ascontiguousarray(public, np.float32)
    if queries.ndim != 2 or public.ndim != 2 or queries.shape[1] != public.shape[1]:
        raise ValueError(f"queries {queries.shape} and public vectors {public.shape} must be matrices of one width")
    if not 1 <= k <= len(public):
        raise ValueError(f"k must lie between 1 and the {len(public):,} public vectors, not be {k}")
    indices = np.empty((len(queries), k), np.int64)
    squares = np.empty((len(queries), k), np.float64)
    longest = float(np.sqrt(max(_squared_lengths(public).max(), 0.0)))
    crowd: _Crowd | None = None
    for start in range(0, len(queries), block):
        asked = np.ascontiguousarray(queries[start : start + block])
        open_ = np.arange(len(asked))
        for spare in (max(SPARE, k // 4), max(8 * SPARE, 2 * k)):
            done, found, at = _candidates(asked[open_], public, k, spare, longest)
            indices[start + open_[done]], squares[start + open_[done]] = found[done], at[done]
            open_ = open_[~done]
            if not len(open_):
                break
        if len(open_):
            crowd = crowd or _Crowd(public)
            for query in open_:
                indices[start + query], squares[start + query] = crowd.nearest(asked[query], k)
    return Neighbors(indices, np.sqrt(squares).astype(np.float32))


def _candidates(
    asked: NDArray[np.float32], public: NDArray[np.float32], k: int, spare: int, longest: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """The k best of k + spare candidates: which queries are certain, and (b, k) indices and squared distances."""
    width = min(k + spare, len(public))
    rough, found = faiss.knn(asked, public, width)
    exact = _squared_distances(asked, public, found)
    order = np.lexsort((found, exact), axis=1)[:, :k]
    found, exact = np.take_along_axis(found, order, axis=1), np.take_along_axis(exact, order, axis=1)
    if width == len(public):
        return np.ones(len(asked), bool), found, exact
    # Whatever faiss left out is, in its single precision, at least as far as the farthest candidate. The rounding of a
    # dot product of d terms is at most d units in the last place of the product of the lengths, twice.
    reach = np.sqrt(_squared_lengths(asked)) + longest
    slack = (asked.shape[1] + 8) * np.finfo(np.float32).eps * reach**2
    return exact[:, -1] < rough.max(axis=1) - slack, found, exact


def _squared_distances(
    asked: NDArray[np.float32], public: NDArray[np.float32], found: NDArray[np.int64]
) -> NDArray[np.float64]:
    exact = np.empty(found.shape, np.float64)
    step = max(1, RERANK_BYTES // (found.shape[1] * public.shape[1] * 8))
    for start in range(0, len(asked), step):
        rows = slice(start, start + step)
        gap = public[found[rows]].astype(np.float64)
        gap -= asked[rows, None, :]
        exact[rows] = np.einsum("qkd,qkd->qk", gap, gap)
    return exact


def _squared_lengths(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    lengths = np.empty(len(vectors), np.float64)
    for start in range(0, len(vectors), BLOCK):
        part = vectors[start : start + BLOCK].astype(np.float64)
        lengths[start : start + BLOCK] = np.einsum("nd,nd->n", part, part)
    return lengths


class _Crowd:
    """For queries whose k-th neighbour has too many rivals at its distance: looks at every distinct vector.

    That happens where many public vectors are equal, as those of an encoder that collapsed.
    """

    def __init__(self, public: NDArray[np.float32]) -> None:
        names = np.array([hashlib.blake2b(row.tobytes(), digest_size=16).hexdigest() for row in public])
        _, first, self._same = np.unique(names, return_index=True, return_inverse=True)
        self._distinct = public[first]

    def nearest(self, query: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        every = np.arange(len(self._distinct))
        exact = np.concatenate(
            [
                _squared_distances(query[None], self._distinct, every[None, start : start + BLOCK])[0]
                for start in range(0, len(every), BLOCK)
            ]
        )[self._same]
        within = np.flatnonzero(exact <= np.partition(exact, k - 1)[k - 1])
        order = within[np.argsort(exact[within], kind="stable")[:k]]
        return order, exact[order]
