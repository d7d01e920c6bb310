"""The layers that can be read out of an open_clip model: its projected embedding, and the features before."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn

from dejavu_audit.encoders.torch_encoder import Forward
from dejavu_audit.errors import AuditError


def embedding(model: Any) -> Forward:
    """The projected image embedding that captions are compared with, (n, embed_dim), not yet normalised."""
    return lambda pixels: model.encode_image(pixels, normalize=False)


def pre_head(model: Any) -> Forward:
    """Features of the picture tower before its projection into the space shared with captions. Changes the model.

    A ViT loses `visual.proj`; a ResNet's attention pooling gets the identity for its output projection; of a timm
    tower, the head that open_clip put on it is left out, or the tower's own classifier where that is the projection.
    """
    visual = model.visual
    if isinstance(getattr(visual, "proj", None), nn.Parameter):
        visual.proj = None
        return lambda pixels: _first(visual(pixels))
    if hasattr(visual, "attnpool") and hasattr(visual.attnpool, "c_proj"):
        width = visual.attnpool.c_proj.in_features
        straight = nn.Linear(width, width)
        with torch.no_grad():
            nn.init.eye_(straight.weight)
            nn.init.zeros_(straight.bias)
        visual.attnpool.c_proj = straight
        return lambda pixels: visual(pixels)
    if hasattr(visual, "trunk") and hasattr(visual, "head"):
        trunk = visual.trunk
        if "pool" in dict(visual.head.named_children()):
            raise AuditError("layer pre-head cannot be had: this tower pools and projects in one step; use embedding")
        if len(visual.head):
            return lambda pixels: trunk(pixels)
        return lambda pixels: cast(torch.Tensor, trunk.forward_head(trunk.forward_features(pixels), pre_logits=True))
    raise AuditError(f"layer pre-head cannot be had from {type(visual).__name__}: use --layer embedding")


def _first(features: Any) -> torch.Tensor:
    """CoCa's tower gives its tokens beside the pooled features."""
    return cast(torch.Tensor, features[0] if isinstance(features, tuple) else features)
