"""Groups of pictures that are one at a glance: equal bytes, equal thumbnails, equal perceptual hashes.

Each group is a star around its first picture, of the foremost set, so that a pile of any size costs a comparison a
picture, and only one picture of a group takes part in the search for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.duplicates.judging import SAME, judge
from dejavu_audit.duplicates.windows import WHOLE
from dejavu_audit.inspection.looking import THUMBNAIL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.duplicates.background import Background
    from dejavu_audit.duplicates.entries import Entries
    from dejavu_audit.types import Array

    Places = NDArray[np.int64]

BYTES, PIXELS, NEAR = range(3)
"""Kinds of duplicates, the surest first."""
_BLOCK = 1 << 14


@dataclass
class Groups:
    """Which picture stands for each, and what binds them."""

    head: Places
    """(n,) the entry at the centre of each entry's group; itself where it is that or stands alone."""
    kind: NDArray[np.int8]
    """(n,) how it is bound to its head; of heads no matter."""
    similarity: NDArray[np.float32]
    """(n,) of it and its head."""

    @property
    def heads(self) -> Places:
        """The entries that stand for their group."""
        return np.flatnonzero(self.head == np.arange(len(self.head)))

    def bind(self, members: Places, heads: Places, kind: int, similarity: NDArray[np.float32]) -> None:
        """Put heads `members`, and whoever follows them, under other heads."""
        to, how, alike = self.head.copy(), np.full(len(self.head), -1, np.int8), np.zeros(len(self.head), np.float32)
        to[members], how[members], alike[members] = heads, kind, similarity
        followed = how[self.head] >= 0
        own = self.head == np.arange(len(self.head))
        # A follower is no nearer to the new head than its old head is.
        self.kind = np.where(followed, np.where(own, how, np.maximum(how[self.head], self.kind)), self.kind)
        self.similarity = np.where(followed, np.minimum(alike[self.head], self.similarity), self.similarity)
        self.head = to[self.head]


def group(entries: Entries, background: Background) -> Groups:
    """Group n entries."""
    n = len(entries)
    groups = Groups(np.arange(n), np.zeros(n, np.int8), np.ones(n, np.float32))
    for values, none in ((entries.keys, None), (entries.content, bytes(entries.content.dtype.itemsize))):
        heads = groups.heads if none is None else groups.heads[values[groups.heads] != np.void(none)]
        _bind_equal(groups, heads, values[heads], BYTES)
    heads = groups.heads[~entries.hidden[groups.heads]]
    members, first = _firsts(heads, _fingerprints(entries, heads))
    same = _same_thumbnail(entries, members, first)
    groups.bind(members[same], first[same], NEAR, np.ones(int(same.sum()), np.float32))
    heads = groups.heads[~entries.flat[groups.heads]]
    members, first = _firsts(heads, entries.phash[heads])
    if len(members):
        whole = np.broadcast_to(np.asarray(WHOLE, np.float32), (len(members), 4))
        level, straight = background.of_pairs(first, members), np.zeros(len(members), bool)
        found = judge(entries, first, members, whole, level, straight)
        groups.bind(members[found.near], first[found.near], NEAR, found.similarity[found.near])
    return groups


def _bind_equal(groups: Groups, heads: Places, values: Array, kind: int) -> None:
    members, first = _firsts(heads, values)
    groups.bind(members, first, kind, np.ones(len(members), np.float32))


def _firsts(entries: Places, values: Array) -> tuple[Places, Places]:
    """Those of the entries whose value an earlier one has, and the first that has it."""
    _, first, which = np.unique(values, return_index=True, return_inverse=True)
    heads = entries[first[which.ravel()]] if len(entries) else entries
    later = heads != entries
    return entries[later], heads[later]


def _fingerprints(entries: Entries, which: Places) -> NDArray[np.uint64]:
    """(m,) a random linear hash of each thumbnail, and of a flat one's colour: unequal means different."""
    rng = np.random.default_rng(0)
    found = np.zeros(len(which), np.uint64)
    if not len(which):
        return found
    length = THUMBNAIL**2 // 8
    factors = rng.integers(0, 2**63, length, np.int64).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    for start in range(0, len(which), _BLOCK):
        words = entries.thumbnail(which[start : start + _BLOCK]).reshape(-1, length * 8).view(np.uint64)
        found[start : start + _BLOCK] = (words * factors).sum(axis=1, dtype=np.uint64)
    colour = np.rint(entries.colour[which]).astype(np.uint64) @ factors[:3]
    return np.where(entries.flat[which], found ^ colour, found)


def _same_thumbnail(entries: Entries, one: Places, other: Places) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = np.abs(entries.colour[one] - entries.colour[other]).max(axis=1, initial=0) <= 2 * SAME
    for start in range(0, len(one), _BLOCK):
        some = slice(start, start + _BLOCK)
        same[some] &= (entries.thumbnail(one[some]) == entries.thumbnail(other[some])).all(axis=(1, 2))
    return same
