"""Hashes of the fully decoded pixels of a few pictures: of those that may be one picture stored twice."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dejavu_audit.embeddings.workers import in_workers, worker_died
from dejavu_audit.errors import SetAside

if TYPE_CHECKING:
    from dejavu_audit.types import Dataset, Progress, Rows

CHUNK_ROWS = 16


class _Hasher:
    """Lives in the workers."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __call__(self, rows: Sequence[int]) -> list[bytes | None]:
        return [self._hash(row) for row in rows]

    def _hash(self, row: int) -> bytes | None:
        try:
            picture = self._dataset.open(row)
        except SetAside:  # the embedding stage tells why
            return None
        size = f"{picture.width}x{picture.height} ".encode()
        return hashlib.blake2b(size + picture.tobytes(), digest_size=16).digest()


def pixel_hashes(dataset: Dataset, rows: Rows, workers: int | None, progress: Progress) -> dict[int, bytes]:
    """Row -> hash of its size and RGB pixels; rows that cannot be decoded are left out. AuditError if a worker dies."""
    if not len(rows):
        return {}
    chunks = [rows[start : start + CHUNK_ROWS].tolist() for start in range(0, len(rows), CHUNK_ROWS)]
    found: dict[int, bytes] = {}
    try:
        with (
            progress.stage("comparing pixels", len(rows)) as advance,
            contextlib.closing(in_workers(_Hasher(dataset), chunks, workers)) as answers,
        ):
            for chunk, hashes in zip(chunks, answers, strict=True):
                found |= {row: one for row, one in zip(chunk, hashes, strict=True) if one is not None}
                advance(len(chunk))
    except RuntimeError as error:
        raise worker_died(error) or error from None
    return found
