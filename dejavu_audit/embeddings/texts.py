"""Texts through a text encoder: each distinct text once, or never again; kept in the same store as pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dejavu_audit.embeddings.store import KEYS, Store
from dejavu_audit.embeddings.views import View
from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from dejavu_audit.types import Array, Progress, TextEncoder, Transform

SHARD = 8_192
"""Texts that are embedded and stored at once: what a killed run loses at the most."""


@dataclass
class _Words:
    """Stands for a transform where there is no picture."""

    key: str = "text"
    size: int | None = None

    def __call__(self, image: Image.Image) -> torch.Tensor:
        raise TypeError("texts have no picture")


class _AsFeaturizer:
    """What a shelf must know of a text encoder."""

    dtype: np.dtype[Any] = np.dtype(np.float32)
    batch_size: int | None = None
    device = "cpu"

    def __init__(self, encoder: TextEncoder) -> None:
        self.name, self.fingerprint, self.dim = encoder.name, encoder.fingerprint, encoder.dim
        self.transform: Transform = _Words()

    def embed_images(self, batch: torch.Tensor) -> Array:
        raise TypeError("a text encoder sees no pictures")


def embed_texts(encoder: TextEncoder, texts: Sequence[str], store: Store, progress: Progress) -> tuple[Array, int]:
    """Embed n texts: (n, dim) float32, and how many had to be embedded now; equal texts share a vector.

    AuditError where the cache cannot be written to or the encoder refuses.
    """
    shelf = store.shelf(View(_AsFeaturizer(encoder), None))
    shelf.scan(progress)
    keys = [hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest() for text in texts]
    at = shelf.find(pa.array(keys, KEYS))
    missing = {keys[place]: texts[place] for place in np.flatnonzero(at < 0).tolist()}
    if missing:
        with progress.stage("embedding texts", len(missing), "texts") as advance:
            # By length, so that a batch holds texts of like length and is padded little.
            wanted = sorted(missing, key=lambda key: (len(missing[key]), key))
            for start in range(0, len(wanted), SHARD):
                some = wanted[start : start + SHARD]
                vectors = np.asarray(encoder.embed_texts([missing[key] for key in some]), np.float32)
                if vectors.shape != (len(some), encoder.dim) or not np.isfinite(vectors).all():
                    raise AuditError(
                        f"the text encoder {encoder.name} gave {vectors.shape} for {len(some):,} texts, or values that "
                        f"are not finite; it promised {encoder.dim} numbers a text"
                    )
                shelf.append(b"".join(some), vectors, np.zeros((len(some), 4), np.int32), {})
                advance(len(some))
        shelf.remember_batch_size(0)
        at = shelf.find(pa.array(keys, KEYS))
    return shelf.gather(at), len(missing)
