"""A checkpoint taken apart: which layout it is in, and which of its tensors are backbone, projector and neither."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from dejavu_audit.encoders.checkpoint_layouts import LAYOUTS, Copy, Layout
from dejavu_audit.encoders.weights import State, as_state, without_savers_prefixes
from dejavu_audit.errors import AuditError, unknown


@dataclass(frozen=True)
class Parts:
    """A checkpoint taken apart: backbone and projector under the names of their own modules."""

    layout: Layout
    copy: Copy
    backbone: State
    projector: State
    """Empty where the file has none."""
    copies: tuple[str, ...]
    """Names of the networks that the file holds."""


def take_apart(loaded: Any, source: str, asked: str | None) -> Parts:
    """Recognise what `weights.read_file` gave and cut it into its parts; `asked` is the copy to take.

    AuditError where it holds no state dict, names that belong to no known part, or not the copy that was asked for.
    """
    for layout in LAYOUTS:
        states = {copy.name: _at(loaded, copy.path, source) for copy in layout.copies}
        there = [copy for copy in layout.copies if _holds(states[copy.name], layout, copy)]
        if there:
            copy = _chosen(layout, there, source, asked)
            return _cut(states[copy.name] or {}, layout, copy, tuple(copy.name for copy in there), source)
    keys = ", ".join(str(key) for key in list(loaded)[:5]) if isinstance(loaded, Mapping) else type(loaded).__name__
    raise AuditError(
        f"checkpoint {source} is in no known layout (it holds {keys}): save the backbone's state dict alone and pass"
        " that"
    )


def _at(loaded: Any, path: tuple[str, ...], source: str) -> State | None:
    """The tensors under `path`, dicts in dicts flattened, saver's prefixes taken off; None where there are none."""
    if not path:
        return _found(loaded, source)
    for key in path:
        loaded = loaded.get(key) if isinstance(loaded, Mapping) else None
    flat = dict(_flattened(loaded)) if isinstance(loaded, Mapping) else {}
    return without_savers_prefixes(flat) if flat else None


def _found(loaded: Any, source: str) -> State | None:
    known = {copy.path[0] for layout in LAYOUTS for copy in layout.copies if copy.path}
    if isinstance(loaded, Mapping) and known & set(loaded):
        return None  # one of the layouts that say where to look
    return as_state(loaded, source)


def _flattened(loaded: Mapping[Any, Any], prefix: str = "") -> list[tuple[str, torch.Tensor]]:
    pairs = []
    for key, value in loaded.items():
        if isinstance(value, Mapping):
            pairs += _flattened(value, f"{prefix}{key}.")
        elif isinstance(value, torch.Tensor):
            pairs.append((f"{prefix}{key}", value))
    return pairs


def _holds(state: State | None, layout: Layout, copy: Copy) -> bool:
    if not state or not any(name.startswith(copy.backbone) for name in state):
        return False
    return any(re.match(layout.sign, name) for name in state)


def _chosen(layout: Layout, there: list[Copy], source: str, asked: str | None) -> Copy:
    if asked is None:
        return there[0]
    for copy in there:
        if copy.name == asked:
            return copy
    names = [copy.name for copy in there if copy.name]
    if not names:
        raise AuditError(f"{source} holds one network, not several: leave --pretrained {asked} out")
    raise unknown(f"network of the {layout.method} checkpoint", asked, names)


def _cut(state: State, layout: Layout, copy: Copy, copies: tuple[str, ...], source: str) -> Parts:
    projector = next((p for p in copy.projector if any(name.startswith(p) for name in state)), None)
    parts: dict[str, State] = {"backbone": {}, "projector": {}}
    strangers = []
    elsewhere = tuple(
        prefix for other in layout.copies if other != copy for prefix in (other.backbone, *other.projector)
    )
    for name, tensor in state.items():
        if projector is not None and name.startswith(projector):
            parts["projector"][_renamed(name[len(projector) :], layout.projector_names)] = tensor
        elif layout.others and re.match(layout.others, name):
            continue
        elif name.startswith(copy.backbone):
            parts["backbone"][_renamed(name[len(copy.backbone) :], layout.backbone_names)] = tensor
        elif not name.startswith(elsewhere):
            strangers.append(name)
    if strangers:
        more = f" and {len(strangers) - 3:,} more" if len(strangers) > 3 else ""
        raise AuditError(
            f"checkpoint {source} is laid out as {layout.source} saves {layout.method}, but for tensors that belong to "
            f"no known part of it: {', '.join(strangers[:3])}{more}; save the backbone's state dict alone and pass that"
        )
    return Parts(layout, copy, parts["backbone"], parts["projector"], copies)


def _renamed(name: str, substitutions: tuple[tuple[str, str], ...]) -> str:
    for pattern, new in substitutions:
        changed = re.sub(pattern, new, name)
        if changed != name:
            return changed
    return name
