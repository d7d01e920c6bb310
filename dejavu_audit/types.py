"""The contracts: what a data set, an encoder and a baseline must offer. Nothing heavy is imported here at run time.

Words used everywhere: *targets* were in the encoder's training data, *control* pictures are drawn alike but were not,
*public* pictures are the labelled ones whose neighbours vote, the *fit* set teaches the baseline (method: section 1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import torch
    from numpy.typing import NDArray
    from PIL import Image

    Array: TypeAlias = NDArray[Any]
    Rows: TypeAlias = NDArray[np.int64]  # row numbers of a data set's table

SetName: TypeAlias = Literal["target", "public", "control", "fit"]
Box: TypeAlias = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels, as annotated: not yet checked


class Rect(NamedTuple):
    """A crop in whole pixels; covers columns x to x + w - 1 and rows y to y + h - 1."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Annotation:
    """The boxes of one picture, and the (width, height) that the annotation claims for it, if it does."""

    boxes: tuple[Box, ...]
    size: tuple[int, int] | None = None


class Dataset(Protocol):
    """Labelled pictures in a table. Must be picklable: worker processes call `open` and `annotation`."""

    name: str
    root: str
    classes: Sequence[str]
    """Class names; a label is an index into them."""
    table: pa.Table
    """One row a picture: id (string, unique), path (string), label (int32), boxed (bool: an annotation exists),
    set (string or null: the set that the data prescribe), group (string or null: resampled whole); maybe source (string
    or null: where a picture comes from, as in "imagenet-1k train"), by which membership is looked up."""
    notes: Sequence[str]
    """What the reader of the report must know of how the data were read, e.g. what was left out and why."""

    def identity(self, row: int) -> str:
        """What pins the picture's content in the cache (path, size and time of change); SetAside if it is missing."""
        ...

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """The decoded RGB picture; SetAside if it is missing, truncated, a decompression bomb or no picture.

        With `draft`, a JPEG may come smaller than it is, its shorter side never under `draft` pixels.
        """
        ...

    def annotation(self, row: int) -> Annotation:
        """The boxes of a row with `boxed`; SetAside if the annotation cannot be read."""
        ...


@dataclass(frozen=True)
class EncoderRequest:
    """What an encoder family is asked for: its entry point is a function of this that gives an Encoder."""

    model: str
    pretrained: str | None = None
    arch: str | None = None
    """For families whose `model` is a file: the architecture that its weights fill."""
    layer: str = "embedding"
    normalize: bool = True
    image_size: int | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int | None = None
    seed: int = 0
    """Seeds the weights of "random"."""
    cache_dir: str | None = None


@dataclass(frozen=True)
class BaselineRequest:
    """What a baseline is asked for: its entry point is a function of this that gives a Baseline or NeighborBaseline."""

    model: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    audited: tuple[str, EncoderRequest] | None = None
    """Family and request of the audited encoder, for a second one that is looked at in the same way."""
    data: str = ""
    """Name of the audited data, to refuse parts that are known to be trained on them."""
    allow_contaminated: bool = False
    """Take such parts all the same; the report says so."""
    compat: str | None = None
    """"published": compute what the published code computes (reference implementation's quirks included)."""
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int | None = None
    cache_dir: str | None = None


@dataclass(frozen=True)
class TaggerRequest:
    """What a tagger is asked for: its entry point is a function of this that gives a Tagger."""

    model: str
    pretrained: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int | None = None
    cache_dir: str | None = None


class Transform(Protocol):
    """Picture to tensor (C, H, W), uint8 or float32. Must be picklable; `key` names everything that shapes it."""

    key: str
    size: int | None
    """Shorter side in pixels that a picture needs to lose nothing; None where unknown. Lets a JPEG be drafted."""

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """One decoded RGB picture (or crop of one) to a tensor."""
        ...


class Featurizer(Protocol):
    """Turns pictures into vectors: the audited encoder, or whatever a baseline looks at the crops with."""

    fingerprint: str
    """Hash of everything that decides the output for a given tensor: weights, layer, normalisation, precision."""
    dim: int
    dtype: np.dtype[Any]
    """float32 for embeddings, uint8 for thumbnails, float16 for scores of tags."""
    transform: Transform
    device: str
    batch_size: int | None
    """Pictures a batch; None: found by trying."""

    def embed_images(self, batch: torch.Tensor) -> Array:
        """(n, C, H, W) as the transform gives to (n, dim) of `dtype`, on the CPU; may raise torch's out-of-memory."""
        ...


class Tagger(Featurizer, Protocol):
    """Finds objects: `embed_images` gives (n, len(vocabulary)) scores in [0, 1] of every tag on a picture or crop."""

    name: str
    vocabulary: Sequence[str]
    trained_on: str | None
    """What is known of its training data, as in "ImageNet-1k"; None: nothing."""
    notes: Sequence[str]


class TextEncoder(Protocol):
    """Turns texts into vectors."""

    name: str
    fingerprint: str
    dim: int

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """(n, dim) float32, unit norm unless the model was asked not to normalise."""
        ...


class Encoder(Featurizer, Protocol):
    """The audited model: embeddings are float32, unit norm unless `normalize` is off."""

    family: str
    name: str
    pretrained: str
    """What was loaded, resolved: a tag, a file, or "random"."""
    layer: str
    weights: str
    """Fingerprint of the weights alone: a hash over every tensor's name, shape and bytes."""
    notes: Sequence[str]
    """What the user must be told of the choice, e.g. which tag was taken by default."""
    has_text: bool
    """Whether there is a text tower, so that `embed_texts` can be called."""

    def embed_texts(self, texts: Sequence[str]) -> Array:
        """(n, dim) float32, where the model has a text tower; AuditError elsewhere."""
        ...


class Baseline(Protocol):
    """The reference: learns from background crops of the fit set what a background gives away honestly.

    Stateless: `fit` returns arrays, which the auditor caches by content and hands back to `predict`.
    """

    name: str
    key: str
    """Everything but data and seed that shapes a fit."""
    featurizer: Featurizer
    """What the baseline sees of a crop."""

    def fit(
        self, features: Array, labels: Array, n_classes: int, *, seed: int, progress: Progress
    ) -> Mapping[str, Array]:
        """Learn from (n, dim) features of fit crops and their (n,) labels; the state is named numpy arrays."""
        ...

    def predict(self, state: Mapping[str, Array], features: Array) -> Array:
        """(n, dim) features to (n, n_classes) float32 class probabilities; rows sum to 1."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """JSON values for the report's `reference`: architecture, what is known of its own training data."""
        ...


class NeighborBaseline(Protocol):
    """A reference that answers as the audited encoder does: by its own nearest public samples.

    With an Encoder it is asked what the audited one is asked (the two-model test); with a TextEncoder that has no
    picture tower it compares captions with captions (object test only).
    """

    name: str
    encoder: Encoder | TextEncoder

    def describe(self) -> Mapping[str, Any]:
        """JSON values for the report's `reference`: what it is, what is known of its own training data."""
        ...


class Progress(Protocol):
    """Where a long run tells how far it is. `stage` gives a function to call with the number of items done since."""

    def stage(
        self, name: str, total: int | None, unit: str = "pictures"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """Open a stage of `total` items (None: unknown); call what it gives with how many more are done."""
        ...

    def say(self, message: str) -> None:
        """Tell the user one sentence."""
        ...
