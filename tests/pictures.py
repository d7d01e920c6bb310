"""ILSVRC trees of real pictures, small and with known boxes: photographs of skimage, cut and pasted by a seed.

A class is a patch of some photograph, pasted with jitter onto a crop drawn from all of them: the boxes are true and the
background says nothing of the class. Each picture (300 x 240) has a side of at least 130 px free of boxes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image
from scipy.io import savemat

WIDTH, HEIGHT = 300, 240
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "brick", "grass", "gravel")
NAMES = {
    "n01440764": "tench, Tinca tinca",
    "n01443537": "goldfish, Carassius auratus",
    "n01484850": "great white shark, white shark",
    "n01491361": "tiger shark, Galeocerdo cuvieri",
    "n01494475": "hammerhead, hammerhead shark",
    "n01496331": "electric ray, crampfish",
}


@dataclass
class Tree:
    """What was written, by the picture's path relative to the root."""

    root: Path
    wnids: list[str]
    labels: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    """Only of pictures with an annotation file."""


def write_devkit_tree(
    root: Path,
    classes: int = 4,
    per_class: int = 6,
    *,
    val_per_class: int = 2,
    flat_val: bool = False,
    boxed: float = 0.7,
    annotation: str = "Annotation",
    seed: int = 0,
) -> Tree:
    """train/<wnid>/*.JPEG, <annotation>/<wnid>/*.xml, synset_words.txt; val by class, or flat with the ground truth.

    The first `boxed` share of each class has annotation files; all of val has.
    """
    tree, rng = Tree(Path(root), _wnids(classes)), np.random.default_rng(seed)
    _write_train(tree, "train", annotation, per_class, boxed, rng)
    truth = _write_val(tree, "val", f"{annotation}/val", val_per_class, flat_val, rng)
    _write_names(tree, "synset_words.txt")
    if flat_val and truth:
        write_ground_truth(tree, [label for _, label in truth])
    return tree


def write_kaggle_tree(
    root: Path, classes: int = 4, per_class: int = 6, *, val_per_class: int = 2, boxed: float = 0.7, seed: int = 0
) -> Tree:
    """ILSVRC/Data/CLS-LOC, ILSVRC/Annotations/CLS-LOC, LOC_val_solution.csv and LOC_synset_mapping.txt."""
    tree, rng = Tree(Path(root), _wnids(classes)), np.random.default_rng(seed)
    data, annotations = "ILSVRC/Data/CLS-LOC", "ILSVRC/Annotations/CLS-LOC"
    _write_train(tree, f"{data}/train", f"{annotations}/train", per_class, boxed, rng)
    truth = _write_val(tree, f"{data}/val", f"{annotations}/val", val_per_class, True, rng)
    _write_names(tree, "LOC_synset_mapping.txt")
    with (tree.root / "LOC_val_solution.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ImageId", "PredictionString"])
        for name, label in reversed(truth):  # the real one is not sorted either
            writer.writerow([Path(name).stem, "".join(f"{tree.wnids[label]} {_spaced(b)} " for b in tree.boxes[name])])
    return tree


def write_ground_truth(tree: Tree, labels: list[int], folder: str = "ILSVRC2012_devkit_t12/data") -> None:
    """The devkit's ground truth and meta.mat, whose numbers run against the order of the WordNet ids."""
    place = tree.root / folder
    place.mkdir(parents=True, exist_ok=True)
    numbers = {label: len(tree.wnids) - label for label in range(len(tree.wnids))}
    (place / "ILSVRC2012_validation_ground_truth.txt").write_text("".join(f"{numbers[label]}\n" for label in labels))
    fields = ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height")
    synsets = np.zeros((len(tree.wnids) + 1, 1), dtype=[(name, object) for name in fields])
    for label, wnid in enumerate(tree.wnids):
        children = np.zeros((1, 0))
        synsets[numbers[label] - 1, 0] = (np.uint16(numbers[label]), wnid, "words", "gloss", np.uint8(0), children, 0)
    above = np.arange(len(tree.wnids))  # an inner node of WordNet, as the real file has too
    synsets[-1, 0] = (np.uint16(len(tree.wnids) + 1), "n00001740", "entity", "gloss", np.uint8(1), above, 1)
    savemat(place / "meta.mat", {"synsets": synsets}, do_compression=True)


