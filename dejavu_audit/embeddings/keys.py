"""What pins each picture in the store: its identity, and its annotation where the crop depends on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.errors import SetAside

if TYPE_CHECKING:
    from dejavu_audit.embeddings.views import View
    from dejavu_audit.types import Annotation, Dataset, Progress, Rows

NO_BOXES = "no boxes"
TICK = 256
"""Pictures between two reports of progress."""


class Keys:
    """Identity and annotation of every row that is asked for, read once whatever the number of jobs."""

    def __init__(self, dataset: Dataset, jobs: Sequence[tuple[View, Rows]], progress: Progress) -> None:
        """Read them all; what cannot be read is set aside here."""
        self.annotations: dict[int, Annotation] = {}
        """Row -> its annotation, for the rows of views that need boxes."""
        self._dataset = dataset
        self._plain: dict[int, bytes] = {}
        self._boxed: dict[int, bytes] = {}
        self._lost: dict[int, str] = {}
        self._lost_boxes: dict[int, str] = {}
        boxed = {row for view, rows in jobs if view.needs_boxes for row in rows.tolist()}
        every = list(dict.fromkeys(row for _, rows in jobs for row in rows.tolist()))
        self._annotated = np.asarray(dataset.table["boxed"], bool) if boxed else np.zeros(0, bool)
        with progress.stage("looking up", len(every)) as advance:
            for start in range(0, len(every), TICK):
                for row in every[start : start + TICK]:
                    self._read(row, row in boxed)
                advance(len(every[start : start + TICK]))

    def of(self, view: View, rows: Rows) -> tuple[Rows, list[bytes]]:
        """Those of `rows` that have a key for this view, and the keys (16 bytes each)."""
        keys = self._boxed if view.needs_boxes else self._plain
        kept = [row for row in rows.tolist() if row in keys]
        return np.asarray(kept, np.int64), [keys[row] for row in kept]

    def lost(self, view: View, row: int) -> str | None:
        """Why a row has no key for this view; None if it has one."""
        return self._lost.get(row) or (self._lost_boxes.get(row) if view.needs_boxes else None)

    def _read(self, row: int, boxed: bool) -> None:
        try:
            identity = self._dataset.identity(row).encode(errors="surrogateescape")  # file names need not be UTF-8
        except SetAside as aside:
            self._lost[row] = aside.reason
            return
        self._plain[row] = _hash(identity)
        if not boxed:
            return
        try:
            if not self._annotated[row]:
                raise SetAside(NO_BOXES)
            annotation = self._dataset.annotation(row)
        except SetAside as aside:
            self._lost_boxes[row] = aside.reason
            return
        self.annotations[row] = annotation
        self._boxed[row] = _hash(identity + repr((annotation.boxes, annotation.size)).encode())


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
