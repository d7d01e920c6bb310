"""A model's own evaluation transform, cut in two: geometry for the decoding workers, arithmetic for the device.

Workers hand on uint8 pictures, a quarter of the bytes, and the division and normalisation run on the whole batch where
the model is. The arithmetic is done in the order of torchvision's ToTensor and Normalize, so that nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torchvision import transforms as tv
from torchvision.transforms import functional as F

if TYPE_CHECKING:
    from PIL import Image

Triple: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class PictureTransform:
    """One decoded RGB picture to a tensor (3, H, W): uint8 after `steps`, or float32 where the steps end in one."""

    steps: tuple[Any, ...]
    key: str
    size: int | None

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Apply the steps; a picture that is not RGB is made so first."""
        out: Any = image if image.mode == "RGB" else image.convert("RGB")
        for step in self.steps:
            out = step(out)
        return out if isinstance(out, torch.Tensor) else F.pil_to_tensor(out)


def split(
    compose: Any, *, mean: Triple | None = None, std: Triple | None = None
) -> tuple[PictureTransform, Normalizer]:
    """Cut a torchvision Compose that ends in ToTensor and Normalize; `mean` and `std` take the place of its own.

    Any other Compose is kept whole: then the transform gives float32 and the normaliser leaves it alone, unless
    `mean` and `std` are given, which cannot be put into it (ValueError).
    """
    steps = [step for step in compose.transforms if not _makes_rgb(step)]
    if len(steps) < 2 or not isinstance(steps[-2], tv.ToTensor) or not isinstance(steps[-1], tv.Normalize):
        if mean or std:
            raise ValueError("the model's transform does not end in a normalisation")
        return PictureTransform(tuple(steps), f"{describe(steps)}|float", _needed(steps)), Normalizer(None, None)
    own, steps = steps[-1], steps[:-2]
    normalizer = Normalizer(mean or _triple(own.mean), std or _triple(own.std))
    return PictureTransform(tuple(steps), f"{describe(steps)}|uint8", _needed(steps)), normalizer


class Normalizer:
    """Batches (n, 3, H, W) of uint8 to normalised float32, in place of ToTensor and Normalize; float32 stays as is."""

    def __init__(self, mean: Triple | None, std: Triple | None) -> None:
        self.mean, self.std = mean, std
        self._constants: tuple[torch.Tensor, torch.Tensor] | None = None

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """Normalise on the batch's own device."""
        if batch.dtype != torch.uint8:
            return batch.float()
        pixels = batch.float().div_(255)
        if self.mean is None or self.std is None:
            return pixels
        if self._constants is None or self._constants[0].device != batch.device:
            mean, std = (torch.tensor(v, device=batch.device).view(-1, 1, 1) for v in (self.mean, self.std))
            self._constants = (mean, std)
        return pixels.sub_(self._constants[0]).div_(self._constants[1])


def describe(steps: Sequence[Any]) -> str:
    """Names of the steps with every setting that shapes the picture; the same for every library version."""
    return "|".join(f"{type(step).__name__}({', '.join(_settings(step))})" for step in steps)


# Of torchvision: acts on tensors only, never on pictures, and its default changed between versions.
_NO_EFFECT = {"antialias", "training"}


def _settings(step: Any) -> list[str]:
    found = []
    for name, value in sorted(vars(step).items()):
        value = value.value if isinstance(value, Enum) else value
        plain = isinstance(value, str | int | float | list | tuple | torch.Tensor)
        if plain and not name.startswith("_") and name not in _NO_EFFECT:
            found.append(f"{name}={value.tolist() if isinstance(value, torch.Tensor) else _flat(value)}")
    return found


def _flat(value: Any) -> Any:
    return tuple(v.value if isinstance(v, Enum) else v for v in value) if isinstance(value, list | tuple) else value


def _needed(steps: Sequence[Any]) -> int | None:
    """Shorter side below which the first resize would have to enlarge."""
    for step in steps:
        size = getattr(step, "size", None)
        if "Resize" in type(step).__name__ and size is not None:
            return int(size) if isinstance(size, int) else int(max(size))
        if "Crop" in type(step).__name__:
            return None  # cuts by pixels before it resizes: a smaller picture would be cut elsewhere
    return None


def _makes_rgb(step: Any) -> bool:
    name = getattr(step, "__name__", type(step).__name__)
    return name in {"MaybeConvertMode", "_convert_to_rgb"}


def _triple(values: Any) -> Triple:
    r, g, b = (float(v) for v in values)
    return r, g, b
