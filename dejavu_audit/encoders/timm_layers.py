"""The layers that can be read out of a timm model: its embedding, and its pooled features before any head layer."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

from dejavu_audit.encoders.torch_encoder import Forward
from dejavu_audit.errors import AuditError


def embedding(model: Any) -> Forward:
    """What the classifier sees: pooling and every head layer but the last, (n, head_hidden_size)."""
    if hasattr(model, "forward_head") and "pre_logits" in inspect.signature(model.forward_head).parameters:
        return lambda pixels: model.forward_head(model.forward_features(pixels), pre_logits=True)
    if not hasattr(model, "reset_classifier"):
        raise AuditError(f"{type(model).__name__} has no classifier to read an embedding before: use another model")
    model.reset_classifier(0)
    return lambda pixels: model(pixels)


def pre_head(model: Any) -> Forward:
    """Globally pooled backbone features, (n, num_features), before any norm or hidden layer of the head."""
    return lambda pixels: _pool(model, model.forward_features(pixels))


def _pool(model: Any, features: Any) -> torch.Tensor:
    if isinstance(features, torch.Tensor):
        if features.ndim == 2:
            return features
        if features.ndim == 4:
            return _pool_map(model, features)
        if features.ndim == 3:
            return _pool_tokens(model, features)
    raise AuditError(f"layer pre-head cannot be had from {type(model).__name__}: use --layer embedding")


def _pool_map(model: Any, features: torch.Tensor) -> torch.Tensor:
    for holder in (model, getattr(model, "head", None)):
        pool = getattr(holder, "global_pool", None)
        if isinstance(pool, nn.Module) and not isinstance(pool, nn.Identity):
            return pool(features).flatten(1)  # type: ignore[no-any-return]
    last = getattr(model, "output_fmt", "NCHW") == "NHWC" or features.shape[1] != model.num_features
    return features.mean((1, 2) if last else (2, 3))


def _pool_tokens(model: Any, features: torch.Tensor) -> torch.Tensor:
    if callable(getattr(model, "pool", None)):
        pooled = model.pool(features)
        if isinstance(pooled, torch.Tensor) and pooled.ndim == 2:
            return pooled
    kind = getattr(model, "global_pool", "avg")
    extra = int(getattr(model, "num_prefix_tokens", 0))
    if kind == "token":
        return features[:, 0]
    if kind in ("avg", "avgmax", "max"):
        own = features[:, extra:]
        mean, top = own.mean(1), own.amax(1)
        return mean if kind == "avg" else top if kind == "max" else 0.5 * (mean + top)
    raise AuditError(f"layer pre-head cannot be had from {type(model).__name__}: use --layer embedding")
