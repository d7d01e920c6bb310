"""How alike pictures of this data are that are not duplicates: the bar that a pair must clear to be called one.

Shirts on black are all alike, holiday photographs are not: one limit for both would call half the shirts duplicates, or
miss the cropped photographs. So each picture is first compared with a sample of the others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SAMPLE = 2_000
_SHARE = 0.0015
"""Of the sample that may be duplicates of one picture and is passed over; never fewer than itself and one more."""
_ALIKE = 0.985
"""Likeness above which two of the sample count as one, so that a pile of duplicates does not raise the bar."""
_BLOCK = 4_096


class Background:
    """How alike others are to each of n pictures; found when it is asked for."""

    def __init__(self, vectors: Vectors, usable: NDArray[np.bool_], seed: int = 0) -> None:
        """Draw the sample from (n, 32) unit vectors; those of pictures that show nothing are not `usable` (n,)."""
        at = np.flatnonzero(usable)
        sample = vectors[np.sort(np.random.default_rng(seed).permutation(at)[:SAMPLE])]
        twice = np.triu(sample @ sample.T > _ALIKE, 1).any(axis=0)
        self._vectors = vectors
        self._sample = np.ascontiguousarray(sample[~twice].T)
        size = self._sample.shape[1]
        self._place = size - 1 - max(2, math.ceil(_SHARE * size) + 1)
        self._known = np.full(len(vectors), np.nan, np.float32)

    def levels(self, which: NDArray[np.int64]) -> Vectors:
        """(m,) for some pictures: likeness to those of the sample that are most like it, from 0 to 0.985.

        With hardly a sample nothing is known, and the level is 0.
        """
        if self._place < 0:
            return np.zeros(len(which), np.float32)
        new = np.unique(which[np.isnan(self._known[which])])
        for start in range(0, len(new), _BLOCK):
            some = new[start : start + _BLOCK]
            likeness = self._vectors[some] @ self._sample
            self._known[some] = np.partition(likeness, self._place, axis=1)[:, self._place].clip(0, _ALIKE)
        return self._known[which]

    def of_pairs(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> Vectors:
        """(m,) the higher level of the two."""
        higher: Vectors = np.maximum(self.levels(one), self.levels(other))
        return higher
