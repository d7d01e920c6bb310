"""Which architecture a weights file looks like, for the sentence that refuses it. Bounded to a few seconds."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

import open_clip
import timm
import torch

from dejavu_audit.encoders.hub import quiet
from dejavu_audit.encoders.weights import State, is_counter

SECONDS = 5.0
ENOUGH = 0.5  # share of tensors in common from which a likeness is worth telling

SELF_SUPERVISED = r"(backbone|projector|encoder_[qk]|(base|momentum)_encoder|online_\w+|projection_head)\."
"""How names begin in files that hold more than an encoder (`checkpoint_layouts`)."""

# A tensor's name that gives a family away, and the models to compare with, common ones first.
_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"layer1\.0\.", "resnet50 resnet18 resnet101 resnet34 resnet152 resnet26 test_resnet wide_resnet50_2"
     " resnext50_32x4d resnet50d resnet18d resnet26d resnet101d seresnet50 resnet*"),
    (r"blocks\.0\.attn\.qkv", "vit_base_patch16_224 vit_small_patch16_224 vit_tiny_patch16_224 vit_large_patch16_224"
     " vit_base_patch32_224 vit_base_patch16_384 vit_small_patch14_dinov2 vit_base_patch14_dinov2 test_vit"
     " deit_base_distilled_patch16_224 vit_large_patch14_dinov2 vit_*"),
    (r"stages\.0\.blocks\.0\.", "convnext_base convnext_tiny convnext_small convnext_large"
     " convnextv2_* convnext_* regnet*"),
    (r"blocks\.0\.0\.conv", "efficientnet_b0 tf_efficientnet_lite0 tf_efficientnet_b0 mobilenetv3_large_100"
     " mobilenetv2_100 efficientnet_* tf_efficientnet_* mobilenet*"),
    (r"layers\.0\.blocks\.0\.attn", "swin_tiny_patch4_window7_224 swin_base_patch4_window7_224 swin_*"),
    (r"features\.", "vgg16 vgg16_bn densenet121 vgg* densenet*"),
)  # fmt: skip


def looks_like(state: State, *, asked: str) -> str:
    """One clause, e.g. "the file looks like resnet18"; "" where nothing is alike."""
    if any(name.startswith("visual.") for name in state):
        return _openclip_hint(state, asked)
    if any(re.search(r"vision_model\.|text_model\.|encoder\.layer\.0\.", name) for name in state):
        return "the file has the tensor names of the transformers library: use the family hf with its folder"
    if any(re.match(SELF_SUPERVISED, name) for name in state):
        return "the file looks like a self-supervised checkpoint: use the family checkpoint, with --arch"
    shapes = _shapes(state)
    asked = asked.split(".")[0]
    score, name = max(_scores(shapes, asked), default=(0.0, ""))
    if score < ENOUGH:
        return ""
    agree = f"{score:.0%} of the tensors agree"
    if name == asked:
        return f"else it looks like {name} ({agree}): it was saved from a changed model, or only in part"
    return f"the file looks like {name}" + ("" if score == 1.0 else f" ({agree})")


def _openclip_hint(state: State, asked: str) -> str:
    if not any("token_embedding" in name or name.startswith("text.") for name in state):
        return "the file holds only the picture tower: pass the checkpoint of the whole model"
    best = next(_openclip_names(state), None)
    if best == asked:
        return ""
    return f"the file looks like openclip {best}" if best else "the file is from another open_clip architecture"


def _shapes(state: Any) -> set[tuple[str, tuple[int, ...]]]:
    """Names with shapes, heads and counters left out: the widths of heads differ within one architecture."""
    return {
        (name.removeprefix("model."), tuple(tensor.shape))
        for name, tensor in state.items()
        if not is_counter(name)
        and not re.match(r"(model\.)?(fc|head|head_dist|classifier|head\.fc)\.(weight|bias)$", name)
    }


def _scores(shapes: set[tuple[str, tuple[int, ...]]], asked: str) -> Iterator[tuple[float, str]]:
    until = time.monotonic() + SECONDS
    for name in _candidates([name for name, _ in shapes], asked):
        if time.monotonic() > until:
            return
        try:
            with quiet(), torch.device("meta"):
                other = _shapes(timm.create_model(name, num_classes=0).state_dict())
        except Exception:  # some constructors need real tensors  # noqa: S112
            continue
        score = len(shapes & other) / max(len(shapes | other), 1)
        yield score, name
        if score > 0.95:  # so near that nothing else can be meant
            return


def _candidates(names: list[str], asked: str) -> Iterable[str]:
    seen = {asked}
    if timm.is_model(asked):
        yield asked
    for sign, models in _FAMILIES:
        if any(re.match(sign, name) for name in names):
            for pattern in models.split():
                for model in timm.list_models(pattern) if "*" in pattern else [pattern]:
                    if model not in seen and timm.is_model(model):
                        seen.add(model)
                        yield model


def _openclip_names(state: State) -> Iterator[str]:
    """Architectures whose configuration has the widths and depths of the file; those with a native picture tower."""
    found = _openclip_sizes(state)
    if found["width"] is None:  # a timm tower, of which the configuration tells no widths
        return
    for name in sorted(open_clip.list_models(), key=lambda name: "coca" in name):  # CoCa has CLIP's towers and more
        config = open_clip.get_model_config(name) or {}
        vision, text = config.get("vision_cfg", {}), config.get("text_cfg", {})
        layers = vision.get("layers")
        own = {
            "dim": config.get("embed_dim"),
            "layers": sum(layers) if isinstance(layers, list) else layers,
            "width": vision.get("width", 64 if isinstance(layers, list) else None),
            "patch": None if isinstance(layers, list) else vision.get("patch_size"),
            "size": vision.get("image_size", 224),
            "text": text.get("width"),
            "text_layers": text.get("layers"),
        }
        if layers is not None and all(own[key] == value for key, value in found.items() if value is not None):
            yield name


def _openclip_sizes(state: State) -> dict[str, int | None]:
    patch = state.get("visual.conv1.weight")
    text = next((state[name] for name in state if name.endswith("token_embedding.weight")), None)
    project = next((state[name] for name in state if name.endswith("text_projection")), None)
    residual = "visual.layer1.0.conv1.weight" in state
    width = size = None
    if patch is not None:
        width = patch.shape[0] * (2 if residual else 1)
        places = state.get("visual.attnpool.positional_embedding" if residual else "visual.positional_embedding")
        if places is not None:
            size = round((places.shape[0] - 1) ** 0.5) * (32 if residual else patch.shape[-1])
    blocks = r"visual\.layer\d\.(\d+)\." if residual else r"visual\.transformer\.resblocks\.(\d+)\."
    return {
        "dim": None if project is None else project.shape[-1],
        "layers": len({m.group(0) for name in state if (m := re.match(blocks, name))}) or None,
        "width": width,
        "patch": None if residual or patch is None else patch.shape[-1],
        "size": size,
        "text": None if text is None else text.shape[1],
        "text_layers": len(
            {m.group(1) for name in state if (m := re.match(r"(?:text\.)?transformer\.resblocks\.(\d+)\.", name))}
        )
        or None,
    }
