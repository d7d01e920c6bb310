"""What is looked at and what came out: a view is a featurizer on the full picture or on a crop of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.data.crops import CropRule
    from dejavu_audit.types import Array, Featurizer, Rows

FULL = "full"
"""Stands for the crop rule where the whole picture is looked at."""

STORE_VERSION = 2
"""Raised whenever stored vectors would no longer be what the same call computes."""


@dataclass(frozen=True)
class View:
    """What is looked at, and with what."""

    featurizer: Featurizer
    crop: CropRule | None
    """None: the full picture."""

    @property
    def crop_key(self) -> str:
        """The crop rule's key, or "full"."""
        return FULL if self.crop is None else self.crop.key

    @property
    def needs_boxes(self) -> bool:
        """Whether the picture's annotation decides what is seen."""
        return self.crop is not None and self.crop.needs_boxes

    def draft(self, jpeg_draft: bool) -> int | None:
        """Pixels that a drafted JPEG must keep, or None for the whole decode.

        Only full pictures are drafted: a crop is in the pixels of the picture as it was annotated, and would itself be
        too small.
        """
        return self.featurizer.transform.size if jpeg_draft and self.crop is None else None

    def shelf_key(self, jpeg_draft: bool) -> str:
        """Names everything but the picture that decides a vector of this view: 32 hexadecimal digits."""
        parts = [
            STORE_VERSION,
            self.featurizer.fingerprint,
            self.featurizer.transform.key,
            self.crop_key,
            self.draft(jpeg_draft),
            self.featurizer.dim,
            np.dtype(self.featurizer.dtype).str,
        ]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Embedded:
    """The vectors of one view, for m of the rows that were asked for; the rest is set aside."""

    rows: Rows
    """(m,) rows that could be embedded, in the order asked for."""
    vectors: Array
    """(m, dim) of the featurizer's dtype; a memory-mapped scratch file where it is large."""
    crops: NDArray[np.int32]
    """(m, 4) x, y, w, h of what was seen, in pixels of the picture."""
    set_aside: Mapping[int, str]
    """Row -> reason."""

    def without(self, set_aside: Mapping[int, str]) -> Embedded:
        """The same less the rows of `set_aside`, which are set aside here too if they were asked for here."""
        keep = ~np.isin(self.rows, np.fromiter(set_aside, np.int64, len(set_aside)))
        if keep.all():
            return self
        also = {row: set_aside[row] for row in self.rows[~keep].tolist()}
        return Embedded(self.rows[keep], self.vectors[keep], self.crops[keep], {**self.set_aside, **also})

    def of(self, rows: Rows) -> tuple[Rows, Array]:
        """Those of `rows` that were embedded, in the order of `rows`, and their vectors: (n,) and (n, dim).

        A run of consecutive rows comes as a view, anything else as a copy.
        """
        at = places(self.rows, rows)
        if len(at) and np.array_equal(at, np.arange(at[0], at[0] + len(at))):
            return self.rows[at], self.vectors[at[0] : at[0] + len(at)]
        return self.rows[at], self.vectors[at]

    def crops_of(self, rows: Rows) -> NDArray[np.int32]:
        """(n, 4) crops of those of `rows` that were embedded, in the order of `rows`."""
        return self.crops[places(self.rows, rows)]


def places(have: Rows, asked: Rows) -> Rows:
    """(m,) places in `have` (n,), which names each row once, of those of `asked` that are there, in their order."""
    asked = np.asarray(asked, np.int64)
    if not len(have):
        return asked[:0]
    order = np.argsort(have, kind="stable")
    place = np.minimum(np.searchsorted(have, asked, sorter=order), len(order) - 1)
    at = order[place]
    there: Rows = at[have[at] == asked]
    return there


@dataclass
class JobCount:
    """One job's share of the work, in views; rows that two jobs share count where they come first."""

    featurizer: str
    crop: str
    embedded: int = 0
    """Counted where the featurizer is called; padding is not counted."""
    cached: int = 0
    """Found in the store, set-asides included."""
    set_aside: int = 0
    batch_size: int | None = None
    """None: the featurizer was not called."""


@dataclass
class StreamCounts:
    """What a call of `embed_views` did."""

    jobs: list[JobCount] = field(default_factory=list)
    """As the jobs were given."""
    pictures: int = 0
    """Pictures sent to be decoded, each once."""
    forward: float = 0.0
    """Seconds inside the featurizers, trials of batch sizes included."""
    waiting: float = 0.0
    """Seconds that the featurizers waited for decoded pictures."""
    lookup: float = 0.0
    """Seconds for identities, annotations and reading the store."""

    def as_dict(self) -> dict[str, Any]:
        """JSON values for the report's `timings`."""
        return {
            "pictures_decoded": self.pictures,
            "views": [vars(job).copy() for job in self.jobs],
            "seconds_forward": round(self.forward, 3),
            "seconds_waiting": round(self.waiting, 3),
            "seconds_lookup": round(self.lookup, 3),
        }
