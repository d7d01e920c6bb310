"""The part that all taggers with a torch model share: an encoder whose embedding is a score for every tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from dejavu_audit.encoders.fingerprint import digest
from dejavu_audit.encoders.torch_encoder import Loaded, TorchEncoder
from dejavu_audit.types import EncoderRequest, TaggerRequest

if TYPE_CHECKING:
    from dejavu_audit.types import Array


class TorchTagger:
    """A model behind the protocol `dejavu_audit.types.Tagger`; scores are kept as float16, half the room."""

    dtype = np.dtype(np.float16)

    def __init__(
        self,
        loaded: Loaded,
        request: TaggerRequest,
        vocabulary: Sequence[str],
        trained_on: str | None,
        *,
        precision: str | None = None,
    ) -> None:
        """`loaded.forward` gives (n, len(vocabulary)) scores in [0, 1]; `precision` is for models with one only."""
        self._encoder = TorchEncoder(
            loaded,
            EncoderRequest(
                model=request.model,
                pretrained=request.pretrained,
                normalize=False,
                device=request.device,
                precision=precision or request.precision,
                batch_size=request.batch_size,
                cache_dir=request.cache_dir,
            ),
        )
        self.name = f"{loaded.family}:{loaded.name}:{loaded.pretrained}"
        self.vocabulary, self.trained_on, self.notes = list(vocabulary), trained_on, list(loaded.notes)
        self.weights = loaded.weights
        self.fingerprint = digest("tagger-1", self._encoder.fingerprint, self.vocabulary)
        self.dim, self.device, self.batch_size = self._encoder.dim, self._encoder.device, request.batch_size
        self.transform = self._encoder.transform
        if self.dim != len(self.vocabulary):
            raise ValueError(f"{self.name} gives {self.dim} scores for {len(self.vocabulary)} tags")

    def embed_images(self, batch: torch.Tensor) -> Array:
        """(n, C, H, W) as the transform gives to (n, tags) float16 scores in [0, 1]."""
        scores: Array = self._encoder.embed_images(batch).clip(0, 1).astype(np.float16)
        return scores
