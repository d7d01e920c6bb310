"""What tar shards cost beside the bare forward passes, and whether memory grows with their number.

From the shards to stored vectors: indexing, reading, decoding and the store count; loading the model does not. The bare
passes are measured in the same process, before and after, from memory, in the same batches.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import webdataset

from benchmarks import pictures
from benchmarks.bar import ENV, Bar, whole

PICTURES = 2_400
SHARDS = (4, 64)

SCRIPT = """
import json, sys, time
import numpy as np
import torch
from dejavu_audit.config import AuditConfig
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.progress import Silent
from dejavu_audit.types import EncoderRequest
root, cache = sys.argv[1:]
encoder = load_encoder("timm", EncoderRequest(model="resnet18", pretrained="random", batch_size=32, cache_dir=cache))
pixels = torch.randint(0, 256, (32, 3, 224, 224), dtype=torch.uint8)
def bare(views):
    began = time.perf_counter()
    for start in range(0, views, 32):
        encoder.embed_images(pixels)
    return time.perf_counter() - began
bare(64)
before = bare(%d)
began = time.perf_counter()
dataset = load_dataset(AuditConfig.resolve(family="timm", model="resnet18", data="captions", root=root))
indexed = time.perf_counter() - began
rows = np.arange(dataset.table.num_rows)
embedded, counts = embed_views(dataset, [(View(encoder, None), rows)], Store(cache), workers=None, progress=Silent())
wall = time.perf_counter() - began
print(json.dumps({"wall": wall, "indexed": indexed, "before": before, "after": bare(%d), "n": len(embedded[0].rows)}))
"""


def run(folder: Path) -> list[Bar]:
    """A ResNet-18 on 2,400 JPEG pictures of 500 x 375, in 4 shards and in 64."""
    peaks, bars = [], []
    with tempfile.TemporaryDirectory() as place:
        pictures.write(Path(place) / "data", public=PICTURES, targets=0, control=0, fit=0)
        files = sorted((Path(place) / "data" / "pictures").iterdir())
        for shards in SHARDS:
            root = Path(place) / str(shards)
            pack(root, files, shards)
            done = whole("-c", SCRIPT % (PICTURES, PICTURES), str(root), f"{place}/cache-{shards}", env=ENV)
            seen = json.loads(done.output.splitlines()[-1])
            print(shards, seen, f"{done.peak / 2**20:.0f} MiB", file=sys.stderr)
            if seen["n"] != PICTURES:
                raise SystemExit(f"only {seen['n']} pictures were embedded")
            forward = (seen["before"] + seen["after"]) / 2
            bars.append(
                Bar(f"wall from {shards} tar shards / bare forward passes, resnet18", seen["wall"] / forward, 1.2)
            )
            peaks.append(done.peak)
    return [*bars, Bar(f"peak memory with {SHARDS[1]} shards / with {SHARDS[0]}", peaks[1] / peaks[0], 1.1)]


def pack(root: Path, files: list[Path], shards: int) -> None:
    """The pictures with captions as img2dataset packs them."""
    root.mkdir()
    for number in range(shards):
        with webdataset.TarWriter(str(root / f"{number:05}.tar")) as writer:
            for file in files[number::shards]:
                told = json.dumps({"caption": f"a photograph, {file.stem}", "status": "success"}).encode()
                writer.write({"__key__": file.stem, "jpg": file.read_bytes(), "json": told})
