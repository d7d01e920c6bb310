"""Objects as sparse matrices: what the neighbours hold, and how it compares with the truth (method: 2.3, 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Objects: TypeAlias = "sparse.csr_array[np.bool_]"
"""(samples, objects): which sample holds which object."""
AnyObjects: TypeAlias = "sparse.csr_array[Any] | sparse.csr_matrix[Any]"
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

BLOCK = 4_000_000
"""Most entries (objects of neighbours) looked at together: bounds the memory whatever the number of samples."""
PUBLISHED_EPSILON = 1e-5
"""The published code has it in the denominator of F1."""


@dataclass(frozen=True)
class PerSample:
    """How the predicted objects of n samples compare with the true ones; 0 / 0 is 0."""

    precision: Floats
    """(n,) correct / predicted."""
    recall: Floats
    """(n,) correct / true."""
    f1: Floats
    """(n,) harmonic mean of the two."""
    correct: Ints
    """(n,) predicted objects that are true."""
    predicted: Ints
    true: Ints

    def __len__(self) -> int:
        return len(self.precision)

    def taken(self, rows: NDArray[Any]) -> PerSample:
        """The samples at `rows`, in their order."""
        return PerSample(**{name: column[rows] for name, column in vars(self).items()})


def predicted_objects(neighbors: NDArray[Any], public: AnyObjects, top_n: int | None = None) -> Objects:
    """The objects of each sample's k nearest public samples (Jayaraman et al. 2024, arXiv 2402.02103).

    `neighbors` is (n, k), nearest first, into the rows of `public` (p, o), whose non-zero entries are the objects.
    Gives (n, o): the union, or with `top_n` the most frequent among the neighbours; of equally frequent objects the
    one whose nearest holder is nearer, then the lower one. ValueError where an index is out of range, k is 0, or
    `top_n` is below 1.
    """
    near = np.asarray(neighbors)
    held = binary(public)
    p, o = held.shape
    if near.ndim != 2 or near.shape[1] < 1:
        raise ValueError(f"neighbors must be (n, k) with k of 1 or more, not {near.shape}")
    if near.size and not (near.min() >= 0 and near.max() < p):
        raise ValueError(f"neighbour indices must lie between 0 and {p - 1}")
    if top_n is not None and top_n < 1:
        raise ValueError(f"top_n must be 1 or more, not {top_n}")
    blocks = [_union(part, held) if top_n is None else _top(part, held, top_n) for part in _blocks(near, held)]
    if not blocks:
        return sparse.csr_array((0, o), dtype=np.bool_)
    sizes = np.concatenate([np.diff(block.indptr) for block in blocks])
    indices = np.concatenate([block.indices for block in blocks])
    return _csr(indices, sizes, o)


def compare(predicted: AnyObjects, truth: AnyObjects, *, compat: str | None = None) -> PerSample:
    """Precision, recall and F1 of each of n samples; `predicted` and `truth` are (n, o), non-zero where an object is.

    With `compat="published"` F1 has 1e-5 in its denominator. ValueError where the shapes differ, or where a sample
    has no true object: such samples are set aside before.
    """
    one, two = binary(predicted), binary(truth)
    if one.shape != two.shape:
        raise ValueError(f"predicted objects are {one.shape}, the true ones {two.shape}")
    found, true = (np.diff(each.indptr).astype(np.int64) for each in (one, two))
    if not true.all():
        raise ValueError(f"{int((true == 0).sum())} samples have no true object")
    correct = np.diff(one.multiply(two).tocsr().indptr).astype(np.int64)
    precision, recall = _ratio(correct, found), _ratio(correct, true)
    # 2 c / (p + t) is the harmonic mean without the rounding of its parts.
    f1 = _ratio(2 * correct, found + true)
    if compat == "published":
        f1 = 2 * precision * recall / (precision + recall + PUBLISHED_EPSILON)
    return PerSample(precision, recall, f1, correct, found, true)


def binary(objects: AnyObjects) -> Objects:
    """The same entries as True, each once and sorted within its row; the matrix given is left alone."""
    matrix = sparse.csr_array(objects)
    if matrix.dtype == np.bool_ and matrix.has_canonical_format and matrix.data.all():
        return matrix
    matrix = matrix.astype(np.bool_, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _ratio(part: Ints, whole: Ints) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _blocks(near: NDArray[Any], held: Objects) -> Iterator[NDArray[Any]]:
    """Cut the samples into runs whose neighbours hold at most BLOCK objects together (one sample at the least)."""
    n, k = near.shape
    lengths = np.diff(held.indptr).astype(np.int64)
    coarse = max(1, BLOCK // k)
    for start in range(0, n, coarse):
        rows = near[start : start + coarse]
        ends = np.cumsum(lengths[rows].sum(axis=1))
        at = 0
        while at < len(rows):
            before = ends[at - 1] if at else 0
            upto = max(at + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
            yield rows[at:upto]
            at = upto


def _union(near: NDArray[Any], held: Objects) -> Objects:
    n, k = near.shape
    pick = sparse.csr_array(
        (np.ones(near.size, np.bool_), near.ravel(), np.arange(0, near.size + 1, k)), shape=(n, held.shape[0])
    )
    found = sparse.csr_array(pick @ held)
    found.sort_indices()
    return found


def _top(near: NDArray[Any], held: Objects, top_n: int) -> Objects:
    n, k = near.shape
    o = held.shape[1]
    lengths = np.diff(held.indptr).astype(np.int64)[near.ravel()]
    ends = np.cumsum(lengths)
    total = int(ends[-1])
    # Entry i of the list of all objects of all neighbours lies so far into its holder's row.
    into = np.arange(total) - np.repeat(ends - lengths, lengths)
    object_ = held.indices[np.repeat(held.indptr[near.ravel()], lengths) + into].astype(np.int64)
    row, rank = np.divmod(np.repeat(np.arange(n * k), lengths), k)
    # One number an entry: sorted, the same object of a sample stands together, its nearest holder first.
    entries = np.sort((row * o + object_) * k + rank)
    cell, rank = np.divmod(entries, k)
    first = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]])) if total else np.zeros(0, np.int64)
    count = np.diff(first, append=total)
    row, object_ = np.divmod(cell[first], o)
    order = np.lexsort((object_, rank[first], -count, row))
    row, object_ = row[order], object_[order]
    sizes = np.bincount(row, minlength=n)
    place = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    keep = place < top_n
    found = _csr(object_[keep], np.minimum(sizes, top_n), o)
    found.sort_indices()
    return found


def _csr(indices: NDArray[Any], sizes: NDArray[Any], o: int) -> Objects:
    """Rows of the given sizes, one after the other in `indices`."""
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return sparse.csr_array((np.ones(len(indices), np.bool_), indices, indptr), shape=(len(sizes), o))
