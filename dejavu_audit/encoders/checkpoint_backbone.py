"""Backbones of checkpoints: an architecture of torchvision or timm, whichever the tensors fill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import timm
import torch
import torchvision
from torch import nn
from torchvision import transforms as tv

from dejavu_audit.encoders.checkpoint_layouts import Layout
from dejavu_audit.encoders.checkpoint_parts import Parts
from dejavu_audit.encoders.hints import looks_like
from dejavu_audit.encoders.hub import quiet
from dejavu_audit.encoders.timm import converted, create, head_names, resize, transform
from dejavu_audit.encoders.timm_layers import embedding
from dejavu_audit.encoders.torch_encoder import Forward
from dejavu_audit.encoders.weights import MayDiffer, State, fill, misfit
from dejavu_audit.errors import AuditError, unknown

# Torchvision families whose forward pass without the classifier gives one vector, and what the classifier is called.
_TORCHVISION = {r"(wide_)?resne(x)?t\d": "fc", r"vgg\d": "classifier", r"vit_[blh]_\d": "heads"}
# What authors call a ViT whose patch size is said elsewhere; the file's own shapes tell it.
_BARE_VIT = re.compile(r"(?:moco_)?vit_(tiny|small|base|large)$")
_MOCO_SMALL = {"num_heads": 12}
# Tried where none is named, by how a tensor's name begins.
COMMON = {
    "layer1.0.": "resnet18 resnet34 resnet50 resnet101 resnet152 wide_resnet50_2 wide_resnet101_2",
    "blocks.0.attn.": "vit_tiny vit_small vit_base vit_large",
}
EXAMPLE = "--arch resnet50, or --arch vit_small_patch16_224"


@dataclass(frozen=True)
class Backbone:
    """A filled model without its classifier."""

    model: nn.Module
    forward: Forward
    """(n, 3, H, W) to (n, width)."""
    width: int
    compose: Any
    arch: str
    architecture: str
    """Library, name and settings, for the fingerprint."""


def build(arch: str, parts: Parts, *, source: str, image_size: int | None) -> Backbone:
    """The architecture filled exactly from the checkpoint's backbone; AuditError where it is unknown or unfit."""
    arch, settings = _settled(arch, parts)
    refused = None
    for candidate in _candidates(arch, settings, image_size):
        state = candidate.fitting(parts.backbone, _tolerated(candidate, parts))
        if state is not None:
            fill(candidate.model, state, may_differ=candidate.is_classifier, source=source, target=arch)
            return _backbone(candidate, arch, parts, settings, image_size)
        refused = refused or candidate
    if refused is None:
        known = [*timm.list_models(), *_torchvision_names()]
        raise unknown("architecture", arch, known, hint=f"(for example {EXAMPLE})")
    fill(
        refused.model,
        parts.backbone,
        may_differ=_tolerated(refused, parts),
        source=f"of the backbone in {source}",
        target=arch,
        hint=lambda state: _hint(state, arch),
    )
    raise AssertionError("a state that does not fit was taken")  # pragma: no cover


def guess(parts: Parts) -> str:
    """The one common architecture that the backbone fills; AuditError, with what to type, where that is not certain."""
    signs = [sign for sign in COMMON if any(name.startswith(sign) for name in parts.backbone)]
    with quiet():
        fitting = [arch for sign in signs for arch in COMMON[sign].split() if _fits(arch, parts)]
    if len(fitting) == 1 and (parts.layout.heads_known or not fitting[0].startswith("vit")):
        return fitting[0]
    likely = _settled(fitting[0], parts)[0] if fitting else ""
    seems = f"its shapes are those of {likely}: type --arch {likely}" if fitting else f"type {EXAMPLE}"
    raise AuditError(
        f"a checkpoint does not say for certain which architecture it fills, and --arch is missing: {seems}"
    )


def unsure_of_heads(arch: str, parts: Parts) -> bool:
    """Whether the number of attention heads was taken for granted: 6 in a small ViT, where MoCo v3 has 12."""
    return not parts.layout.heads_known and arch.startswith("vit_small")


