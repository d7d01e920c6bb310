"""How much an audit costs beside the bare forward passes of its views; and how many views it embeds.

Both are measured in one process, the bare passes before and after the audit, from memory, in the audit's batches.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks import pictures
from benchmarks.bar import ENV, Bar, whole

MODELS = (("timm", "resnet18"), ("openclip", "ViT-B-32"))
SIZES = {"public": 1_400, "targets": 500, "control": 300, "fit": 200}

SCRIPT = """
import json, sys, time
import torch
from dejavu_audit import audit
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.types import EncoderRequest
family, name, data, cache = sys.argv[1:]
encoder = load_encoder(family, EncoderRequest(model=name, pretrained="random", cache_dir=cache))
views = %d
pixels = torch.randint(0, 256, (64, 3, 224, 224), dtype=torch.uint8)
def bare(size):
    began = time.perf_counter()
    for start in range(0, views, size):
        encoder.embed_images(pixels[:size])
    return (time.perf_counter() - began) * views / (-(-views // size) * size)
encoder.embed_images(pixels[:32])
began = time.perf_counter()
result = audit(f"{family}:{name}", pretrained="random", data=data, preset="full", k=50, out=cache + "/run",
               cache_dir=cache, batch_size=32, baseline_options={"epochs": "1"})
wall = time.perf_counter() - began
after = bare(32)
again = bare(32)
timings = result.record.timings
print(json.dumps({"wall": wall - timings["fit"], "bare": (after + again) / 2, "timings": timings,
                  "counts": result.record.data.counts}))
"""


def run(folder: Path) -> list[Bar]:
    """A ResNet-18 and a ViT-B-32 on 2,400 JPEG pictures of 500 x 375."""
    bars = []
    views = SIZES["public"] + SIZES["targets"] + SIZES["control"]
    with tempfile.TemporaryDirectory() as place:
        description = pictures.write(Path(place) / "data", **SIZES)
        for family, name in MODELS:
            cache = str(Path(place) / f"cache-{name}")
            seen = json.loads(
                whole("-c", SCRIPT % views, family, name, str(description), cache, env=ENV).output.splitlines()[-1]
            )
            print(
                {name: value for name, value in seen["timings"].items() if name != "views"},
                seen["bare"],
                file=sys.stderr,
            )
            what = f"wall of the audit less fitting / bare forward passes, {name}, {views:,} views"
            bars.append(Bar(what, seen["wall"] / seen["bare"], 1.15))
            embedded = sum(job["embedded"] for job in seen["timings"]["views"][:2])
            bars.append(Bar(f"views embedded by {name}", embedded, views, form="d", equal=True))
    return bars
