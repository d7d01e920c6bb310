"""Duplicates: what is found of planted ones, what is found that is none, and what a million pictures cost.

And what the look at every picture costs beside decoding it fully, and beside embedding it with a small encoder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import doubles, pictures
from benchmarks.bar import ENV, AtLeast, Bar, whole

TARGETS, STRANGERS, CLOTHES = 1_000, 4_000, 20_000
MILLION = 1_000_000

COST = """
import json, sys, time
import numpy as np
from dejavu_audit.config import AuditConfig
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.embeddings.store import Store
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.embeddings.views import View
from dejavu_audit.encoders.loading import load_encoder
from dejavu_audit.inspection.inspecting import inspect
from dejavu_audit.progress import Silent
from dejavu_audit.types import EncoderRequest
data, cache = sys.argv[1:]
dataset = load_dataset(AuditConfig.resolve(family="timm", model="test_resnet", data=data))
rows = np.arange(dataset.table.num_rows)
def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
def decode():
    for row in rows:
        dataset.open(int(row))
encoder = load_encoder("timm", EncoderRequest(model="test_resnet", pretrained="random", batch_size=64))
decode()
decoding = timed(decode)
looking = timed(lambda: inspect(dataset, rows, cache, workers=0, progress=Silent()))
again = timed(lambda: inspect(dataset, rows, cache, workers=0, progress=Silent()))
decoding = (decoding + timed(decode)) / 2
view = [(View(encoder, None), rows)]
embedding = timed(lambda: embed_views(dataset, view, Store(cache), workers=0, progress=Silent()))
print(json.dumps({"decoding": decoding, "looking": looking, "again": again, "embedding": embedding, "n": len(rows)}))
"""


def run(folder: Path) -> list[Bar]:
    """Photographs, clothes, a million, and the cost of looking."""
    bars = [*_photographs(), *_clothes()]
    with tempfile.TemporaryDirectory() as place:
        whole("-m", "benchmarks.million", "make", place, str(MILLION))
        seconds, peak, found, gone = map(
            float, whole("-m", "benchmarks.million", "search", place, str(MILLION), env=ENV).output.split()
        )
        print(f"{found:.0f} of the planted ones went, {gone:.0f} pictures in all", file=sys.stderr)
        what = f"search among {MILLION:,} pictures"
        bars += [
            Bar(what, seconds, 60, " s", ".1f"),
            Bar(f"{what}: peak memory of the process", peak, 2, " GiB"),
            AtLeast(f"{what}: planted ones found", found / 10, 95, " %", ".1f"),
        ]
    with tempfile.TemporaryDirectory() as place:
        description = pictures.write(Path(place) / "data", public=600, targets=100, control=100, fit=200)
        cost = json.loads(whole("-c", COST, str(description), f"{place}/cache", env=ENV).output.splitlines()[-1])
    print(cost, file=sys.stderr)
    bars += [
        Bar("looking at pictures of 500 x 375 / decoding them fully", cost["looking"] / cost["decoding"], 1.5),
        Bar("looking at pictures of 500 x 375 / embedding them, test_resnet", cost["looking"] / cost["embedding"], 0.7),
        Bar("looking again, from the cache / looking", cost["again"] / cost["looking"], 0.1),
    ]
    return bars


def _photographs() -> list[Bar]:
    rng = np.random.default_rng(0)
    targets, strangers = doubles.targets(TARGETS, rng), doubles.strangers(STRANGERS, rng)
    found = doubles.plant(targets, strangers, (*doubles.KINDS, *doubles.MORE), rng)
    for kind in doubles.MORE:
        print(f"{kind}: {found[kind]}", file=sys.stderr)
    false = max(one.false for one in found.values())
    return [
        *(
            AtLeast(f"planted near-duplicates found: {kind}", 100 * found[kind].right, 95, " %", ".1f")
            for kind in doubles.KINDS
        ),
        Bar("pictures that are none, called near-duplicates: photographs", 100 * false, 0.1, " %", ".3f"),
    ]


def _clothes() -> list[Bar]:
    pictures = doubles.fashion(TARGETS + CLOTHES)
    kind = doubles.KINDS[0]
    found = doubles.plant(pictures[:TARGETS], pictures[TARGETS:], (kind,), np.random.default_rng(0))[kind]
    return [Bar("pictures that are none, called near-duplicates: Fashion-MNIST", 100 * found.false, 0.1, " %", ".3f")]
