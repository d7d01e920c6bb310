"""Drawing some of many pictures, class by class, from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dejavu_audit.types import Rows


class Draw:
    """Seeded draws, stratified by class; each has a stream of its own, so that none depends on the others."""

    def __init__(self, labels: Rows, seed: int) -> None:
        self._labels, self._seed = labels, seed

    def some(self, what: str, rows: Rows, size: int | None) -> Rows:
        """At most `size` of the rows (None: all), in their order."""
        return self.apart(what, rows, size)[0]

    def apart(self, what: str, rows: Rows, size: int | None) -> tuple[Rows, Rows]:
        """At most `size` of the rows, and the others, both in their order.

        Each class gives its share of the rows, to the nearest picture; the largest remainders are rounded up.
        """
        if size is None or size >= len(rows):
            return rows, rows[:0]
        rng = np.random.default_rng([self._seed, *what.encode()])
        classes, of, counts = np.unique(self._labels[rows], return_inverse=True, return_counts=True)
        exact = counts * (size / len(rows))
        quota = np.floor(exact).astype(np.int64)
        remainders = exact - quota
        up = np.lexsort([rng.random(len(classes)), -remainders])[: size - int(quota.sum())]
        quota[up] += 1
        # Within each class, the pictures of the lowest random numbers are taken.
        by_class = np.lexsort([rng.random(len(rows)), of])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        place = np.empty(len(rows), np.int64)
        place[by_class] = np.arange(len(rows)) - np.repeat(starts, counts)
        taken = place < quota[of]
        return rows[taken], rows[~taken]
