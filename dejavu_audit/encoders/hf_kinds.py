"""The kinds of transformers models whose picture embeddings are known, as data: class, layers, text tower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import torch

from dejavu_audit.errors import AuditError, unknown

Read: TypeAlias = Callable[[Any, torch.Tensor, dict[str, Any]], torch.Tensor]
"""(model, normalised pictures, extra arguments) to (n, dim) features."""


@dataclass(frozen=True)
class Kind:
    """One `model_type` of a configuration."""

    model: str
    """Class of transformers; never one from the hub."""
    embedding: Read
    pre_head: Read
    texts: Literal["", "padded to the longest", "padded to the full length"] = ""
    """How texts are padded, as the model was trained; empty: no text tower."""
    resizes: Literal["by itself", "when told"] = "when told"
    """Whether position embeddings follow the picture's size."""
    built: tuple[tuple[str, Any], ...] = ()
    """Arguments of the class: its pooler, of which classifiers have no weights, is left out."""


def features(output: Any) -> torch.Tensor:
    """The tensor in what `get_image_features` gives: itself, or since transformers 5 in an output's `pooler_output`."""
    return cast(torch.Tensor, output if isinstance(output, torch.Tensor) else output.pooler_output)


def _image_features(model: Any, pixels: torch.Tensor, more: dict[str, Any]) -> torch.Tensor:
    return features(model.get_image_features(pixel_values=pixels, **more))


def _image_embeds(model: Any, pixels: torch.Tensor, more: dict[str, Any]) -> torch.Tensor:
    return cast(torch.Tensor, model(pixel_values=pixels, **more).image_embeds)


def _class_token(model: Any, pixels: torch.Tensor, more: dict[str, Any]) -> torch.Tensor:
    return cast(torch.Tensor, model(pixel_values=pixels, **more).last_hidden_state[:, 0])


def _pooled(model: Any, pixels: torch.Tensor, more: dict[str, Any]) -> torch.Tensor:
    return cast(torch.Tensor, _tower(model)(pixel_values=pixels, **more).pooler_output)


def _mean_token(model: Any, pixels: torch.Tensor, more: dict[str, Any]) -> torch.Tensor:
    return cast(torch.Tensor, _tower(model)(pixel_values=pixels, **more).last_hidden_state.mean(1))


def _tower(model: Any) -> Any:
    return getattr(model, "vision_model", model)


_DINO: dict[str, Any] = {"embedding": _class_token, "pre_head": _class_token, "resizes": "by itself"}
_VIT: dict[str, Any] = {"embedding": _class_token, "pre_head": _class_token, "built": (("add_pooling_layer", False),)}
KINDS: dict[str, Kind] = {
    "clip": Kind("CLIPModel", _image_features, _pooled, texts="padded to the longest"),
    "clip_vision_model": Kind("CLIPVisionModelWithProjection", _image_embeds, _pooled),
    "siglip": Kind("SiglipModel", _image_features, _mean_token, texts="padded to the full length"),
    "siglip_vision_model": Kind("SiglipVisionModel", _pooled, _mean_token),
    "dinov2": Kind("Dinov2Model", **_DINO),
    "dinov2_with_registers": Kind("Dinov2WithRegistersModel", **_DINO),
    "dinov3_vit": Kind("DINOv3ViTModel", **_DINO),
    "vit": Kind("ViTModel", **_VIT),
    "deit": Kind("DeiTModel", **_VIT),
}


def kind_of(config: Any, name: str) -> Kind:
    """The kind of a configuration; AuditError where it is none that is known."""
    kind = str(config.model_type)
    if kind == "siglip2":
        raise AuditError(
            f"{name} is a SigLIP2 of the NaFlex sort, which cuts pictures of any shape into patches of its own: name"
            " one of fixed size, such as google/siglip2-base-patch16-224"
        )
    if kind not in KINDS:
        raise unknown(f"kind of transformers model ({name})", kind, KINDS)
    return KINDS[kind]
