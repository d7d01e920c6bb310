"""Pairs of duplicates as they are reported: the picture of the foremost set first, of a pile one pair a picture."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.duplicates.entries import CONTROL
from dejavu_audit.duplicates.groups import NEAR, PIXELS
from dejavu_audit.duplicates.pixels import pixel_hashes
from dejavu_audit.duplicates.windows import WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.duplicates.entries import Entries
    from dejavu_audit.duplicates.groups import Groups
    from dejavu_audit.types import Dataset, Progress

    Places = NDArray[np.int64]

_CLOSE = 0.98
"""Similarity from which two pictures of one size may have the very same pixels."""
_AT_EDGE = 0.03


@dataclass(frozen=True)
class Doubles:
    """n pairs of entries that are duplicates, `one` of the foremost set."""

    one: Places
    other: Places
    kind: NDArray[np.int8]
    """(n,) as in `groups`."""
    similarity: NDArray[np.float32]
    windows: NDArray[np.float32]
    """(n, 4) x, w, y, h, in shares: what the other shows of the one, or the one of the other where `swapped`."""
    swapped: NDArray[np.bool_]
    mirrored: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.one)

    def __getitem__(self, which: Places | NDArray[np.bool_]) -> Doubles:
        return Doubles(*(getattr(self, field.name)[which] for field in fields(self)))


def joined(parts: list[Doubles]) -> Doubles:
    """Several lists as one."""
    return Doubles(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Doubles)))


def within_groups(groups: Groups) -> Doubles:
    """Every entry with the head of its group."""
    other = np.flatnonzero(groups.head != np.arange(len(groups.head)))
    whole = np.tile(np.asarray(WHOLE, np.float32), (len(other), 1))
    no = np.zeros(len(other), bool)
    return Doubles(groups.head[other], other, groups.kind[other], groups.similarity[other], whole, no, no)


def spread(groups: Groups, found: Doubles) -> Doubles:
    """From pairs of heads to pairs of every member of the later group with the head of the foremost one."""
    swap = found.one > found.other  # entries lie in the order of their sets
    found = replace(
        found,
        one=np.where(swap, found.other, found.one),
        other=np.where(swap, found.one, found.other),
        swapped=found.swapped ^ swap,
    )
    order = np.argsort(groups.head, kind="stable")
    first = np.searchsorted(groups.head[order], found.other)
    count = np.searchsorted(groups.head[order], found.other, side="right") - first
    pair = np.repeat(np.arange(len(found)), count)
    member = order[np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count) + first[pair]]
    wide = found[pair]
    alike = np.where(member == wide.other, 1, groups.similarity[member]).astype(np.float32)
    return replace(wide, other=member, similarity=np.minimum(wide.similarity, alike))


def worth_telling(entries: Entries, pairs: Doubles) -> Doubles:
    """Without pairs within the public or the fit set, which do no harm."""
    one, other = entries.sets[pairs.one], entries.sets[pairs.other]
    return pairs[(one != other) | (one <= CONTROL)]


def compare_pixels(
    dataset: Dataset, entries: Entries, pairs: Doubles, workers: int | None, progress: Progress
) -> Doubles:
    """Call those the same pixels that are, once fully decoded; only pairs are decoded that may be."""
    off = np.abs(pairs.windows - np.asarray(WHOLE, np.float32)).max(axis=1, initial=0)
    sizes = entries.size[pairs.one], entries.size[pairs.other]
    same_size = (sizes[0] == sizes[1]).all(axis=1) | (sizes[0] == 0).any(axis=1) | (sizes[1] == 0).any(axis=1)
    may_be = (pairs.kind == NEAR) & (pairs.similarity >= _CLOSE) & (off <= _AT_EDGE) & same_size & ~pairs.mirrored
    at = np.flatnonzero(may_be)
    row = entries.first_row
    hashes = pixel_hashes(dataset, np.unique(row[np.concatenate([pairs.one[at], pairs.other[at]])]), workers, progress)
    kind = pairs.kind.copy()
    for place, one, other in zip(at, row[pairs.one[at]].tolist(), row[pairs.other[at]].tolist(), strict=True):
        if one in hashes and hashes[one] == hashes.get(other):
            kind[place] = PIXELS
    return replace(pairs, kind=kind)
