"""A data set of ImageNet's size of picture, for the benchmarks: crops of real photographs as JPEG, one box each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "immunohistochemistry", "retina")


def write(
    folder: Path, *, public: int, targets: int, control: int, fit: int, classes: int = 10, size=(500, 375)
) -> Path:
    """Write pictures, manifest and description; returns the description's path."""
    rng = np.random.default_rng(0)
    photographs = [Image.fromarray(getattr(data, name)()).convert("RGB") for name in PHOTOGRAPHS]
    lines = []
    (folder / "pictures").mkdir(parents=True)
    for name, count in {"public": public, "target": targets, "control": control, "fit": fit}.items():
        for number in range(count):
            photograph = photographs[rng.integers(len(photographs))]
            side = rng.uniform(0.4, 0.9) * min(photograph.size[0] / size[0], photograph.size[1] / size[1])
            w, h = side * size[0], side * size[1]
            x, y = rng.uniform(0, photograph.size[0] - w), rng.uniform(0, photograph.size[1] - h)
            picture = photograph.resize(size, Image.Resampling.BICUBIC, box=(x, y, x + w, y + h))
            path = f"pictures/{name}-{number:06}.jpg"
            picture.save(folder / path, quality=90)
            box = [
                int(v)
                for v in (rng.integers(250, 330), rng.integers(20, 80), rng.integers(380, 490), rng.integers(200, 360))
            ]
            lines.append(json.dumps({"path": path, "label": f"class {number % classes}", "set": name, "boxes": [box]}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    description = folder / "bench.toml"
    description.write_text('name = "bench"\nmanifest = "manifest.jsonl"\n', encoding="utf-8")
    return description
