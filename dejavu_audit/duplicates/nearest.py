"""The nearest unit vectors by inner product: exact for few, by inverted lists (faiss) for many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

PROBES = 8
"""Lists that are looked through for a query."""
EXACT = 1 << 29
"""Comparisons up to which all are made."""
COMPACT = 1_000_000
"""Vectors above which an index holds a byte a number, not four."""
_TRAINING = 40
"""Vectors a list that its centre is learned from."""


class Nearest:
    """An index of unit vectors, shaped for the number of queries to come."""

    def __init__(self, vectors: Vectors, queries: int, seed: int = 0) -> None:
        """Index (n, d) vectors; nothing of `vectors` is kept where they are many."""
        n, d = vectors.shape
        lists = int(math.sqrt(PROBES * n * queries / max(1, n + queries)))
        if n * queries <= EXACT or n < 4 * _TRAINING * PROBES:
            self._index: Any = faiss.IndexFlatIP(d)
        else:
            self._index = _lists(d, max(1, min(lists, n // _TRAINING)), compact=n > COMPACT)
            self._index.cp.niter, self._index.cp.seed = 6, seed % 2**31
            drawn = np.random.default_rng(seed).permutation(n)[: self._index.nlist * _TRAINING]
            self._index.train(np.ascontiguousarray(vectors[np.sort(drawn)]))
        for start in range(0, n, 1 << 18):
            self._index.add(np.ascontiguousarray(vectors[start : start + (1 << 18)]))
        self._size = n

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
        """(m, k') likeness and place of the nearest, k' = min(k, n); place -1 where fewer were found."""
        likeness, place = self._index.search(np.ascontiguousarray(queries), min(k, self._size))
        return likeness, place


def _lists(d: int, lists: int, *, compact: bool) -> Any:
    centres, metric = faiss.IndexFlatIP(d), faiss.METRIC_INNER_PRODUCT
    index: Any = faiss.IndexIVFFlat(centres, d, lists, metric)
    if compact:
        index = faiss.IndexIVFScalarQuantizer(centres, d, lists, faiss.ScalarQuantizer.QT_8bit, metric, False)
    index.nprobe = min(PROBES, lists)
    return index
