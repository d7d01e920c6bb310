"""What the families of unknown models share: the usual way to prepare pictures, and the demand of one vector each."""

from __future__ import annotations

from typing import Any

import torch
from torchvision import transforms as tv

from dejavu_audit.encoders.checkpoint_layouts import IMAGENET_MEAN, IMAGENET_STD
from dejavu_audit.encoders.torch_encoder import Forward
from dejavu_audit.errors import AuditError


def compose_default(size: int) -> tv.Compose:
    """Shorter side to 256 for 224 pixels, in proportion for others; the middle; ImageNet's mean and deviation."""
    normalize = tv.Normalize(IMAGENET_MEAN, IMAGENET_STD)
    return tv.Compose([tv.Resize(256 * size // 224), tv.CenterCrop(size), tv.ToTensor(), normalize])


def one_vector(model: Any, who: str) -> Forward:
    """The model, checked at every call: AuditError where it does not give a floating-point tensor (n, dim)."""

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        features = model(pixels)
        if not isinstance(features, torch.Tensor):
            raise AuditError(f"{who} gives a {type(features).__name__}, not a tensor (n, dim) of one vector a picture")
        if features.ndim != 2 or not features.is_floating_point():
            shape = "x".join(map(str, features.shape))
            raise AuditError(
                f"{who} gives a tensor {shape} of {features.dtype} for {len(pixels)} pictures, not floats (n, dim)"
            )
        return features

    return forward
