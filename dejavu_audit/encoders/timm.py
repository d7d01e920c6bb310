"""The family `timm`: every model of the timm library, with its published weights, a file's, or random ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import timm
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from timm.models import get_pretrained_cfg, load_state_dict_from_hf
from torch import nn

from dejavu_audit.encoders import fingerprint
from dejavu_audit.encoders.hints import looks_like
from dejavu_audit.encoders.hub import hub, quiet
from dejavu_audit.encoders.timm_layers import embedding, pre_head
from dejavu_audit.encoders.torch_encoder import Loaded, TorchEncoder, check_layer, seeded
from dejavu_audit.encoders.weights import Misfit, State, fill, is_path, misfit, read_state, without_prefix
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import EncoderRequest

HUB = "hf-hub:"


def load(request: EncoderRequest) -> TorchEncoder:
    """The encoder of a request; `request.model` is a timm name, `name.tag` or hf-hub:….

    Without `pretrained` the model's own tag is taken. Raises AuditError for unknown names, weights that cannot be had
    or do not fill the model, and layers the model does not have.
    """
    check_layer(request.layer)
    name, pretrained = resolve(request.model, request.pretrained)
    if pretrained == "random":
        with seeded(request.seed), quiet():
            model = create(name)
        source, file = "random", None
    elif pretrained is None or pretrained.startswith(HUB):
        source, file = pretrained or name, None
        model = from_hub(name, pretrained)
    else:
        source = file = pretrained
        model = from_file(name, read_state(pretrained), pretrained, request.image_size)
    if request.image_size:
        resize(model, name, request.image_size)
    tensors = fingerprint.shaping(model.state_dict(), not_counted=head_names(model))
    notes = []
    if request.pretrained is None and source != request.model:
        notes.append(f"took the weights {source}, the default of {request.model}")
    loaded = Loaded(
        family="timm",
        name=request.model,
        pretrained=source,
        architecture=f"{name.split('.')[0]} {request.image_size}",
        model=model,
        forward=(embedding if request.layer == "embedding" else pre_head)(model),
        compose=transform(model, request.image_size),
        weights=fingerprint.of_weights(tensors, file=file, cache_dir=request.cache_dir),
        notes=notes,
    )
    return TorchEncoder(loaded, request)


def resolve(model: str, pretrained: str | None) -> tuple[str, str | None]:
    """The timm name with its tag, and where the weights come from: None for the tag, "random", hf-hub:…, or a file."""
    if not model.startswith(HUB):
        arch, _, tag = model.partition(".")
        if not timm.is_model(arch):
            if is_path(model):
                raise AuditError(
                    f"{model} is a path, not a timm model: name the architecture and pass weights by --pretrained FILE"
                )
            raise unknown("timm model", model, [*timm.list_models(), *timm.list_pretrained()])
        tags = _tags(arch)
        if tag and tag not in tags:
            raise unknown(f"tag of timm model {arch}", tag, tags)
        if pretrained in tags:
            model, pretrained = f"{arch}.{pretrained}", None
        elif pretrained is None:
            own = tag or getattr(get_pretrained_cfg(arch), "tag", "")
            if own not in tags:
                raise AuditError(
                    f"timm publishes no weights for {arch}: pass your own by --pretrained FILE, or type"
                    " --pretrained random"
                )
            model = f"{arch}.{own}"
        elif pretrained != "random" and not pretrained.startswith(HUB) and not is_path(pretrained):
            raise unknown(f"tag of timm model {arch}", pretrained, [*tags, "random"], hint="(or pass a weights file)")
    return model, pretrained


def _tags(arch: str) -> list[str]:
    names = timm.list_pretrained(f"{arch}.*")
    return [name.split(".", 1)[1] for name in names if name.split(".", 1)[0] == arch]


def create(name: str, **settings: Any) -> nn.Module:
    """The model of a timm name or hf-hub:…, with random weights."""
    if name.startswith(HUB):
        with hub(f"the model {name}"):
            return timm.create_model(name, pretrained=False, **settings)
    return timm.create_model(name, pretrained=False, **settings)


def from_hub(name: str, pretrained: str | None) -> nn.Module:
    """The model with the weights of its own tag, or of a hub repository; AuditError where they cannot be had."""
    if pretrained is None:
        with hub(f"the weights {name}"):
            return timm.create_model(name, pretrained=True)
    return from_file(name, hub_state(pretrained), pretrained, None)


def hub_state(pretrained: str) -> State:
    """The tensors of a hub repository hf-hub:…; AuditError where it cannot be had."""
    with hub(f"the weights {pretrained}"):
        return dict(load_state_dict_from_hf(pretrained.removeprefix(HUB), weights_only=True))


def from_file(name: str, state: State, source: str, image_size: int | None) -> nn.Module:
    """A model filled exactly from `state`, its head as wide as the file's.

    A file in a layout that timm itself converts for this model (its `checkpoint_filter_fn`) is converted; a file of
    another picture size fits where `image_size` was asked for.
    """
    with quiet():
        plain = create(name, num_classes=0)
        heads = head_names(plain)
        model = with_head(name, state, heads) or plain

    def may_differ(tensor: str) -> bool:
        return any(tensor == head or tensor.startswith(head + ".") for head in heads)

    best, fitting = model, state
    if wrong(model, state, may_differ):
        for candidate, settings in ((plain, {}), (None, {"img_size": image_size})):
            if candidate is None and (image_size is None or not _fixed(plain)):
                continue
            with quiet():
                other = candidate or create(name, num_classes=0, **settings)
            for layout in (state, converted(other, state)):
                if layout is not None and not wrong(other, layout, may_differ):
                    best, fitting = other, layout
    fill(
        best,
        fitting,
        may_differ=may_differ,
        source=source,
        target=f"timm {name}",
        hint=lambda given: looks_like(given, asked=name),
    )
    return best


def wrong(model: nn.Module, state: State, may_differ: Callable[[str], bool]) -> Misfit:
    """What keeps `fill` from taking the state; nothing where it fits, with or without the prefix `model.`."""
    plain = misfit(model, state, may_differ=may_differ)
    return plain and misfit(model, without_prefix(state, "model."), may_differ=may_differ)


def converted(model: nn.Module, state: State) -> State | None:
    """The state in the layout that timm itself makes of it for this model; None where it cannot."""
    convert = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
    if convert is None:
        return None
    try:
        return dict(convert(dict(state), model))
    except Exception:  # a converter meets a file it was not written for
        return None


def with_head(name: str, state: State, heads: tuple[str, ...]) -> nn.Module | None:
    """The model with a head as the file has it; None where the file has none, or one that timm cannot make."""
    for prefix in ("", "model."):
        weight = state.get(f"{prefix}{heads[0]}.weight") if heads else None
        if weight is not None and weight.ndim >= 2:
            try:
                return create(name, num_classes=weight.shape[0])
            except (RuntimeError, TypeError, ValueError, AssertionError):
                return None
    return None


def head_names(model: nn.Module) -> tuple[str, ...]:
    """Names of the classifier heads, as timm's own loader knows them ("fc", "head.fc", "head" and "head_dist")."""
    names = (getattr(model, "pretrained_cfg", None) or {}).get("classifier") or ()
    return (names,) if isinstance(names, str) else tuple(names)


def _fixed(model: nn.Module) -> bool:
    return bool((getattr(model, "pretrained_cfg", None) or {}).get("fixed_input_size"))


def resize(model: Any, name: str, size: int) -> None:
    """Let a model with position embeddings take another picture size; the others take any."""
    native = (model.pretrained_cfg or {}).get("input_size", (3, size, size))[1:]
    patches = getattr(getattr(model, "patch_embed", None), "img_size", None)
    if not _fixed(model) or (patches or native) == (size, size):
        return
    if not hasattr(model, "set_input_size"):
        raise AuditError(f"{name} takes pictures of {native[0]} pixels only: leave --image-size out")
    try:
        model.set_input_size(img_size=(size, size))
    except (AssertionError, RuntimeError, ValueError) as error:
        raise AuditError(f"{name} cannot take pictures of {size} pixels ({error}): try another --image-size") from error


def transform(model: nn.Module, size: int | None) -> Any:
    """The model's own evaluation transform, a torchvision Compose, at its own picture size or another."""
    config = resolve_data_config({"input_size": (3, size, size)} if size else {}, model=model)  # type: ignore[no-untyped-call]
    return create_transform(**config, is_training=False)
