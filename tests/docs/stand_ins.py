"""What the pages' commands name and nobody has here: small data at their places, and weights that load in no time."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dejavu_audit import samples
from dejavu_audit.report.reading import Run
from tests import captioned_data, pictures, tiny_clip

WEIGHTS = ("mine.pt", "ckpt.pt", "checkpoint.pt", "a.pt", "checkpoints/release.pt")
SIZES = {"public": 400, "control": 400, "fit": 150}
"""Of the built-in scenes: of 6,000, 1,500 and 3,000; the targets are all 300."""
AS_TOML = "".join(f"{name} = {size}\n" for name, size in SIZES.items())
AS_KEYWORDS = ", ".join(f"{name}={size}" for name, size in SIZES.items()) + ", workers=0"
OTHER_WEIGHTS = ("b.pt",)
RUNS = {
    "demo-memorizer": (
        "my-run", "clip-classifier", "clip-bayes", "epoch-10", "epoch-20", "epoch-30", "a", "RUN", "RUN_A", "NEW",
    ),
    "demo-twin": ("b", "RUN_B", "OLD"),
}  # fmt: skip
"""Runs that pages name, by the run of the demo that stands in for them."""


MORE_BIRDS = "".join(
    f'pictures/{n:04}.jpg,{("robin", "wren")[n % 2]},"[[10, 20, 90, 120]]",{("", "", "control")[n % 3]}\n'
    for n in range(10, 110)
)
"""Rows below those that the page shows of birds.csv: four pictures are too few for an audit."""
SWEEP = f"""
name = "memorizer and twin"
x = "repeats"
[audit]
family = "timm"
model = "test_resnet"
data = "scenes"
image_size = 64
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
k = 30
min_side = 24
{AS_TOML}utility = true
[[row]]
x = 60
pretrained = "memorizer.safetensors"
"""


def write(folder: Path) -> None:
    """Everything, under the names that the pages use."""
    folder.mkdir(parents=True, exist_ok=True)
    tree = pictures.write_devkit_tree(folder / "imagenet", classes=4, per_class=16, val_per_class=4)
    captioned_data.write_tar_shards(folder / "shards", 40)
    captioned_data.write_coco(folder / "coco", 40)
    _own_data(folder, tree)
    _birds(folder)
    _arrays(folder / "arrays")
    (folder / "small-sweep.toml").write_text(SWEEP, "utf-8")
    for name, file in samples.CHECKPOINTS.items():
        shutil.copy(file, folder / f"{name}.safetensors")
    (folder / "checkpoints").mkdir()
    weights = tiny_clip.write_weights(folder, seed=1), tiny_clip.write_weights(folder, seed=2)
    for names, file in ((WEIGHTS, weights[0]), (OTHER_WEIGHTS, weights[1])):
        for name in names:
            shutil.copy(file, folder / name)
    (folder / "README.md").write_text("# A model\n", "utf-8")
    (folder / "objects.txt").write_text("\n".join(captioned_data.OBJECTS), "utf-8")


def _own_data(folder: Path, tree: pictures.Tree) -> None:
    """mine.toml with its manifest, and the lists of which model was trained on which of its pictures."""
    (folder / "mine.toml").write_text('name = "mine"\nmanifest = "mine.csv"\nroot = "imagenet"\n', "utf-8")
    with (folder / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "boxes", "set"])
        for name, label in tree.labels.items():
            boxes = json.dumps(tree.boxes[name]) if name in tree.boxes else ""
            rows.writerow([name, tree.wnids[label], boxes, "control" if name.startswith("val") else ""])
    train = [name for name in tree.labels if name.startswith("train")]
    for file, own in (("a-trained-on.txt", train[::2]), ("b-trained-on.txt", train[1::2])):
        (folder / file).write_text("\n".join(own), "utf-8")


def _birds(folder: Path) -> None:
    """The pictures of the page on data formats."""
    rng = np.random.default_rng(0)
    for place in ("pictures", "pictures/robin", "heldout"):
        (folder / place).mkdir(exist_ok=True)
        for number in range(1, 4):
            _noise(rng).save(folder / place / f"{number:04}.jpg")
    for number in range(10, 110):
        _noise(rng).save(folder / "pictures" / f"{number:04}.jpg")


def _noise(rng: np.random.Generator) -> Image.Image:
    """A picture that is like no other."""
    return Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).resize((320, 240))


def _arrays(folder: Path) -> None:
    """The arrays that the page on plug-ins reads."""
    folder.mkdir()
    rng, n = np.random.default_rng(1), 240
    images = rng.integers(0, 255, (n, 12, 12, 3), np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    labels = np.arange(n) % 4
    images[:, :, 50:] = (60 * labels)[:, None, None, None]
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    np.save(folder / "boxes.npy", np.tile([50, 0, 96, 96], (n, 1)))
    np.save(folder / "held-out.npy", (np.arange(n) // 4) % 4 == 0)


def tiny_architecture(patch: pytest.MonkeyPatch) -> None:
    """Let open_clip take the tiny config for the architecture that the pages name."""
    import open_clip

    patch.setitem(open_clip.factory._MODEL_CONFIGS, "ViT-B-32", json.loads(json.dumps(tiny_clip.CONFIG)))


def small_demo(patch: pytest.MonkeyPatch) -> None:
    """Let the demo draw fewer pictures, but for its targets: the verdicts stay what they are."""
    for name, size in {**SIZES, "workers": 0}.items():  # decoded here: it is little
        patch.setitem(samples.AUDIT, name, size)


def no_report(run: Run, **_: object) -> Path:
    """The place of a report that is not built."""
    file = run.path / "report.html"
    file.touch()
    return file


def demo(folder: Path) -> Path:
    """The demo's two runs, made by its command."""
    from typer.testing import CliRunner

    from dejavu_audit.cli import main

    done = CliRunner().invoke(main.app, ["demo", "--out", str(folder), "--quiet"])
    assert done.exit_code == 0, done.output
    return folder
