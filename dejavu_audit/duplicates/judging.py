"""Are two pictures near-duplicates? The limits and the one place that applies them; `benchmarks duplicates` measures.

A pair must agree in structure and in fine detail once laid on one another, and must stand out from what is common in
this data: its disagreement is a small part of the disagreement between pictures that just look alike.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.duplicates.alignment import align

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.duplicates.entries import Entries

    Numbers = NDArray[np.float32]
    Places = NDArray[np.int64]

BLOCK = 1 << 13
STRUCTURE = 0.9
DETAIL = 0.75
STANDS_OUT = 0.14
"""Greatest disagreement in structure, as a share of what pictures of this data disagree by."""
RELIEF = 2.0
"""Grey levels that must be left without the shading: less is noise, whose correlation says nothing."""
SHOWN = 0.7
"""Least share of the larger picture's area that the smaller shows, and of B that lies on A."""
COLOUR = 50.0
"""Greatest distance of the mean colours, brightness apart, of 255."""
SAME = 1.0
"""Grey levels of mean difference under which two pictures are one, however little they show."""
_WHOLE = 0.02
"""Shares by which a window may miss the whole picture for that."""


@dataclass(frozen=True)
class Judged:
    """n pairs, A and B."""

    near: NDArray[np.bool_]
    similarity: Numbers
    """(n,) agreement in structure, at most 1."""
    windows: Numbers
    """(n, 4) x, w, y, h: what of A is seen in B."""


def judge(
    entries: Entries,
    one: Places,
    other: Places,
    windows: Numbers,
    levels: Numbers,
    mirrored: NDArray[np.bool_],
) -> Judged:
    """Lay each pair's thumbnails on one another, starting from (n, 4) windows of the first, and hold it to the limits.

    `levels` (n,) is how alike pictures of this data are; where `mirrored`, A is turned left to right first.
    """
    parts = []
    for start in range(0, max(1, len(one)), BLOCK):
        some = slice(start, start + BLOCK)
        parts.append(_judge(entries, one[some], other[some], windows[some], levels[some], mirrored[some]))
    return Judged(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Judged)))


def _judge(
    entries: Entries, one: Places, other: Places, windows: Numbers, levels: Numbers, mirrored: NDArray[np.bool_]
) -> Judged:
    a, b = entries.thumbnail(one), entries.thumbnail(other)
    a = np.where(mirrored[:, None, None], a[:, :, ::-1], a)
    found = align(a, b, windows)
    x, w, y, h = found.windows.T
    shown = np.minimum(w * h, 1 / np.maximum(w * h, 1e-3))
    structure = (
        (found.structure >= STRUCTURE)
        & (found.detail >= DETAIL)
        & (1 - found.structure <= STANDS_OUT * (1 - levels))
        & (found.relief >= RELIEF)
        & (shown >= SHOWN)
        & (found.overlap >= SHOWN)
    )
    tint = _tint(entries.colour[one]) - _tint(entries.colour[other])
    alike = structure & (np.linalg.norm(tint, axis=1) <= COLOUR)
    whole = np.abs(np.stack([x, w - 1, y, h - 1])).max(axis=0) <= _WHOLE
    shift = np.abs(entries.colour[one] - entries.colour[other]).max(axis=1)
    same = whole & (found.difference <= SAME) & (shift <= 2 * SAME)
    return Judged(alike | same, np.clip(found.structure, 0, 1), found.windows)


def _tint(colour: Numbers) -> Numbers:
    tint: Numbers = colour - colour.mean(axis=1, keepdims=True)
    return tint
