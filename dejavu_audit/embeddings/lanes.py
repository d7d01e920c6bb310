"""One view's way from decoded pictures through the featurizer to its shelf."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.embeddings.batching import blank

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from dejavu_audit.embeddings.batching import Batches
    from dejavu_audit.embeddings.decode import Seen
    from dejavu_audit.embeddings.store import Shelf
    from dejavu_audit.embeddings.views import View
    from dejavu_audit.types import Array

SHARD_ROWS = 1_024
SHARD_BYTES = 16 << 20
SHARD_SECONDS = 60.0
"""A slow model's shards are written early, so that a killed run loses no more than this. The bits are the same."""
PASSING = frozenset({"picture is missing", "picture cannot be read", "picture does not fit into memory"})
"""Reasons that may be gone at the next run: not stored."""


class Lane:
    """Collects pictures into full batches and vectors into shards, both in the order in which pictures come."""

    def __init__(self, view: View, shelf: Shelf) -> None:
        """Nothing is touched before `open`."""
        self.view = view
        self.shelf = shelf
        self.wanted: dict[bytes, int] = {}
        """Key -> row of the pictures that the shelf lacks, in order."""
        self.passing: dict[bytes, str] = {}
        """Key -> reason, of set-asides that are not stored."""
        self.embedded = 0
        self._done: list[tuple[list[bytes], NDArray[np.int32], Array]] = []
        self._held = 0
        self._reasons: dict[bytes, str] = {}

    def open(self, batches: Batches) -> None:
        """Get ready to embed; `batches` is shared by all lanes of one featurizer."""
        self.batches = batches
        self._shard_rows = max(1, min(SHARD_ROWS, SHARD_BYTES // (self.shelf.dim * self.shelf.dtype.itemsize)))
        self._pending: torch.Tensor | None = None
        self._waiting: list[tuple[bytes, NDArray[np.int32]]] = []
        self._written = time.monotonic()
        self.shelf.remember_batch_size(batches.size)

    def take(self, seen: Seen, keys: Sequence[bytes]) -> None:
        """Embed one look at a chunk of pictures with these keys; what does not fill a batch waits for the next."""
        for place, reason in seen.set_aside.items():
            into = self.passing if reason in PASSING else self._reasons
            into[keys[place]] = reason
        start = 0
        while start < len(seen.at):
            start = self._fill(seen, keys, start)
        due = time.monotonic() - self._written > SHARD_SECONDS
        if due or self._held + len(self._reasons) >= self._shard_rows:
            self.write()

    def finish(self) -> None:
        """Embed what is waiting, and write."""
        self._embed_pending()
        self.write()

    def write(self) -> None:
        """Put all vectors so far into shards."""
        done, reasons = self._done, self._reasons
        self._done, self._reasons, self._held = [], {}, 0
        if done or reasons:
            keys = [key for some, _, _ in done for key in some]
            crops = np.concatenate([np.empty((0, 4), np.int32), *(crops for _, crops, _ in done)])
            nothing = np.empty((0, self.shelf.dim), self.shelf.dtype)
            vectors = np.concatenate([nothing, *(vectors for _, _, vectors in done)])
            for start in range(0, max(1, len(keys)), self._shard_rows):
                some = slice(start, start + self._shard_rows)
                self.shelf.append(b"".join(keys[some]), vectors[some], crops[some], reasons)
                reasons = {}
        self.shelf.remember_batch_size(self.batches.size)
        self._written = time.monotonic()

    def _fill(self, seen: Seen, keys: Sequence[bytes], start: int) -> int:
        """Take pictures from `start` on, up to a full batch; returns where it stopped."""
        assert seen.pictures is not None and seen.crops is not None  # noqa: S101 - for the type checker
        size = self.batches.size
        if not self._waiting and len(seen.at) - start >= size:  # a whole batch needs no copy
            stop = start + size
            self._embed(
                seen.pictures[start:stop], [keys[place] for place in seen.at[start:stop]], seen.crops[start:stop]
            )
            return stop
        if self._pending is None or (not self._waiting and len(self._pending) != size):
            self._pending = blank(size, seen.pictures[0])
        have = len(self._waiting)
        stop = min(len(seen.at), start + len(self._pending) - have)
        self._pending[have : have + stop - start] = seen.pictures[start:stop]
        self._waiting += [(keys[seen.at[i]], seen.crops[i]) for i in range(start, stop)]
        if len(self._waiting) == len(self._pending):
            self._embed_pending()
        return stop

    def _embed_pending(self) -> None:
        if self._waiting and self._pending is not None:
            keys, crops = zip(*self._waiting, strict=True)
            self._embed(self._pending[: len(keys)], list(keys), np.stack(crops))
            self._waiting = []

    def _embed(self, pictures: torch.Tensor, keys: list[bytes], crops: NDArray[np.int32]) -> None:
        vectors = self.batches.embed(pictures)
        self._done.append((keys, crops, vectors))  # at once, so that an interrupt leaves nothing half
        self._held += len(keys)
        self.embedded += len(keys)
