"""The tagger `detector`: torchvision's detection models; a tag's score is that of its surest detection."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from torch import nn
from torchvision import models
from torchvision.models import detection
from torchvision.ops import FrozenBatchNorm2d
from torchvision.transforms import Compose

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.hub import hub, quiet
from dejavu_audit.encoders.torch_encoder import Forward, Loaded, seeded
from dejavu_audit.encoders.weights import State, fill, is_path, read_state
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.taggers.contamination import trained_on
from dejavu_audit.taggers.options import check, names_in, whole
from dejavu_audit.taggers.squares import ToSquare
from dejavu_audit.taggers.torch_tagger import TorchTagger
from dejavu_audit.types import TaggerRequest

NAME = "detector"
SITE = "https://download.pytorch.org"
COCO = 91
"""Outputs of torchvision's COCO models: background, 80 objects, and 10 that COCO never annotated."""
NO_OBJECT = ("__background__", "background", "N/A")
# torchvision sets this of the batch norm of these models to 0 together with their published weights.
EPS_ZERO = ("fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "retinanet_resnet50_fpn")
WITHOUT_BACKGROUND = ("retinanet", "fcos")
"""Models whose output 0 may be an object; of all others it is the background."""


def known_models() -> list[str]:
    """The detection models of the torchvision that is installed."""
    return [name for name in models.list_models(module=detection) if not name.startswith("keypoint")]


def load(request: TaggerRequest) -> TorchTagger:
    """The tagger of a request: `model` is a torchvision name, `pretrained` a tag (COCO_V1), a file, or "random".

    Options: `classes`, a file with an object a line, in the order of the model's outputs, background left out; `size`,
    the side in pixels of the square that a picture is fitted into. Without `classes` a model with 91 outputs is taken
    for a COCO model, and others' objects are called "class 1" and so on. AuditError for unknown names, weights that
    cannot be had or do not fill the model, and lists of another length.
    """
    check(request.options, ("classes", "size"), NAME)
    if request.model not in known_models():
        raise unknown("detection model of torchvision", request.model, known_models())
    listed = request.options.get("classes")
    names = None if listed is None else names_in(listed, "the tagger's option classes")
    model, outputs, source = _model(request.model, request.pretrained, names)
    columns, vocabulary = _vocabulary(request.model, outputs, names)
    known = trained_on(NAME, request.model, _tag_of(request.model, source) or source)
    if known is None and names is None and outputs == COCO and source != "random":
        known = f"COCO, to judge by its {COCO} outputs"
    square = _square(model, request)
    notes = [] if request.precision == "fp32" else [f"the tagger {request.model} computes in fp32, which it needs"]
    loaded = Loaded(
        family=NAME,
        name=request.model,
        pretrained=source,
        architecture=f"tags {request.model} {outputs}",
        model=model,
        forward=_scores(model, outputs, columns),
        compose=Compose([square]),
        weights=fingerprint.of_weights(
            fingerprint.shaping(model.state_dict(), not_counted=()),
            file=source if is_path(source) else None,
            cache_dir=request.cache_dir,
        ),
        notes=notes,
    )
    if hasattr(model, "roi_heads"):
        model.roi_heads.mask_roi_pool = None  # no masks, which cost time
    return TorchTagger(loaded, request, vocabulary, known, precision="fp32")


def _model(name: str, pretrained: str | None, names: Sequence[str] | None) -> tuple[Any, int, str]:
    """The model, how many outputs it has, and where its weights come from."""
    tags = models.get_model_weights(name)
    if pretrained is None or pretrained in tags.__members__:
        published = tags[pretrained] if pretrained else tags.DEFAULT
        return _published(name, published), COCO, published.name
    if pretrained == "random":
        outputs = COCO if names is None else len(names) + 1
        with seeded(0):
            return _create(name, outputs), outputs, "random"
    if not is_path(pretrained):
        raise unknown(f"tag of {name}", pretrained, [*tags.__members__, "random"], hint="(or pass a weights file)")
    state = read_state(pretrained)
    outputs = _count(name, state)
    model = _create(name, outputs)
    fill(model, state, may_differ=lambda tensor: False, source=pretrained, target=f"torchvision {name}")
    if _tag_of(name, pretrained) == "COCO_V1" and name in EPS_ZERO:
        for module in model.modules():
            if isinstance(module, FrozenBatchNorm2d | nn.BatchNorm2d):
                module.eps = 0.0
    return model, outputs, pretrained


def _create(name: str, outputs: int) -> nn.Module:
    with quiet():
        model: nn.Module = models.get_model(name, weights=None, weights_backbone=None, num_classes=outputs)
    return model


def _published(name: str, published: Any) -> nn.Module:
    """A model with torchvision's own weights; AuditError where they are neither kept here nor to be had."""
    file = published.url.rsplit("/", 1)[-1]
    with hub(
        f"the weights {published.name} of {name}",
        instead=f"pass the file by --tagger {NAME}:{name}:FILE",
        endpoint=SITE,
        cache=f"{file} to the folder {Path(torch.hub.get_dir()) / 'checkpoints'} here",
    ):
        if constants.HF_HUB_OFFLINE and not (Path(torch.hub.get_dir()) / "checkpoints" / file).is_file():
            raise FileNotFoundError(file)  # `hub` says the rest; torchvision would ask the network
        model: nn.Module = models.get_model(name, weights=published, weights_backbone=None, progress=False)
    return model


def _tag_of(name: str, source: str) -> str | None:
    """The published tag that the source is, or whose file it is by name."""
    for tag in models.get_model_weights(name):
        if source == tag.name or Path(source).name == tag.url.rsplit("/", 1)[-1]:
            return str(tag.name)
    return None


def _count(name: str, state: State) -> int:
    """How many outputs a file's model has: the tensors whose size grows with them tell; else as a COCO model's."""
    for tensor, axis, of_two, each in _growing(name):
        if tensor in state and state[tensor].ndim > axis:
            count, rest = divmod(state[tensor].shape[axis] - of_two, each)
            if not rest and count >= -1:
                return 2 + count
    return COCO


@functools.lru_cache
def _growing(name: str) -> tuple[tuple[str, int, int, int], ...]:
    """Tensors whose size grows with the outputs: name, axis, size with two outputs, and what each further one adds."""
    with torch.device("meta"):
        two, three = (_create(name, outputs).state_dict() for outputs in (2, 3))
    return tuple(
        (tensor, axis, int(size), int(three[tensor].shape[axis] - size))
        for tensor, small in two.items()
        for axis, size in enumerate(small.shape)
        if three[tensor].shape[axis] != size
    )


def _vocabulary(name: str, outputs: int, names: Sequence[str] | None) -> tuple[list[int], list[str]]:
    """The model's outputs that are objects, and the objects' names."""
    if names is None:
        every = (
            list(models.get_model_weights("fasterrcnn_resnet50_fpn").DEFAULT.meta["categories"])
            if outputs == COCO
            else [f"class {number}" for number in range(outputs)]
        )
        first = 0 if outputs != COCO and name.startswith(WITHOUT_BACKGROUND) else 1
    else:
        named = [one for one in names if one not in NO_OBJECT[:2]]
        first = outputs - len(named)
        if first not in ((0, 1) if name.startswith(WITHOUT_BACKGROUND) else (1,)):
            raise AuditError(
                f"the tagger's option classes has {len(named):,} objects, but the model has {outputs - 1:,} beside the "
                "background; write one a line, in the order of the model's outputs"
            )
        every = [NO_OBJECT[0]] * first + named
    columns = [number for number in range(first, outputs) if every[number] not in NO_OBJECT]
    return columns, [every[number] for number in columns]


def _square(model: Any, request: TaggerRequest) -> ToSquare:
    """How pictures come in, and the model's own resizing set so that it leaves them alone."""
    own = model.transform
    if own.fixed_size is not None:  # SSD: learned on squashed pictures of one size
        if "size" in request.options:
            raise AuditError(f"{request.model} takes squares of {own.fixed_size[0]} pixels only: leave the size out")
        return ToSquare(int(own.fixed_size[0]), pad=False)
    # Of a picture of 4:3 the shorter side is then what the model was trained with.
    usual = max(32, round(own.min_size[-1] * 4 / 3 / 32) * 32)
    side = whole(request.options, "size", usual, 64, 4096)
    own.min_size, own.max_size = (side,), side
    return ToSquare(side)


def _scores(model: nn.Module, outputs: int, columns: Sequence[int]) -> Forward:
    def forward(pixels: torch.Tensor) -> torch.Tensor:
        found = model(list(pixels))
        scores = torch.zeros(len(found), outputs, device=pixels.device)
        for row, one in enumerate(found):
            scores[row].scatter_reduce_(0, one["labels"], one["scores"].float(), "amax")
        return scores[:, list(columns)]

    return forward
