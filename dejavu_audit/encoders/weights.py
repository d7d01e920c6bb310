"""Weights files: read without running any code in them, and loaded only where they fill the model exactly."""

from __future__ import annotations

import argparse
import contextlib
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from dejavu_audit.errors import AuditError

State: TypeAlias = dict[str, torch.Tensor]

# Where savers put the tensors of a checkpoint; averaged weights first, as timm's own loader prefers them.
WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model_state", "model")
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".tar")
_WORD_OF_ADVICE = "save the state dict with safetensors (safetensors.torch.save_file) and pass that file"


def is_path(text: str) -> bool:
    """Whether a name was meant as a file: it exists, or has a separator or a suffix that only files have."""
    if text.startswith(("hf-hub:", "hf_hub:")):
        return False
    return "/" in text or "\\" in text or text.endswith((*SUFFIXES, ".json", ".npz")) or Path(text).is_file()


def read_state(path: str | Path) -> State:
    """The named tensors of a weights file, on the CPU, wrappers and the prefixes `module.` and `_orig_mod.` taken off.

    Reads safetensors and what `torch.save` wrote, by content and not by suffix, and never runs code from the file.
    Raises AuditError where the file is missing, a folder, truncated, needs code to be unpickled, or has no state dict.
    """
    return as_state(read_file(path), path)


def read_file(path: str | Path) -> Any:
    """What a weights file holds, as it was saved: a state dict, or a dict with some among other things."""
    path = Path(path).expanduser()
    if path.is_dir():
        inside = sorted(entry.name for entry in path.iterdir() if entry.suffix in SUFFIXES)[:3]
        advice = f"name a file in it, e.g. {path / inside[0]}" if inside else "pass the weights file itself"
        raise AuditError(f"weights {path} are a folder: {advice}")
    if not path.exists():
        raise AuditError(f"weights file {path} does not exist: pass an existing file by --pretrained FILE")
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise AuditError(f"weights file {path} cannot be read: {error.strerror}") from error
    if not head:
        raise AuditError(f"weights file {path} is empty: fetch or save it again")
    if head.startswith(b"version https://git-lfs"):
        raise AuditError(f"weights file {path} is only a Git LFS pointer: fetch the file itself with `git lfs pull`")
    safe = head[8:9] == b"{" or path.suffix == ".safetensors"
    return _read_safetensors(path) if safe else _read_torch(path, zipped=head.startswith(b"PK"))


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path, device="cpu")
    except (SafetensorError, OSError, ValueError) as error:
        raise AuditError(
            f"weights file {path} is truncated or damaged ({_first_line(error)}): copy or download it again"
        ) from error


def _read_torch(path: Path, *, zipped: bool) -> Any:
    try:
        with _namespace_allowed(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Mapped, a large checkpoint does not stand in memory twice; only the zip format can be.
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except Exception as error:  # torch raises half a dozen kinds here, by format and version
        text = str(error)
        if "TorchScript" in text:
            fault = f"is a TorchScript archive, which is code, and is refused: {_WORD_OF_ADVICE}"
        elif (needed := _blocked(text)) is not None:
            fault = f"needs code to be unpickled ({needed}) and is refused: {_WORD_OF_ADVICE}"
        elif zipped or re.search(r"truncated|EOF|end of file|Ran out of input", f"{type(error).__name__} {text}", re.I):
            fault = f"is truncated or damaged ({_first_line(error)}): copy or download it again"
        else:
            fault = f"is neither safetensors nor a PyTorch checkpoint: {_WORD_OF_ADVICE}"
        raise AuditError(f"weights file {path} {fault}") from error


def _namespace_allowed() -> contextlib.AbstractContextManager[Any]:
    """Timm's trainer puts an argparse.Namespace, which runs no code, beside the weights."""
    allow = getattr(torch.serialization, "safe_globals", None)
    return allow([argparse.Namespace]) if allow else contextlib.nullcontext()


def _blocked(text: str) -> str | None:
    """The name that an unpickler refused to import, from torch's message; None where it did not get so far."""
    found = re.search(r"(?:GLOBAL|instantiate|reduce for|import|instance of|class) `?([\w.]*\w)", text)
    return found.group(1) if found and "Weights only load failed" in text else None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].split(". ")[0].rstrip(".")[:120]


