"""How many pictures go through a featurizer at once: found by trying, halved when memory runs out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from dejavu_audit.types import Array, Featurizer, Transform

SMALLEST = 8
"""Taken untried for a model so slow that batches cannot matter."""
FIRST = 16
"""The first size tried: convolutional nets on two cores need it to be near their best."""
LARGEST = {"cpu": 256}
LARGEST_ON_DEVICE = 1024
BETTER = 1.05
"""A larger batch must be this much faster a picture to be worth its memory."""
BUDGET = 1.0
"""Seconds for all trials together, less the first; a trial that would exceed them is not made."""


def sample(transform: Transform) -> torch.Tensor:
    """What the transform makes of a picture: (C, H, W), of noise, since zeros can be faster than pictures."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    return transform(Image.fromarray(noise))


def blank(n: int, one: torch.Tensor) -> torch.Tensor:
    """Room for n pictures (n, C, H, W), each laid out in memory as `one` (C, H, W) is.

    Transforms give pictures as Pillow has them, channels last. Keeping that spares a slow rearrangement in the worker
    and, for convolutional nets, another one before the forward pass: 0.3 ms a picture of 224 x 224.
    """
    dense = one.numel() == 1 + sum((size - 1) * stride for size, stride in zip(one.shape, one.stride(), strict=True))
    strides = one.stride() if dense else torch.empty(one.shape, device="meta").stride()
    return torch.empty_strided((n, *one.shape), (one.numel(), *strides), dtype=one.dtype)


def find_batch_size(featurizer: Featurizer, one: torch.Tensor, *, budget: float = BUDGET) -> int:
    """The smallest batch that no doubling makes over 5 % faster, from 16 to 256 (CPU) or 1,024, in `budget` seconds.

    `one` is (C, H, W) as the transform gives it. Returns 8 for a model that takes longer than the budget for them, and
    less than 16 else only where memory is short; AuditError where not even one picture fits.
    """
    largest = LARGEST.get(torch.device(featurizer.device).type, LARGEST_ON_DEVICE)
    size, began = FIRST, time.perf_counter()
    _seconds(featurizer, one, 1)  # the first call pays for all kinds of preparation
    pace = _seconds(featurizer, one, 1)
    if pace is None:
        raise _no_memory()
    if pace * SMALLEST > budget:
        return SMALLEST
    _seconds(featurizer, one, size)  # the first call of a shape pays for its preparation
    pace = _seconds(featurizer, one, size)
    while pace is None and size > 1:
        size //= 2
        pace = _seconds(featurizer, one, size)
    if pace is None:
        raise _no_memory()
    while size * 2 <= largest and time.perf_counter() - began + 2 * size * pace < budget:
        if featurizer.device != "cpu":
            _seconds(featurizer, one, size * 2)
        faster = _seconds(featurizer, one, size * 2)
        if faster is None or pace < BETTER * faster:
            break
        size, pace = size * 2, faster
    return size


class Batches:
    """Calls a featurizer with batches of one size, whatever comes in.

    A short batch is padded with its last picture: a row's bits then depend neither on its companions nor on how many
    there are, so an interrupted run gives what an uninterrupted one gives (measured: test_batching.py).
    """

    def __init__(self, featurizer: Featurizer, size: int) -> None:
        """Start with batches of `size` pictures."""
        self._featurizer = featurizer
        self.size = size
        self.seconds = 0.0
        """Spent inside the featurizer."""

    def embed(self, pictures: torch.Tensor) -> Array:
        """(n, C, H, W) to (n, dim); AuditError where the numbers are not finite or one picture exceeds the memory."""
        parts = list(self._parts(pictures))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _parts(self, pictures: torch.Tensor) -> Iterator[Array]:
        start = 0
        while start < len(pictures):
            part = pictures[start : start + self.size]
            vectors = self._call(part)
            if vectors is None:
                if self.size == 1:
                    raise _no_memory()
                self.size //= 2
                continue
            start += len(part)
            yield self._verified(vectors[: len(part)])

    def _call(self, part: torch.Tensor) -> Array | None:
        began = time.perf_counter()
        try:
            if len(part) < self.size:
                padded = blank(self.size, part[0])
                padded[: len(part)] = part
                padded[len(part) :] = part[-1]
                part = padded
            return _attempt(self._featurizer, part)
        finally:
            self.seconds += time.perf_counter() - began

    def _verified(self, vectors: Array) -> Array:
        expected = self._featurizer
        if vectors.ndim != 2 or vectors.shape[1] != expected.dim:
            raise ValueError(f"featurizer gave shape {vectors.shape}, but promised {expected.dim} dimensions")
        # A copy, always: a featurizer may give a view of the batch (thumbnails do), whose memory is used again.
        vectors = np.array(vectors, dtype=expected.dtype)
        if vectors.dtype.kind == "f" and not np.isfinite(vectors).all():
            raise AuditError(
                "the model's output is not a finite number for some pictures: its weights are broken, or its "
                "arithmetic overflows; try --precision fp32"
            )
        return vectors


def _seconds(featurizer: Featurizer, one: torch.Tensor, size: int) -> float | None:
    """Seconds a picture; None where memory runs out."""
    batch = blank(size, one)
    batch[:] = one
    began = time.perf_counter()
    if _attempt(featurizer, batch) is None:
        return None
    return max(time.perf_counter() - began, 1e-9) / size


def _attempt(featurizer: Featurizer, batch: torch.Tensor) -> Array | None:
    """None where memory ran out."""
    try:
        return featurizer.embed_images(batch)
    except (RuntimeError, MemoryError) as error:  # torch.OutOfMemoryError is a RuntimeError
        text = str(error).lower()
        if not isinstance(error, MemoryError) and "out of memory" not in text and "can't allocate memory" not in text:
            raise
    if torch.cuda.is_available() and torch.device(featurizer.device).type == "cuda":
        torch.cuda.empty_cache()
    return None


def _no_memory() -> AuditError:
    return AuditError(
        "the model does not fit into memory together with a single picture; "
        "try --device cpu, --precision bf16 or a smaller --image-size"
    )
