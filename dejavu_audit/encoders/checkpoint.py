"""The family `checkpoint`: self-supervised encoders in the files that their authors' training code saves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import nn

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.checkpoint_backbone import Backbone, build, guess, unsure_of_heads
from dejavu_audit.encoders.checkpoint_layouts import IMAGENET_MEAN, LAYOUTS
from dejavu_audit.encoders.checkpoint_parts import Parts, take_apart
from dejavu_audit.encoders.checkpoint_projector import DinoHead, rebuild
from dejavu_audit.encoders.torch_encoder import Forward, Loaded, TorchEncoder, check_layer
from dejavu_audit.encoders.transforms import split
from dejavu_audit.encoders.weights import read_file
from dejavu_audit.errors import AuditError
from dejavu_audit.types import EncoderRequest

FAMILY = "checkpoint"
LAYERS = ("backbone", "projector", "bottleneck")
ALIASES = {"pre-head": "backbone"}
COPIES = {copy.name for layout in LAYOUTS for copy in layout.copies if copy.name}


def load(request: EncoderRequest) -> TorchEncoder:
    """The encoder of a request; `request.model` is the file, `request.arch` the architecture that its backbone fills.

    `request.pretrained` names the network to take where the file holds several ("student"), else the first of them
    that its authors evaluate. Layer "embedding" is the projector where there is one (of DINO's its bottleneck), else
    the backbone. Raises AuditError for files in no known layout, tensors that are missing, unknown or of another
    shape, and layers that the file does not have.
    """
    check_layer(request.layer, ("embedding", *LAYERS, *ALIASES), FAMILY)
    if not Path(request.model).expanduser().exists():
        raise AuditError(f"checkpoint {request.model} does not exist: type dejavu-audit checkpoint FILE --arch ARCH")
    named = request.pretrained if request.arch or request.pretrained in COPIES else None
    arch = request.arch or (None if named else request.pretrained)
    parts = take_apart(read_file(request.model), request.model, named)
    notes = _told_of(parts)
    if arch is None:
        arch = guess(parts)
        notes.append(f"took the architecture {arch}, which the shapes in the file are those of")
    backbone = build(arch, parts, source=request.model, image_size=request.image_size)
    if unsure_of_heads(backbone.arch, parts) and arch != "moco_vit_small":
        notes.append(
            f"took {backbone.arch} to have 6 attention heads, which no file tells; MoCo v3's has 12:"
            " type --arch moco_vit_small for it"
        )
    layer, model, forward = _layer(request, parts, backbone, notes)
    notes += _pictures(request, parts, backbone)
    tensors = fingerprint.shaping(model.state_dict(), not_counted=())
    loaded = Loaded(
        family=FAMILY,
        name=backbone.arch,
        pretrained=request.model,
        architecture=f"{backbone.architecture} {parts.layout.method} {layer}",
        model=model,
        forward=forward,
        compose=backbone.compose,
        # What is remembered of a file knows tensors by name and shape, which are the same in all copies.
        weights=fingerprint.of_weights(
            tensors, file=None if len(parts.copies) > 1 else request.model, cache_dir=request.cache_dir
        ),
        notes=notes,
        layers=LAYERS,
    )
    return TorchEncoder(loaded, replace(request, layer=layer))


def _told_of(parts: Parts) -> list[str]:
    if len(parts.copies) < 2:
        return []
    others = " or ".join(name for name in parts.copies if name != parts.copy.name)
    return [
        f"took the {parts.copy.name} network of this {parts.layout.method} checkpoint; another by --pretrained {others}"
    ]


def _pictures(request: EncoderRequest, parts: Parts, backbone: Backbone) -> list[str]:
    """What the user must know where pictures are not normalised as is usual: no file tells how its were."""
    mean = split(backbone.compose)[1].mean
    if request.mean is not None or mean == IMAGENET_MEAN:
        return []
    if parts.layout.method == "plain":
        how = f"with timm's mean for {backbone.arch}, {','.join(f'{v:g}' for v in mean or ())}"
    else:
        how = f"to between 0 and 1 only, as {parts.layout.source} trains {parts.layout.method}"
    return [f"pictures are normalised {how}: if these weights were trained otherwise, pass --mean and --std"]


def _layer(
    request: EncoderRequest, parts: Parts, backbone: Backbone, notes: list[str]
) -> tuple[str, nn.Module, Forward]:
    """The name of the layer, the modules that it takes, and the function that reads it."""
    asked = ALIASES.get(request.layer, request.layer)
    dino = parts.layout.head == "dino"
    there = [
        "backbone",
        *(["projector"] if parts.projector else []),
        *(["bottleneck"] if parts.projector and dino else []),
    ]
    layer = there[-1] if asked == "embedding" else asked
    if layer not in there:
        raise AuditError(
            f"checkpoint {request.model} ({parts.layout.method}) has no layer {layer}: use --layer {' or '.join(there)}"
        )
    if asked == "embedding":
        others = [name for name in there if name != layer]
        notes.append(f"took the layer {layer}" + (f"; the file also has {' and '.join(others)}" if others else ""))
    if layer == "backbone":
        return layer, backbone.model, backbone.forward
    head = rebuild(parts.projector, parts.layout, width=backbone.width, source=request.model).eval()
    model = nn.ModuleDict({"backbone": backbone.model, "projector": head})
    read = head.bottleneck if layer == "bottleneck" and isinstance(head, DinoHead) else head
    return layer, model, lambda pixels: read(backbone.forward(pixels))
