"""A data set of arrays, and featurizers whose output is known."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image

from dejavu_audit.data.crops import CropRule
from dejavu_audit.data.pictures import file_identity, open_picture
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation

SIDE = 24


class Shrink:
    """Picture to a uint8 tensor of fixed size."""

    size = SIDE

    def __init__(self, side: int = SIDE) -> None:
        self.side = side
        self.key = f"shrink-{side}"

    def __call__(self, image):
        pixels = np.asarray(image.resize((self.side, self.side), Image.Resampling.BILINEAR))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1).contiguous()


@dataclass
class Linear:
    """A small random network without surprises; remembers the batches it was called with."""

    name: str = "linear"
    dim: int = 6
    batch_size: int | None = 4
    fingerprint: str = "linear-0"
    dtype: np.dtype = field(default_factory=lambda: np.dtype(np.float32))
    device: str = "cpu"
    transform: Shrink = field(default_factory=Shrink)
    calls: list[int] = field(default_factory=list)

    def embed_images(self, batch):
        self.calls.append(len(batch))
        if self.dtype == np.uint8:
            return batch.reshape(len(batch), -1)[:, : self.dim].numpy()
        weights = torch.randn(3 * self.transform.side**2, self.dim, generator=torch.Generator().manual_seed(0))
        return (batch.reshape(len(batch), -1).double() / 255 @ weights.double()).float().numpy()


@dataclass
class Folder:
    """JPEG pictures in a folder, each with one box in its upper left; remembers what was opened (in this process)."""

    root: str
    files: list[Path]
    boxes: dict[int, tuple]
    name: str = "folder"
    classes: tuple = ("a",)
    notes: tuple = ()
    opened: list[int] = field(default_factory=list)
    annotated: list[int] = field(default_factory=list)

    @property
    def table(self):
        return pa.table({"boxed": [row in self.boxes for row in range(len(self.files))]})

    def identity(self, row):
        return file_identity(self.files[row])

    def open(self, row, draft=None):
        self.opened.append(row)
        return open_picture(self.files[row], draft)

    def annotation(self, row):
        self.annotated.append(row)
        if self.boxes[row] is None:
            raise SetAside("annotation is malformed")
        return Annotation((self.boxes[row],))


def jpeg(seed: int, size=(96, 64)) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    into = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(into, "JPEG", quality=92)
    return into.getvalue()


@pytest.fixture
def folder(tmp_path):
    def make(n, broken=(), crowded=(), unboxed=()):
        root = tmp_path / "pictures"
        root.mkdir(exist_ok=True)
        files = []
        for row in range(n):
            files.append(root / f"{row}.jpg")
            content = jpeg(row)
            files[-1].write_bytes(content[: len(content) // 2] if row in broken else content)
        boxes = {row: (0, 0, 96 if row in crowded else 30 + row % 7, 64) for row in range(n) if row not in unboxed}
        return Folder(str(root), files, boxes)

    return make


@pytest.fixture
def background():
    return CropRule(min_side=20)


def digest(array) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes()).hexdigest()
