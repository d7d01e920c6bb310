"""The nearest unit vectors by inner product: exact for few, by inverted lists (faiss) for many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Vectors = NDArray[np.float32]

PROBES = 2
"""Lists that are looked through for a query."""
EXACT = 1 << 29
"""Comparisons up to which all are made."""
COMPACT = 1_000_000
"""Vectors above which an index holds a byte a number, not four."""
BLOCK = 1 << 15
_TRAINING = 40
"""Vectors a list that its centre is learned from."""


class Nearest:
    """An index of the vectors of n pictures, each with the same number of them, shaped for the queries to come."""

    def __init__(
        self, n: int, each: int, vectors: Callable[[Places], Vectors], queries: int, *, dim: int, seed: int = 0
    ) -> None:
        """Index (n * each, dim) vectors, `each` a picture; `vectors` gives those of some pictures, and is asked often.

        A vector's place is picture * each + which of the picture's it is.
        """
        size = n * each
        lists = int(math.sqrt(PROBES * size * queries / max(1, size + queries)))
        if size * queries <= EXACT or size < 4 * _TRAINING * PROBES:
            self._index: Any = faiss.IndexFlatIP(dim)
        else:
            self._index = _lists(dim, max(1, min(lists, size // _TRAINING)), compact=size > COMPACT)
            self._index.cp.niter, self._index.cp.seed = 6, seed % 2**31
            drawn = np.random.default_rng(seed).permutation(n)[: -(-self._index.nlist * _TRAINING // each)]
            self._index.train(np.ascontiguousarray(vectors(np.sort(drawn)).reshape(-1, dim)))
        for start in range(0, n, BLOCK):
            some = vectors(np.arange(start, min(start + BLOCK, n)))
            self._index.add(np.ascontiguousarray(some.reshape(-1, dim)))
        self._size = size

    def search(self, queries: Vectors, k: int) -> tuple[Vectors, Places]:
        """(m, k') likeness and place of the nearest, k' = min(k, vectors); place -1 where fewer were found."""
        likeness, place = self._index.search(np.ascontiguousarray(queries), min(k, self._size))
        return likeness, place


def _lists(dim: int, lists: int, *, compact: bool) -> Any:
    centres, metric = faiss.IndexFlatIP(dim), faiss.METRIC_INNER_PRODUCT
    index: Any = faiss.IndexIVFFlat(centres, dim, lists, metric)
    if compact:
        index = faiss.IndexIVFScalarQuantizer(centres, dim, lists, faiss.ScalarQuantizer.QT_8bit, metric, False)
    index.nprobe = min(PROBES, lists)
    return index
