"""What a classifier trained from scratch sees of a crop: the whole of it, squashed to a square of bytes.

Squashed, not cut: a background crop is often a long strip beside the object, of which a centre square would lose most,
and a reference that sees less than the audited encoder makes honest knowledge look like memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

if TYPE_CHECKING:
    from dejavu_audit.types import Array


@dataclass(frozen=True)
class Squash:
    """Picture to a (3, size, size) uint8 tensor; the aspect ratio is not kept."""

    size: int

    @property
    def key(self) -> str:
        """Names everything that shapes the output."""
        return f"squash-{self.size}-bilinear"

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Pillow's filter widens as it shrinks, so fine textures average out and do not alias."""
        small = image.convert("RGB").resize((self.size, self.size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1).contiguous()


class Thumbnails:
    """A `Featurizer` that keeps the bytes: (n, 3 * size * size) uint8, channel by channel, row by row."""

    dtype: np.dtype[Any] = np.dtype(np.uint8)
    device = "cpu"

    def __init__(self, size: int, batch_size: int | None = None) -> None:
        self.size = size
        self.dim = 3 * size * size
        self.transform = Squash(size)
        self.batch_size = batch_size
        self.fingerprint = hashlib.blake2b(f"thumbnails-{size}".encode(), digest_size=16).hexdigest()

    def embed_images(self, batch: torch.Tensor) -> Array:
        """(n, 3, size, size) uint8 to (n, dim) uint8: the same bytes."""
        return batch.reshape(len(batch), self.dim).cpu().numpy()