def compose_of(layout: Layout, size: int = 224) -> tv.Compose:
    """As the method's authors evaluate: shorter side to 256, the middle 224 pixels; other sizes in proportion."""
    how = tv.InterpolationMode.BICUBIC if layout.bicubic else tv.InterpolationMode.BILINEAR
    normalize = tv.Normalize(layout.mean, layout.std)
    return tv.Compose([tv.Resize(256 * size // 224, how), tv.CenterCrop(size), tv.ToTensor(), normalize])


@dataclass(frozen=True)
class _Candidate:
    library: str
    model: nn.Module
    classifiers: tuple[str, ...]
    resizes: bool = False
    """Whether position embeddings of another picture size may be resized to the model's."""

    def is_classifier(self, name: str) -> bool:
        return any(name == head or name.startswith(f"{head}.") for head in self.classifiers)

    def fitting(self, state: State, tolerated: MayDiffer) -> State | None:
        """The state in the names that fill the model but for what is `tolerated`, or None."""
        layouts = [state, *self._converted(state)]
        return next((names for names in layouts if not misfit(self.model, names, may_differ=tolerated)), None)

    def _converted(self, state: State) -> list[State]:
        other = converted(self.model, state) if self.library == "timm" else None
        if other is None:
            return []
        resized = any(name in other and other[name].shape != state[name].shape for name in state if "pos_embed" in name)
        return [] if resized and not self.resizes else [other]


def _candidates(arch: str, settings: Mapping[str, Any], image_size: int | None) -> Iterator[_Candidate]:
    classifier = _torchvision_classifier(arch)
    if classifier and not settings:
        model = torchvision.models.get_model(arch)
        setattr(model, classifier, nn.Identity())
        yield _Candidate("torchvision", model, (classifier,))
    if timm.is_model(arch.split(".")[0]):  # with a tag, pictures are prepared as that tag's weights want them
        with quiet():
            model = create(arch, num_classes=0, **settings)
        yield _Candidate("timm", model, head_names(model))
        if image_size and hasattr(model, "set_input_size"):  # a file of another picture size than its architecture's
            with quiet():
                model = create(arch, num_classes=0, img_size=image_size, **settings)
            yield _Candidate("timm", model, head_names(model), resizes=True)


def _torchvision_names() -> list[str]:
    return [name for name in torchvision.models.list_models(torchvision.models) if _torchvision_classifier(name)]


def _torchvision_classifier(arch: str) -> str | None:
    if arch not in torchvision.models.list_models(torchvision.models):
        return None
    return next((head for sign, head in _TORCHVISION.items() if re.match(sign, arch)), None)


def _settled(arch: str, parts: Parts) -> tuple[str, dict[str, Any]]:
    """The library's name of an architecture, and what the checkpoint's authors changed in it."""
    asked = arch
    patches = parts.backbone.get("patch_embed.proj.weight")
    if (bare := _BARE_VIT.match(arch)) and patches is not None and patches.ndim == 4:
        arch = f"vit_{bare.group(1)}_patch{patches.shape[-1]}_224"
    if asked == "moco_vit_small":
        return arch, dict(_MOCO_SMALL)
    return arch, dict(parts.layout.settings.get(arch, {}))


def _fits(arch: str, parts: Parts) -> bool:
    name, settings = _settled(arch, parts)
    with torch.device("meta"):
        return any(
            not misfit(candidate.model, parts.backbone, may_differ=_tolerated(candidate, parts))
            for candidate in _candidates(name, settings, None)
        )


def _tolerated(candidate: _Candidate, parts: Parts) -> MayDiffer:
    """The tensors that a file may lack or have too much: a classifier, and that only where the method leaves one."""
    return candidate.is_classifier if parts.layout.classifier else lambda name: False


def _hint(state: State, arch: str) -> str:
    return looks_like(state, asked=arch) or f"name the architecture that the file was saved from, for example {EXAMPLE}"


def _backbone(
    candidate: _Candidate, arch: str, parts: Parts, settings: Mapping[str, Any], image_size: int | None
) -> Backbone:
    model = candidate.model.eval()
    own = candidate.library == "timm" and parts.layout.method == "plain"
    side = image_size or 224
    forward: Forward = model
    if candidate.library == "timm":
        config: Mapping[str, Any] = getattr(model, "pretrained_cfg", None) or {}
        side = image_size or int(config.get("input_size", (3, 224, 224))[-1])
        if image_size:
            resize(model, arch, image_size)
        forward = embedding(model)
    with torch.inference_mode():
        width = int(forward(torch.zeros(1, 3, side, side)).shape[-1])
    return Backbone(
        model,
        forward,
        width,
        transform(model, image_size) if own else compose_of(parts.layout, side),
        arch,
        f"{candidate.library} {arch} {sorted(settings.items())} {image_size}",
    )
