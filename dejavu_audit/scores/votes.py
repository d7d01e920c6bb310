"""The votes of the nearest public pictures: what the encoder reads in a crop (method: section 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 8_192
"""Queries whose votes are sorted at once."""
MOST_NEIGHBOURS = 50_000
"""Above it the sort key of a vote would not fit into 64 bits."""


@dataclass(frozen=True)
class Votes:
    """The votes on q queries.

    Classes are ordered by votes; among equal counts the class whose neighbours are nearer in sum of ranks comes first,
    then the lower class.
    """

    top1: NDArray[np.int64]
    """(q,) the predicted class."""
    top5: NDArray[np.int64]
    """(q, 5) the five best classes; -1 where fewer have votes."""
    confidence: NDArray[np.float64]
    """(q,) -H(counts / k), H in nats: 0 where all neighbours agree."""
    tied: NDArray[np.bool_]
    """(q,) whether another class has as many votes as the predicted one."""
    indptr: NDArray[np.int64]
    """(q + 1,) the votes on query i are entries indptr[i] to indptr[i + 1] of `classes` and `counts`, best first."""
    classes: NDArray[np.int64]
    counts: NDArray[np.int64]

    def share(self, classes: NDArray[np.int64]) -> NDArray[np.float64]:
        """(q,) share of each query's votes that is cast for its class in `classes` (q,)."""
        sizes = np.diff(self.indptr)
        own = self.classes == np.repeat(classes, sizes)
        query = np.repeat(np.arange(len(sizes)), sizes)
        cast = np.bincount(query, self.counts, len(sizes))
        counted = np.bincount(query, self.counts * own, len(sizes))
        return np.divide(counted, cast, out=np.zeros(len(sizes)), where=cast > 0)


def votes(indices: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int) -> Votes:
    """Count the labels of each query's k nearest public pictures (Meehan et al. 2023, arXiv:2304.13850).

    `indices` is (q, k), nearest first, into `labels`, which is (p,) in [0, n_classes). ValueError where k is 0 or over
    50,000, or where an index or a label is out of range.
    """
    indices = np.asarray(indices)
    labels = np.asarray(labels, np.int64)
    q, k = indices.shape
    if not 1 <= k <= MOST_NEIGHBOURS:
        raise ValueError(f"k must lie between 1 and {MOST_NEIGHBOURS:,}, not be {k}")
    if indices.size and not (indices.min() >= 0 and indices.max() < len(labels)):
        raise ValueError(f"neighbour indices must lie between 0 and {len(labels) - 1}")
    if labels.size and not (labels.min() >= 0 and labels.max() < n_classes):
        raise ValueError(f"labels must lie between 0 and {n_classes - 1}")
    top5 = np.full((q, 5), -1, np.int64)
    confidence, tied = np.zeros(q), np.zeros(q, bool)
    sizes = np.zeros(q, np.int64)
    classes, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, q, BLOCK):
        rows = slice(start, start + BLOCK)
        class_, count = _ranked(labels[indices[rows]])
        share = count / k
        # + 0.0 turns the -0.0 of a unanimous vote into 0.0
        confidence[rows] = (share * np.log(np.maximum(share, 1 / k))).sum(axis=1) + 0.0
        width = min(k, 5)
        top5[rows, :width] = np.where(count[:, :width] > 0, class_[:, :width], -1)
        tied[rows] = (count[:, 1] == count[:, 0]) if k > 1 else False
        cast = count > 0
        sizes[rows] = cast.sum(axis=1)
        classes.append(class_[cast])
        counts.append(count[cast])
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return Votes(top5[:, 0].copy(), top5, confidence, tied, indptr, np.concatenate(classes), np.concatenate(counts))


def _ranked(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Classes and counts, both (b, k), best class first; places beyond a query's classes have count 0."""
    b, k = labels.shape
    by_class = np.argsort(labels, axis=1, kind="stable")
    ordered = np.take_along_axis(labels, by_class, axis=1)
    first = np.ones((b, k), bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    starts = np.flatnonzero(first)
    count = np.diff(starts, append=b * k)
    ranks = np.add.reduceat(by_class.ravel() + 1, starts) if len(starts) else np.zeros(0, np.int64)
    row, place = np.divmod(starts, k)
    # One integer a class orders it within its query: fewer votes, then larger sum of ranks, then higher class (its
    # place in the sorted row) make it larger. Unused places sort last.
    most_ranks = k * (k + 1) // 2 + 1
    key = np.full((b, k), np.iinfo(np.int64).max)
    key[row, place] = ((k - count) * most_ranks + ranks) * k + place
    counted = np.zeros((b, k), np.int64)
    counted[row, place] = count
    order = np.argsort(key, axis=1, kind="stable")
    return np.take_along_axis(ordered, order, axis=1), np.take_along_axis(counted, order, axis=1)