def picture(label: int, classes: int, rng: np.random.Generator) -> tuple[Image.Image, list[tuple[int, int, int, int]]]:
    """One picture of a class, with the boxes of all its objects, its own class first."""
    image = _crop(str(rng.choice(PHOTOGRAPHS)), WIDTH, HEIGHT, rng)
    mirrored = bool(rng.integers(2))
    boxes = []
    tops = [int(rng.integers(5, 20)), int(rng.integers(140, 150))]
    for top, who in zip(tops, [label, int(rng.integers(classes))], strict=True):
        if boxes and rng.random() < 0.7:
            break  # most pictures have one object
        w, h = int(rng.integers(80, 121)), int(rng.integers(80, 121) if not boxes else rng.integers(60, 86))
        left = int(rng.integers(8, 41))
        left = WIDTH - left - w if mirrored else left
        image.paste(_foreground(who).resize((w, h), Image.Resampling.BILINEAR), (left, top))
        boxes.append((left, top, left + w, top + h))
    return image, boxes


def _write_train(tree: Tree, data: str, boxes: str, per_class: int, boxed: float, rng: np.random.Generator) -> None:
    for label, wnid in enumerate(tree.wnids):
        for i in range(per_class):
            place = boxes if i < round(boxed * per_class) else None
            _write_one(tree, f"{data}/{wnid}/{wnid}_{i}.JPEG", label, f"{place}/{wnid}" if place else None, rng)


def _write_val(
    tree: Tree, data: str, boxes: str, per_class: int, flat: bool, rng: np.random.Generator
) -> list[tuple[str, int]]:
    written = []
    for i, label in enumerate(rng.permutation(np.repeat(np.arange(len(tree.wnids)), per_class)).tolist()):
        name = f"{data}/{'' if flat else tree.wnids[label] + '/'}ILSVRC2012_val_{i + 1:08}.JPEG"
        _write_one(tree, name, label, boxes, rng)
        written.append((name, label))
    return written


def _write_one(tree: Tree, name: str, label: int, boxes: str | None, rng: np.random.Generator) -> None:
    path = tree.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image, found = picture(label, len(tree.wnids), rng)
    image.save(path, quality=90)
    tree.labels[name] = label
    if boxes is not None:
        xml = tree.root / boxes / f"{path.stem}.xml"
        xml.parent.mkdir(parents=True, exist_ok=True)
        xml.write_text(annotation_xml(path.stem, tree.wnids[label], found, image.size))
        tree.boxes[name] = found


def annotation_xml(stem: str, wnid: str, boxes: list[tuple[int, int, int, int]], size: tuple[int, int]) -> str:
    """An annotation file as ILSVRC writes it."""
    objects = "".join(
        f"\t<object>\n\t\t<name>{wnid}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n\t\t<bndbox>\n"
        f"\t\t\t<xmin>{x0}</xmin>\n\t\t\t<ymin>{y0}</ymin>\n\t\t\t<xmax>{x1}</xmax>\n\t\t\t<ymax>{y1}</ymax>\n"
        "\t\t</bndbox>\n\t</object>\n"
        for x0, y0, x1, y1 in boxes
    )
    return (
        f"<annotation>\n\t<folder>{wnid}</folder>\n\t<filename>{stem}</filename>\n\t<size>\n\t\t<width>{size[0]}</width>\n"
        f"\t\t<height>{size[1]}</height>\n\t\t<depth>3</depth>\n\t</size>\n\t<segmented>0</segmented>\n{objects}</annotation>"
    )


def _write_names(tree: Tree, file: str) -> None:
    lines = [f"{wnid} {NAMES.get(wnid, f'thing {wnid}, a patch')}\n" for wnid in tree.wnids]
    (tree.root / file).write_text("".join(lines))


def _wnids(classes: int) -> list[str]:
    return [*NAMES, *(f"n{90_000_000 + i}" for i in range(classes))][:classes]


def _source(label: int) -> str:
    return PHOTOGRAPHS[label % len(PHOTOGRAPHS)]


@cache
def _foreground(label: int) -> Image.Image:
    """What a class looks like: one patch of its photograph, toned so that classes of one photograph differ."""
    rng = np.random.default_rng(10_000 + label)
    patch = np.asarray(_crop(_source(label), 100, 100, rng), dtype=float)
    return Image.fromarray((patch * rng.uniform(0.3, 1, 3)).astype(np.uint8))


def _crop(name: str, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    image = _photograph(name)
    x, y = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((x, y, x + width, y + height))


@cache
def _photograph(name: str) -> Image.Image:
    return Image.fromarray(getattr(skimage.data, name)()).convert("RGB")


def _spaced(box: tuple[int, int, int, int]) -> str:
    return " ".join(map(str, box))
