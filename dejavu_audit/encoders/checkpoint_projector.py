"""Projectors rebuilt from a checkpoint: from the names and shapes of their tensors, which tell every module but ReLUs.

In an nn.Sequential a module without tensors leaves a gap in the numbers: there stands the activation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from dejavu_audit.encoders.checkpoint_layouts import Layout
from dejavu_audit.encoders.weights import State, is_counter
from dejavu_audit.errors import AuditError

# DINO's last layer, as its tensors are called by torch's two ways of normalising weights.
_NORMED = (("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1"))


class DinoHead(nn.Module):
    """DINO's head (Caron et al. 2021, arXiv:2104.14294): MLP, unit norm, and prototypes of normalised weights."""

    def __init__(self, mlp: nn.Module, prototypes: nn.Linear) -> None:
        super().__init__()
        self.mlp, self.prototypes = mlp, prototypes

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(n, dim) features of the backbone to (n, prototypes)."""
        return cast(torch.Tensor, self.prototypes(self.bottleneck(features)))

    def bottleneck(self, features: torch.Tensor) -> torch.Tensor:
        """(n, dim) features of the backbone to (n, bottleneck), of unit norm: what the prototypes are compared with."""
        return F.normalize(self.mlp(features), dim=-1)


def rebuild(state: State, layout: Layout, *, width: int, source: str) -> nn.Module:
    """The projector with its weights; `width` is what the backbone gives.

    AuditError where its tensors are not those of an MLP, are incomplete, or do not take the backbone's output.
    """
    try:
        projector = _dino(state) if layout.head == "dino" else _mlp(state, nn.ReLU, layout.blocks)
    except _NotUnderstoodError as error:
        raise AuditError(
            f"the projector in {source} ({layout.method}, as {layout.source} saves it) cannot be rebuilt: {error};"
            " use --layer backbone"
        ) from None
    first = next(module for module in projector.modules() if isinstance(module, nn.Linear))
    if first.in_features != width:
        raise AuditError(
            f"the projector in {source} takes {first.in_features:,} values, but the backbone gives {width:,}:"
            " use --layer backbone, or another --arch"
        )
    return projector


class _NotUnderstoodError(Exception):
    """Why the tensors are no MLP; told by `rebuild`."""


def _dino(state: State) -> DinoHead:
    mlp = {name[len("mlp.") :]: tensor for name, tensor in state.items() if name.startswith("mlp.")}
    last = {name[len("last_layer.") :]: tensor for name, tensor in state.items() if name.startswith("last_layer.")}
    strangers = sorted(name for name in state if not name.startswith(("mlp.", "last_layer.")))
    if strangers or not mlp:
        what = f"{strangers[0]} is no part of DINO's head" if strangers else "its MLP is missing"
        raise _NotUnderstoodError(what)
    for length, direction in _NORMED:
        if set(last) == {length, direction}:
            weight = torch._weight_norm(last[direction].float(), last[length].float(), 0)
            break
    else:
        raise _NotUnderstoodError(f"its last layer has {', '.join(sorted(last)) or 'no tensors'}")
    return DinoHead(_mlp(mlp, nn.GELU, "relu"), _linear({"weight": weight}))


def _mlp(state: State, activation: type[nn.Module], blocks: str) -> nn.Sequential:
    """An nn.Sequential, or a Sequential of parts, each a Sequential that ends in an activation (`Layout.blocks`)."""
    modules: dict[tuple[str, ...], State] = {}
    for name, tensor in state.items():
        if not is_counter(name):
            *parents, leaf = name.split(".")
            modules.setdefault(tuple(parents), {})[leaf] = tensor
    if set(modules) == {()}:  # a single layer
        layers: list[nn.Module] = [_module(modules[()], "")]
    else:
        for where in modules:
            if len(where) not in (1, 2) or not all(part.isdecimal() for part in where):
                raise _NotUnderstoodError(f"{'.'.join(where) or 'weight'} is no module of an nn.Sequential")
        if any(len(where) == 2 for where in modules):
            layers = _blocks(modules, activation, blocks)
        else:
            layers = _in_order({where: _module(modules[where], where[0]) for where in modules}, activation)
    _check_widths(layers)
    return nn.Sequential(*layers)


def _blocks(modules: dict[tuple[str, ...], State], activation: type[nn.Module], blocks: str) -> list[nn.Module]:
    tops = sorted({int(where[0]) for where in modules})
    if tops != list(range(len(tops))):
        raise _NotUnderstoodError(f"its blocks are numbered {', '.join(map(str, tops))}")
    layers: list[nn.Module] = []
    for top in tops:
        own = {where[1:]: _module(modules[where], ".".join(where)) for where in modules if int(where[0]) == top}
        if () in own:
            layers.append(own[()])
            continue
        layers += _in_order(own, activation)
        if blocks == "relu" or top != tops[-1]:
            layers.append(activation())
    return layers


def _in_order(modules: dict[tuple[str, ...], nn.Module], activation: type[nn.Module]) -> list[nn.Module]:
    """The modules of one Sequential with an activation in every gap of one; more than that is not understood."""
    places = sorted((int(where[-1]), module) for where, module in modules.items())
    layers: list[nn.Module] = []
    expected = 0
    for place, module in places:
        if place - expected > (1 if layers else 0):
            raise _NotUnderstoodError(f"nothing is known of what stands before module {place}")
        if place > expected:
            layers.append(activation())
        layers.append(module)
        expected = place + 1
    return layers


def _module(tensors: State, where: str) -> nn.Module:
    names = set(tensors)
    if names <= {"weight", "bias"} and "weight" in names and tensors["weight"].ndim == 2:
        return _linear(tensors)
    stats = {"running_mean", "running_var"}
    if names in (stats, stats | {"weight", "bias"}) and tensors["running_mean"].ndim == 1:
        norm = nn.BatchNorm1d(len(tensors["running_mean"]), affine="weight" in names)
        return _filled(norm, tensors, where)
    raise _NotUnderstoodError(
        f"module {where or 'itself'} with {', '.join(sorted(names))} is neither a Linear nor a BatchNorm1d"
    )


def _linear(tensors: State, where: str = "") -> nn.Linear:
    outputs, inputs = tensors["weight"].shape
    return cast(nn.Linear, _filled(nn.Linear(inputs, outputs, bias="bias" in tensors), tensors, where))


def _filled(module: nn.Module, tensors: State, where: str) -> nn.Module:
    own = module.state_dict()
    for name, tensor in tensors.items():
        if tensor.shape != own[name].shape:
            raise _NotUnderstoodError(f"{where}.{name} has the shape {'x'.join(map(str, tensor.shape))}")
    module.load_state_dict(tensors, strict=False)  # batch norm's counter alone may be absent
    return module


def _check_widths(layers: Sequence[nn.Module]) -> None:
    """AuditError's reason where a layer does not take what the one before gives, or where there is no layer."""
    width: int | None = None
    for layer in layers:
        if isinstance(layer, nn.Linear):
            needed, given = layer.in_features, layer.out_features
        elif isinstance(layer, nn.BatchNorm1d):
            needed = given = layer.num_features
        else:
            continue
        if width not in (None, needed):
            raise _NotUnderstoodError(f"a layer of {needed:,} inputs follows one of {width:,} outputs")
        width = given
    if not any(isinstance(layer, nn.Linear) for layer in layers):
        raise _NotUnderstoodError("it has no linear layer")
