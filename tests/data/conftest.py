"""Small data sets of the user's own, and configurations to load and split them with."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from dejavu_audit.config import AuditConfig


def encoded(colour=(200, 30, 30), size=(60, 40), kind="PNG"):
    """A picture of one colour, as the bytes of a file."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


def config(data="mine.toml", **settings):
    return AuditConfig.resolve(family="timm", model="resnet18", data=str(data), **settings)


class Table:
    """A data set that is nothing but its table, for whatever never opens a picture."""

    def __init__(self, labels, *, boxed=True, sets=None, ids=None, name="table"):
        size = len(labels)
        labels = np.asarray(labels)
        self.name, self.root, self.notes = name, "/nowhere", ()
        self.classes = [f"class {label}" for label in range(int(labels.max()) + 1 if size else 1)]
        ids = [f"picture {number:07d}" for number in range(size)] if ids is None else ids
        self.table = pa.table(
            {
                "id": pa.array(ids, pa.string()),
                "path": pa.array(ids, pa.string()),
                "label": pa.array(labels, pa.int32()),
                "boxed": pa.array(np.broadcast_to(boxed, size)),
                "set": pa.array([None] * size if sets is None else sets, pa.string()),
                "group": pa.nulls(size, pa.string()),
            }
        )

    def identity(self, row): ...
    def open(self, row, draft=None): ...
    def annotation(self, row): ...


@pytest.fixture
def mine(tmp_path):
    """Write a description (keys as keyword arguments, beside `name`) and its files; gives the path of the TOML."""

    def write(files=None, *, name="mine", **keys):
        for path, content in (files or {}).items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else str(content).encode())
        toml = tmp_path / "mine.toml"
        toml.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in {"name": name, **keys}.items()))
        return toml

    return write
