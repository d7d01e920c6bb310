"""The pictures of all sets, each once a set, with what is known of them: what the search works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.inspection.hashes import FLAT
from dejavu_audit.inspection.looks import bytes_of
from dejavu_audit.inspection.statistics import STATISTICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.inspection.looks import Looks
    from dejavu_audit.types import Array, Rows, SetName

ORDER: tuple[SetName, ...] = ("target", "control", "public", "fit")
"""Of a pair across sets, the picture of the later one goes."""
TARGET, CONTROL, PUBLIC, FIT = range(len(ORDER))
_MEANS = [STATISTICS.index(f"mean {channel}") for channel in ("red", "green", "blue")]
_DETAIL = STATISTICS.index("detail of 2 px")
_BLOCK = 1_024
"""Thumbnails that are read together: as many as the processor's cache holds."""


@dataclass(frozen=True)
class Entries:
    """n pictures in the order of their sets; a picture that stands in several rows of one set is one of them."""

    place: NDArray[np.int64]
    """(n,) in the table of the looks, of the first row of each."""
    sets: NDArray[np.int8]
    """(n,) place in `ORDER`."""
    rows: Rows
    """(m,) rows of the data set, of all entries; several where rows have one picture."""
    entry_of: NDArray[np.int64]
    """(m,) whose rows they are; rises."""
    looks: Looks
    """Has the thumbnails."""
    keys: Array
    """(n,) equal where two entries are one stored picture."""
    content: Array
    """(n,) hash of the bytes; of pictures without bytes, null bytes."""
    phash: NDArray[np.uint64]
    colour: NDArray[np.float32]
    """(n, 3) mean red, green and blue, from 0 to 255."""
    flat: NDArray[np.bool_]
    """(n,) whether the thumbnail shows nothing."""
    hidden: NDArray[np.bool_]
    """(n,) whether a flat thumbnail hides fine detail, so that its equal need not be its duplicate."""
    size: NDArray[np.int32]
    """(n, 2) width and height, 0 where unknown."""

    def __len__(self) -> int:
        return len(self.place)

    @property
    def first_row(self) -> Rows:
        """(n,) the first row of each."""
        rows: Rows = self.rows[np.searchsorted(self.entry_of, np.arange(len(self)))]
        return rows

    def thumbnail(self, which: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(m, 32, 32) of some entries."""
        return self.looks.thumbnails_at(self.place[which])


def entries_of(looks: Looks, sets: Mapping[SetName, Rows]) -> Entries:
    """The entries of the sets; rows that were not seen are left out."""
    table = looks.table
    every_key = _values(bytes_of(table["key"]))
    place, which, rows, owner = [], [], [], []
    total = 0
    for number, name in enumerate(ORDER):
        at = looks.places(np.asarray(sets.get(name, ()), np.int64))
        _, first, entry = np.unique(every_key[at], return_index=True, return_inverse=True)
        order = np.argsort(first)  # entries in the order of their first rows
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        mine = rank[entry.ravel()]
        by_entry = np.argsort(mine, kind="stable")
        place.append(at[first[order]])
        which.append(np.full(len(order), number, np.int8))
        rows.append(looks.rows[at][by_entry])
        owner.append(total + mine[by_entry])
        total += len(order)
    places = np.concatenate(place)
    known = 255 * looks.statistics[:, [*_MEANS, _DETAIL]][places]
    flat = _flat(looks, places)
    content = table["bytes_hash"].combine_chunks().fill_null(bytes(table["bytes_hash"].type.byte_width))
    sizes = [np.asarray(table[name].fill_null(0), np.int32)[places] for name in ("width", "height")]
    return Entries(
        place=places,
        sets=np.concatenate(which),
        rows=np.concatenate(rows),
        entry_of=np.concatenate(owner),
        looks=looks,
        keys=every_key[places],
        content=_values(bytes_of(content))[places],
        phash=np.asarray(table["phash"], np.uint64)[places],
        colour=known[:, :3],
        flat=flat,
        hidden=flat & (known[:, 3] > FLAT),
        size=np.stack(sizes, axis=1),
    )


def _values(rows: NDArray[np.uint8]) -> Array:
    """(n, 16) bytes as n values that can be compared and sorted."""
    return np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()


def _flat(looks: Looks, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    found = np.zeros(len(places), bool)
    for start in range(0, len(places), _BLOCK):
        grey = looks.thumbnails_at(places[start : start + _BLOCK]).astype(np.float32)
        grey = grey.reshape(len(grey), -1)
        grey -= grey.mean(axis=1, keepdims=True)
        found[start : start + _BLOCK] = np.einsum("np,np->n", grey, grey) < grey.shape[1] * FLAT**2
    return found
