"""What a caption alone gives away: a text encoder's nearest public captions (Kokhlikyan et al. 2024, section 3.2).

It never sees a picture, so that whatever it finds, the words had said.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dejavu_audit.encoders import fingerprint
from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.contamination import TEXT_FAMILY, refuse_contaminated, trained_on
from dejavu_baselines.options import Text, Whole, read
from dejavu_baselines.sentences import folder_of, load_model, settings_of
from dejavu_baselines.training import choose_device

if TYPE_CHECKING:
    from dejavu_audit.types import Array, BaselineRequest

NAME = "caption-only"
MODEL = "thenlper/gte-base"
"""The model that the paper uses."""
FLAG = "--baseline-model"
OPTIONS: Mapping[str, Whole | Text] = {"batch": Whole(64, 1, 65_536), "prefix": Text("")}
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def load(request: BaselineRequest) -> CaptionOnly:
    """The reference as asked for: `request.model` is a hub name or a folder of sentence-transformers.

    Options: `batch`, captions at once; `prefix`, put before every caption ("query: " for E5, none for GTE). AuditError
    where the model cannot be had, is none of sentence-transformers, or is known to be trained on the audited data.
    """
    return CaptionOnly(request)


class CaptionOnly:
    """See the module; a `NeighborBaseline`."""

    name = NAME

    def __init__(self, request: BaselineRequest) -> None:
        self.options = read(request.options, OPTIONS, NAME)
        self.model = request.model or MODEL
        self._known = trained_on(TEXT_FAMILY, self.model, None)
        self._contaminated = refuse_contaminated(
            self._known, request.data, what=f"the text encoder {self.model}", allowed=request.allow_contaminated
        )
        self.encoder = SentenceEncoder(
            self.model,
            device=request.device,
            precision=request.precision,
            batch=self.options["batch"] if "batch" in request.options else request.batch_size or self.options["batch"],
            prefix=self.options["prefix"],
        )

    def describe(self) -> Mapping[str, Any]:
        """For the report's `reference`."""
        return {
            "name": NAME,
            "model": self.model,
            "weights": self.encoder.weights,
            "options": dict(self.options),
            "embedding_dim": self.encoder.dim,
            "longest_caption": self.encoder.longest,
            "training_data": f"{self._known}; that the targets' captions are not among them is the user's word",
            "contaminated": self._contaminated,
        }


class SentenceEncoder:
    """A sentence-transformers model behind the protocol `dejavu_audit.types.TextEncoder`."""

    def __init__(self, name: str, *, device: str, precision: str, batch: int, prefix: str) -> None:
        """`batch` captions at once; `prefix` is put before each."""
        # The tokenizer's own threads would not survive the fork of the decoding processes, and it says so at length.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._device = choose_device(device)
        folder = folder_of(name, FLAG)
        self._model = load_model(folder, str(self._device))
        self.name, self._batch, self._prefix, self._precision = name, batch, prefix, precision
        self.longest: int | None = getattr(self._model, "max_seq_length", None)
        """Tokens of a caption that are read; what is longer is cut off there."""
        self.weights = fingerprint.hash_tensors(self._model.state_dict())
        self.fingerprint = fingerprint.digest(
            "sentences-1", self.weights, settings_of(folder), self.longest, prefix, precision, self._device.type
        )
        self.dim = int(self.embed_texts([""]).shape[1])

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """(n, dim) float32, unit norm; AuditError where the model gives values that are not finite."""
        if not len(texts):
            return np.empty((0, self.dim), np.float32)
        # A half of a character, as JSON can spell it, is no text to a tokenizer.
        whole = [self._prefix + text.encode(errors="replace").decode() for text in texts]
        with torch.inference_mode(), self._autocast():
            given = self._model.encode(
                whole, batch_size=self._batch, show_progress_bar=False, convert_to_numpy=False, convert_to_tensor=True
            )
        vectors = torch.nn.functional.normalize(given.float(), dim=-1).cpu().numpy()
        if not np.isfinite(vectors).all():
            raise AuditError(f"{self.name} gave values that are not finite in {self._precision}: use --precision fp32")
        result: Array = vectors
        return result

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self._precision not in DTYPES:
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, dtype=DTYPES[self._precision])
