"""Pairs of pictures that may be near-duplicates: those whose descriptors are nearest, whole and through windows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.duplicates.descriptors import DIMENSIONS, descriptors, mirrored
from dejavu_audit.duplicates.nearest import Nearest
from dejavu_audit.duplicates.windows import CROPS, WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dejavu_audit.duplicates.background import Background
    from dejavu_audit.duplicates.entries import Entries

    Places = NDArray[np.int64]
    Numbers = NDArray[np.float32]

LIKE = 0.9
"""Least likeness of descriptors; a crop's is above it in 99 of 100."""
STANDS_OUT = 0.3
"""Greatest unlikeness, as a share of what pictures of this data are unlike by."""
WHOLES, SEEN = 5, 2
"""Nearest pictures that are looked at for each picture, itself maybe among them, and for each window into it."""
BLOCK = 1 << 15
_WINDOWS = np.asarray(WINDOWS, np.float32)


@dataclass(frozen=True)
class Pairs:
    """n pairs of entries; the second shows what is seen through a window of the first."""

    one: Places
    other: Places
    window: NDArray[np.int8]
    """(n,) place in `windows.WINDOWS`."""
    mirrored: NDArray[np.bool_]
    """(n,) whether the first is turned left to right before."""
    likeness: Numbers

    @property
    def windows(self) -> Numbers:
        """(n, 4) x, w, y, h."""
        return _WINDOWS[self.window]

    def __getitem__(self, which: Places) -> Pairs:
        return Pairs(*(getattr(self, field.name)[which] for field in fields(self)))


def candidates(
    entries: Entries,
    whole: Numbers,
    background: Background,
    foremost: Places,
    asked: Places,
    advance: Callable[[int], None],
) -> Pairs:
    """Pairs of an entry of `foremost` and one of `asked`, which may overlap; of one pair the likeliest way to lay it.

    `whole` (n, 32) are all entries' descriptors. Each of `asked` is compared with all of `foremost`: whole with whole,
    whole turned left to right with whole, whole with windows, and windows with whole.
    """
    found = [_pairs(foremost[:0], foremost[:0], 0, False, whole[:0, 0])]
    if not len(foremost) or not len(asked):
        return found[0]

    def seen(some: Places) -> Numbers:
        return descriptors(entries.thumbnail(foremost[some]), CROPS)

    n, queries = len(foremost), len(asked) * (len(WINDOWS) + 1)
    wholes = Nearest(n, 1, lambda some: whole[foremost[some]], queries, dim=DIMENSIONS)
    crops = Nearest(n, len(CROPS), seen, len(asked), dim=DIMENSIONS)
    for start in range(0, len(asked), BLOCK):
        some = asked[start : start + BLOCK]
        row, at, likeness = _hits(*wholes.search(whole[some], WHOLES))
        hits = [_pairs(foremost[at], some[row], 0, False, likeness)]
        row, at, likeness = _hits(*wholes.search(mirrored(whole[some]), WHOLES))
        hits.append(_pairs(some[row], foremost[at], 0, True, likeness))
        row, at, likeness = _hits(*crops.search(whole[some], WHOLES))
        place, window = np.divmod(at, len(CROPS))
        hits.append(_pairs(foremost[place], some[row], window + 1, False, likeness))
        for number, through in enumerate(np.moveaxis(descriptors(entries.thumbnail(some), CROPS), 1, 0)):
            row, at, likeness = _hits(*wholes.search(through, SEEN))
            hits.append(_pairs(some[row], foremost[at], number + 1, False, likeness))
        found += [_standing_out(each, background) for each in hits]
        advance(len(some))
    return _likeliest(found)


def _hits(likeness: Numbers, at: Places) -> tuple[Places, Places, Numbers]:
    """Row and place of every hit that is like enough."""
    row, rank = np.nonzero((likeness >= LIKE) & (at >= 0))
    return row, at[row, rank], likeness[row, rank]


def _pairs(one: Places, other: Places, window: Places | int, turned: bool, likeness: Numbers) -> Pairs:
    windows = np.broadcast_to(np.asarray(window, np.int8), one.shape)
    return Pairs(one, other, windows, np.full(len(one), turned), likeness)


def _standing_out(pairs: Pairs, background: Background) -> Pairs:
    level = background.of_pairs(pairs.one, pairs.other)
    out = (pairs.one != pairs.other) & (1 - pairs.likeness <= STANDS_OUT * (1 - level))
    return pairs[np.flatnonzero(out)]


def _likeliest(parts: list[Pairs]) -> Pairs:
    """Each pair once, whichever of the two came first."""
    pairs = Pairs(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Pairs)))
    least, most = np.minimum(pairs.one, pairs.other), np.maximum(pairs.one, pairs.other)
    order = np.lexsort((pairs.window, -pairs.likeness, most, least))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(least[order]) != 0) | (np.diff(most[order]) != 0)
    return pairs[order[first]]
