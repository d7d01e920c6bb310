"""The part that all families of torch models share: device, precision, memory format, normalisation, fingerprint."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from dejavu_audit.encoders.fingerprint import digest
from dejavu_audit.encoders.transforms import Normalizer, PictureTransform, split
from dejavu_audit.encoders.weights import is_path
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import EncoderRequest

if TYPE_CHECKING:
    from dejavu_audit.types import Array

Forward = Callable[[torch.Tensor], torch.Tensor]
LAYERS = ("embedding", "pre-head")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
TEXTS_A_BATCH = 256


def choose_device(asked: str) -> torch.device:
    """The device asked for, or for "auto" the best there is (cuda, mps, cpu); AuditError where it is missing."""
    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return torch.device(next(name for name, there in here.items() if there))
    kind, _, index = asked.partition(":")
    if kind not in here:
        raise unknown("device", asked, ["auto", *here])
    if not here[kind]:
        raise AuditError(f"--device {asked}: torch {torch.__version__} sees no {kind} device here: use --device auto")
    if kind == "cuda" and index and not (index.isdigit() and int(index) < torch.cuda.device_count()):
        raise AuditError(f"--device {asked}: there are {torch.cuda.device_count()} GPUs, counted from cuda:0")
    return torch.device(asked)


@dataclass
class Loaded:
    """What a family hands over: a model with its weights, and how a picture becomes features in it."""

    family: str
    name: str
    pretrained: str
    architecture: str
    """Everything but the weights that decides what the model computes, as text."""
    model: nn.Module
    forward: Forward
    """(n, 3, H, W) normalised float to (n, dim) features of the layer asked for."""
    compose: Any
    """The model's evaluation transform (a torchvision Compose)."""
    weights: str
    texts: Callable[[Sequence[str], torch.device], torch.Tensor] | None = None
    """Texts to (n, dim) features in the space of layer "embedding"; None without a text tower."""
    notes: list[str] = field(default_factory=list)
    layers: tuple[str, ...] = LAYERS
    """The layers that the family can read, for messages."""


class TorchEncoder:
    """A torch model behind the protocol `dejavu_audit.types.Encoder`.

    Lower precisions run under autocast, which keeps the delicate layers (norms, softmax) in float32; the weights stay
    float32. Models with convolutions run in channels_last. Embeddings come back as float32 on the CPU.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, loaded: Loaded, request: EncoderRequest) -> None:
        if request.precision not in DTYPES:
            raise unknown("precision", request.precision, DTYPES)
        device = choose_device(request.device)
        self.device = str(device)
        self.family, self.name, self.pretrained = loaded.family, loaded.name, loaded.pretrained
        self.layer, self.weights, self.notes = request.layer, loaded.weights, list(loaded.notes)
        self.batch_size, self.normalize, self.precision = request.batch_size, request.normalize, request.precision
        self.transform: PictureTransform
        self._to_pixels: Normalizer
        try:
            self.transform, self._to_pixels = split(loaded.compose, mean=request.mean, std=request.std)
        except ValueError as error:
            raise AuditError(f"--mean and --std cannot be used with {self.name}: {error}") from error
        self.fingerprint = digest(
            "encoder-1", self.weights, self.family, loaded.architecture, self.layer, self.normalize, self.precision,
            self._to_pixels.mean, self._to_pixels.std, device.type,
        )  # fmt: skip
        self._texts, self._layers = loaded.texts, loaded.layers
        self.has_text = loaded.texts is not None and request.layer == "embedding"
        convolutional = any(isinstance(module, nn.Conv2d) for module in loaded.model.modules())
        self._format = torch.channels_last if convolutional else torch.contiguous_format
        self._device = device
        self._model = loaded.model.eval().to(device)
        for parameter in self._model.parameters():  # ScriptModules have no requires_grad_ of their own
            parameter.requires_grad_(False)
        if convolutional:
            self._model = self._model.to(memory_format=torch.channels_last)
        self._forward = loaded.forward
        self.dim = self._probe()

    def embed_images(self, batch: torch.Tensor) -> Array:
        """(n, 3, H, W), uint8 as `transform` gives it or float32, to (n, dim) float32; unit norm if so asked.

        May raise torch's out-of-memory error; AuditError where the model gives values that are not finite.
        """
        with torch.inference_mode():
            pixels = batch.to(self._device, non_blocking=True).contiguous(memory_format=self._format)
            pixels = self._to_pixels(pixels)
            with self._autocast():
                features = self._forward(pixels)
            return self._finish(features)

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """(n, dim) float32 embeddings of texts, in the space of layer "embedding"; AuditError without a text tower."""
        if self._texts is None:
            raise AuditError(
                f"{self.family} model {self.name} has no text tower: use an openclip model, or a CLIP or SigLIP of hf"
            )
        if self.layer != "embedding":
            raise AuditError(f"texts share a space with pictures only in layer embedding, not in {self.layer}")
        rows = []
        with torch.inference_mode():
            for start in range(0, len(texts), TEXTS_A_BATCH):
                with self._autocast():
                    features = self._texts(texts[start : start + TEXTS_A_BATCH], self._device)
                rows.append(self._finish(features))
        return np.concatenate(rows) if rows else np.empty((0, self.dim), np.float32)

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, dtype=DTYPES[self.precision])

    def _finish(self, features: torch.Tensor) -> Array:
        if features.ndim != 2:
            others = [layer for layer in self._layers if layer != self.layer]
            cure = f"try --layer {' or '.join(others)}" if others else "give it a pooling layer"
            raise AuditError(
                f"layer {self.layer} of {self.name} gives {features.ndim - 1} axes a picture, not one vector: {cure}"
            )
        features = features.float()
        if not bool(torch.isfinite(features).all()):
            cure = "the weights are damaged" if self.precision == "fp32" else "use --precision bf16 or fp32"
            raise AuditError(f"{self.name} gave values that are not finite in {self.precision}: {cure}")
        result: Array = (F.normalize(features, dim=-1) if self.normalize else features).cpu().numpy()
        return result

    def _probe(self) -> int:
        """Length of an embedding, found with one grey picture; a picture size the model cannot take shows here."""
        picture = self.transform(Image.new("RGB", (64, 64), (127, 127, 127)))
        try:
            return int(self.embed_images(picture[None]).shape[1])
        except (AssertionError, RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
            if isinstance(error, torch.cuda.OutOfMemoryError):
                raise AuditError(
                    f"{self.name} does not fit into the memory of {self.device}: use --device cpu"
                ) from error
            size = "x".join(map(str, picture.shape[1:]))
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise AuditError(f"{self.name} cannot give layer {self.layer} of a {size} picture: {reason}") from error


def check_layer(layer: str, layers: tuple[str, ...] = LAYERS, family: str = "") -> None:
    """AuditError with the layers of the family, before anything is loaded."""
    if layer not in layers:
        known = " or ".join(layers)
        raise AuditError(f"unknown layer {layer!r}{f' of family {family}' if family else ''}: use --layer {known}")


def seeded(seed: int) -> contextlib.AbstractContextManager[None]:
    """Random weights from `seed`, the global generator left as it was."""

    @contextlib.contextmanager
    def fork() -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield

    return fork()


def missing_file(given: str, what: str, advice: str) -> AuditError:
    """The sentence for a name that was meant as a file (`is_path`) and is none."""
    assert is_path(given)  # noqa: S101
    return AuditError(f"{what} {given} does not exist: {advice}")
