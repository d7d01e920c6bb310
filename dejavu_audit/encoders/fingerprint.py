"""What pins an encoder: a hash of every tensor that shapes its embeddings, and of how they are computed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from platformdirs import user_cache_path

from dejavu_audit.encoders.weights import is_counter


def hash_tensors(tensors: Mapping[str, torch.Tensor]) -> str:
    """blake2b (128 bits, hex) over every tensor's name, shape, dtype and bytes, in order of name."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(_signature(name, tensor).encode())
        # Bytes of any dtype, bfloat16 included, which numpy does not know.
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()


def _signature(name: str, tensor: torch.Tensor) -> str:
    return f"{name}\0{tuple(tensor.shape)}\0{tensor.dtype}\0"


def shaping(state: Mapping[str, torch.Tensor], *, not_counted: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """The tensors that shape embeddings: all but those under the names in `not_counted` and batch counters.

    A classifier head or a logit scale does not touch an embedding, so that a change there changes no fingerprint.
    """
    return {
        name: tensor
        for name, tensor in state.items()
        if not is_counter(name) and not any(name == top or name.startswith(top + ".") for top in not_counted)
    }


def of_weights(tensors: Mapping[str, torch.Tensor], *, file: str | None, cache_dir: str | None) -> str:
    """`hash_tensors`, remembered for a weights `file` by its path, size and time of change.

    The memory is a small JSON file in `cache_dir`/fingerprints (default: the platform's cache folder); where that
    cannot be written the hash is taken again each time.
    """
    if file is None:
        return hash_tensors(tensors)
    stat = Path(file).stat()
    layout = "".join(_signature(name, tensors[name]) for name in sorted(tensors))
    identity = [str(Path(file).resolve()), stat.st_size, stat.st_mtime_ns, digest(layout)]
    folder = (Path(cache_dir) if cache_dir else user_cache_path("dejavu-audit")) / "fingerprints"
    memory = folder / f"{digest(json.dumps(identity))}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(memory.read_text())
        if known["identity"] == identity and isinstance(known["weights"], str):
            return known["weights"]
    weights = hash_tensors(tensors)
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        folder.mkdir(parents=True, exist_ok=True)
        part = memory.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps({"identity": identity, "weights": weights}))
        part.replace(memory)
    return weights


def digest(*parts: object) -> str:
    """blake2b (128 bits, hex) over the text of some values, each kept apart from the next."""
    return hashlib.blake2b(json.dumps([str(part) for part in parts]).encode(), digest_size=16).hexdigest()
