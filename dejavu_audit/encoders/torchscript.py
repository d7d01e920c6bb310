"""The family `torchscript`: a saved TorchScript program, which is code, and is run because the user typed it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch

from dejavu_audit.encoders.hub import quiet
from dejavu_audit.encoders.own_model import compose_default, one_vector
from dejavu_audit.encoders.torch_encoder import Loaded, TorchEncoder, check_layer
from dejavu_audit.errors import AuditError
from dejavu_audit.types import EncoderRequest

FAMILY = "torchscript"
LAYERS = ("embedding",)


def load(request: EncoderRequest) -> TorchEncoder:
    """The encoder of a request; `request.model` is a file of `torch.jit.save` that gives (n, dim) for (n, 3, H, W).

    Pictures are taken as for ImageNet (224 pixels, its mean and deviation) unless `image_size`, `mean` and `std` say
    otherwise. AuditError where the file is none, or the program does not give one vector a picture.
    """
    check_layer(request.layer, LAYERS, FAMILY)
    if request.pretrained or request.arch:
        raise AuditError("a torchscript file holds its own architecture and weights: leave --pretrained and --arch out")
    path = Path(request.model).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise AuditError(f"torchscript file {request.model} {what}: pass a file that torch.jit.save wrote")
    model = _program(path)
    size = request.image_size or 224
    forward = one_vector(model, f"torchscript file {request.model}")
    _try(forward, size, request.model)
    loaded = Loaded(
        family=FAMILY,
        name=path.name,
        pretrained=request.model,
        architecture=f"torchscript {size}",
        model=model,
        forward=forward,
        compose=compose_default(size),
        weights=_digest(path),
        notes=_notes(request, size),
        layers=LAYERS,
    )
    return TorchEncoder(loaded, request)


def _program(path: Path) -> Any:
    try:
        with quiet():
            return torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, OSError) as error:
        raise AuditError(
            f"{path} is no TorchScript program that can be loaded ({_first_line(error)}): for a state dict use the"
            " family checkpoint or timm"
        ) from error


def _try(forward: Any, size: int, name: str) -> None:
    """Two pictures at once: a program traced with one may have kept the number."""
    try:
        with torch.inference_mode():
            rows = len(forward(torch.zeros(2, 3, size, size)))
    except RuntimeError as error:
        raise AuditError(
            f"torchscript file {name} cannot take two pictures of {size} pixels ({_first_line(error)}): pass its"
            " --image-size, or trace it again for any number of pictures"
        ) from error
    if rows != 2:
        raise AuditError(f"torchscript file {name} gives {rows} rows for 2 pictures: trace it again for any number")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("RuntimeError:")] or lines or [type(error).__name__]
    return told[-1].removeprefix("RuntimeError: ").split(". ")[0].rstrip(".")[:200]


def _digest(path: Path) -> str:
    """blake2b (128 bits, hex) over the bytes of the file, program and weights alike."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _notes(request: EncoderRequest, size: int) -> list[str]:
    given = [name for name in ("image_size", "mean", "std") if getattr(request, name) is not None]
    if len(given) == 3:
        return []
    return [
        f"a TorchScript file does not say how pictures are prepared: taken are {size} pixels and ImageNet's mean and"
        " deviation, but for what --image-size, --mean and --std say"
    ]
