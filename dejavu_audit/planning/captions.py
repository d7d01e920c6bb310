"""How long the captions will take in the text towers, less what is cached."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from dejavu_audit.embeddings.texts import embed_texts
from dejavu_audit.planning.announced import announced
from dejavu_audit.progress import Silent

if TYPE_CHECKING:
    from dejavu_audit.embeddings.store import Store
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Array, Encoder, NeighborBaseline, TextEncoder

PIECE = 64
"""Captions of the first trial; four times as many where that took less than a second."""


@dataclass(frozen=True)
class Texts:
    """The captions of one text tower."""

    who: str
    asked: int
    missing: int
    seconds: float
    dim: int


def captions(plan: Plan, jobs: Sequence[str], store: Store) -> list[Texts]:
    """Every text tower that the object test asks; `jobs` are the names of its jobs. Nothing is written to the cache."""
    if plan.config.test != "objects":
        return []
    towers: dict[str, Encoder | TextEncoder] = {"": plan.encoder}
    towers |= {f"{name}/": cast("NeighborBaseline", one).encoder for name, one in plan.references.items()}
    found = []
    for prefix, tower in towers.items():
        rows = plan.split.judged
        if f"{prefix}public" not in jobs:  # captions are compared with captions
            rows = np.concatenate([rows, plan.split.public])
        texts = list(dict.fromkeys(plan.dataset.table["caption"].take(rows).to_pylist()))
        missing = _missing(plan, tower, texts)
        seconds = _seconds(tower, texts, missing, store) if missing else 0.0
        found.append(Texts(prefix.rstrip("/") or "encoder", len(rows), missing, seconds, tower.dim))
    return found


def _missing(plan: Plan, tower: Encoder | TextEncoder, texts: list[str]) -> int:
    """How many of the texts the run would have to embed, found by starting it."""
    return announced(lambda progress: embed_texts(tower, texts, plan.store, progress))


def _seconds(tower: Encoder | TextEncoder, texts: list[str], missing: int, store: Store) -> float:
    """From pieces of texts of every length, since long ones take longer."""
    texts = sorted(texts, key=lambda text: (len(text), text))
    for piece in (PIECE, 4 * PIECE):
        some = _spread(texts, piece)
        counted = _Counted(tower)
        embed_texts(counted, some, store, Silent())
        if counted.seconds > 1 or len(some) == len(texts):
            break
    return counted.seconds / max(counted.texts, 1) * missing


def _spread(texts: list[str], n: int) -> list[str]:
    if len(texts) <= n:
        return texts
    return [texts[place] for place in np.linspace(0, len(texts) - 1, n).astype(int)]


class _Counted:
    """A text tower with a clock."""

    def __init__(self, tower: Encoder | TextEncoder) -> None:
        self._tower = tower
        self.name, self.fingerprint, self.dim = tower.name, tower.fingerprint, tower.dim
        self.seconds, self.texts = 0.0, 0

    def embed_texts(self, texts: Sequence[str]) -> Array:
        began = time.perf_counter()
        vectors = self._tower.embed_texts(texts)
        self.seconds += time.perf_counter() - began
        self.texts += len(texts)
        return vectors