def as_state(loaded: Any, path: str | Path) -> State:
    """The state dict in what `read_file` gave, without wrappers and saver's prefixes; AuditError if there is none."""
    for _ in range(2):  # {"model": {"state_dict": …}} exists
        if isinstance(loaded, Mapping):
            inner = next((loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), None)
            loaded = loaded if inner is None else inner
    if not isinstance(loaded, Mapping):
        raise AuditError(f"weights file {path} holds a {type(loaded).__name__}, not a state dict: {_WORD_OF_ADVICE}")
    odd = [str(name) for name, value in loaded.items() if not isinstance(value, torch.Tensor)]
    if odd or not loaded:
        what = f"{odd[0]!r} is no tensor" if odd else "it is empty"
        raise AuditError(f"weights file {path} holds no state dict ({what}): {_WORD_OF_ADVICE}")
    return without_savers_prefixes({str(name): value for name, value in loaded.items()})


def without_savers_prefixes(state: State) -> State:
    """The state without the names that a parallel wrapper and a compiled model put before every tensor."""
    for prefix in ("_orig_mod.", "module.", "_orig_mod."):  # a compiled model in a parallel wrapper, or the reverse
        state = without_prefix(state, prefix)
    return state


def without_prefix(state: State, prefix: str) -> State:
    """The state with `prefix` taken off every name, if every name has it; else as it is."""
    if all(name.startswith(prefix) for name in state):
        return {name[len(prefix) :]: value for name, value in state.items()}
    return state


class Misfit(NamedTuple):
    """What keeps a state dict from filling a model: names without a value, values without a name, other shapes."""

    missing: list[str]
    unexpected: list[str]
    shapes: list[str]

    def __bool__(self) -> bool:  # a misfit of nothing is none
        return any(map(len, self))

    def __str__(self) -> str:
        parts = []
        for title, names in zip(("missing", "unexpected", "of another shape"), self, strict=True):
            if names:
                more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
                parts.append(f"{title} {', '.join(names[:3])}{more}")
        return "; ".join(parts)


MayDiffer: TypeAlias = Callable[[str], bool]


def is_counter(name: str) -> bool:
    """Whether a tensor is batch norm's count of training batches, which evaluation never reads."""
    return name.endswith("num_batches_tracked")


def misfit(model: nn.Module, state: State, *, may_differ: MayDiffer) -> Misfit:
    """Compare a state dict with a model by name and shape, leaving out the names that `may_differ`."""
    target = model.state_dict()
    missing = [name for name in target if name not in state and not may_differ(name) and not is_counter(name)]
    unexpected = [name for name in state if name not in target and not may_differ(name) and not is_counter(name)]
    shapes = [
        f"{name} {_shape(state[name])} for {_shape(tensor)}"
        for name, tensor in target.items()
        if name in state and state[name].shape != tensor.shape and not may_differ(name)
    ]
    return Misfit(missing, unexpected, shapes)


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def fill(
    model: nn.Module,
    state: State,
    *,
    may_differ: MayDiffer,
    source: str,
    target: str,
    hint: Callable[[State], str] = lambda state: "",
) -> None:
    """Load `state` into `model` if it fits exactly, but for the names that `may_differ` (a head, a logit scale).

    The prefix `model.` is taken off where the file then fits. Raises AuditError, with the first three missing and
    unexpected names and shapes and with `hint(state)`, and leaves the model as it was, where the file does not fit.
    `source` and `target` name the file and the model in that sentence.
    """
    wrong = misfit(model, state, may_differ=may_differ)
    if wrong:
        bare = without_prefix(state, "model.")
        if bare is not state and not misfit(model, bare, may_differ=may_differ):
            state, wrong = bare, Misfit([], [], [])
    if wrong:
        seems = ""
        with contextlib.suppress(Exception):  # a strange file may confuse the guess; it is refused all the same
            seems = hint(state)
        raise AuditError(
            f"weights {source} do not fill {target}: {wrong}"
            f"{'; ' + seems if seems else ': name the architecture that the file was saved from'}"
        )
    own = model.state_dict()
    model.load_state_dict(
        {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}, strict=False
    )
