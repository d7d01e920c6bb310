"""The tagger `timm`: the softmax of a classifier's classes, of a published tag or of your own weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
from torch import nn

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.hints import looks_like
from dejavu_audit.encoders.hub import quiet
from dejavu_audit.encoders.timm import (
    HUB,
    converted,
    create,
    from_hub,
    head_names,
    hub_state,
    resolve,
    transform,
    with_head,
    wrong,
)
from dejavu_audit.encoders.torch_encoder import Loaded, seeded
from dejavu_audit.encoders.weights import State, fill, read_state
from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.contamination import trained_on
from dejavu_audit.taggers.options import check, names_in
from dejavu_audit.taggers.torch_tagger import TorchTagger
from dejavu_audit.types import TaggerRequest

NAME = "timm"


def load(request: TaggerRequest) -> TorchTagger:
    """The tagger of a request; `model` and `pretrained` are as for the encoders of the family timm.

    The option `classes` names a file with a class a line. Without it a model with as many classes as an ImageNet that
    timm knows (1,000, 11,821, 21,841 and others) has its names, and others' are "class 17". AuditError for unknown
    names, weights that cannot be had or do not fill the model, head included, and a list of classes of another length.
    """
    check(request.options, ("classes",), NAME)
    name, pretrained = resolve(request.model, request.pretrained)
    file = None
    if pretrained == "random":
        with seeded(0), quiet():
            model = create(name)
    elif pretrained is None:
        model = from_hub(name, None)
    elif pretrained.startswith(HUB):
        model = _filled(name, hub_state(pretrained), pretrained)
    else:
        file = pretrained
        model = _filled(name, read_state(pretrained), pretrained)
    source = pretrained or name
    count = int(getattr(model, "num_classes", 0))
    if count < 1:
        raise AuditError(f"{source} has no classes to tag with: name a timm model with a classifier")
    vocabulary, assumed = _vocabulary(model, count, request.options.get("classes"), source)
    known = trained_on(NAME, name, source)
    if known is None and assumed and pretrained != "random":
        known = f"{assumed}, to judge by its {count:,} classes"
    loaded = Loaded(
        family=NAME,
        name=request.model,
        pretrained=source,
        architecture=f"tags {name.split('.')[0]}",
        model=model,
        forward=lambda pixels: torch.softmax(model(pixels).float(), dim=-1),
        compose=transform(model, None),
        weights=fingerprint.of_weights(
            fingerprint.shaping(model.state_dict(), not_counted=()), file=file, cache_dir=request.cache_dir
        ),
    )
    return TorchTagger(loaded, request, vocabulary, known)


def _filled(name: str, state: State, source: str) -> nn.Module:
    """The model with all of its weights from `state`, its classifier as wide as the file's."""
    with quiet():
        model = create(name)
        heads = head_names(model)
        for layout in (converted(model, state), state):  # the file's own layout last: a refusal tells of it
            made = None if layout is None else with_head(name, layout, heads)
            if layout is not None and made is not None and not wrong(made, layout, _nothing):
                fill(made, layout, may_differ=_nothing, source=source, target=name)
                return made
        headless = made is None and not wrong(create(name, num_classes=0), state, _nothing)
    if headless:
        raise AuditError(
            f"weights {source} hold no classifier of timm {name}, so that there are no tags: pass a file that was "
            "saved with its head"
        )
    fill(
        made or model,
        state,
        may_differ=_nothing,
        source=source,
        target=f"timm {name}",
        hint=lambda given: looks_like(given, asked=name),
    )
    return made or model


def _nothing(tensor: str) -> bool:
    return False


def _vocabulary(model: nn.Module, count: int, classes: str | None, source: str) -> tuple[Sequence[str], str | None]:
    """The names of the classes, and the ImageNet whose names they were taken to be."""
    if classes is not None:
        names = names_in(classes, "the tagger's option classes")
        if len(names) != count:
            raise AuditError(
                f"the tagger's option classes: {classes} has {len(names):,} names, but {source} has {count:,} classes"
            )
        return names, None
    subset = infer_imagenet_subset(model)
    info: Any = ImageNetInfo(subset) if subset else None
    if info is None or info.num_classes() != count:
        return [f"class {number}" for number in range(count)], None
    # The first of a class's names is enough, but for the few that two classes share.
    short = [info.index_to_description(number).split(",")[0].strip() for number in range(count)]
    shared = Counter(short)
    for number, name in enumerate(short):
        if shared[name] > 1:
            short[number] = f"{name} ({info.index_to_label_name(number)})"
    return short, "ImageNet-1k" if subset == "imagenet-1k" else "ImageNet"
