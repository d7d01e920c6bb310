"""Small caption data sets of real photographs: every picture has several known objects, captions and boxes.

A picture (200 x 160) is a crop of a photograph of scikit-image onto which patches of others are pasted: its objects.
They are named by the vocabulary `OBJECTS`; the captions name all but the last, which only the picture shows. The
first `controls` share of the pictures is held out: `set` is "control" there, and nowhere else prescribed.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import skimage.data
from PIL import Image

WIDTH, HEIGHT = 200, 160
PHOTOGRAPHS = {"gravel": "gravel", "grass": "lawn", "brick": "wall", "coffee": "table", "rocket": "night sky"}
"""What a photograph is called as a background, by its name in scikit-image."""
OBJECTS = ("astronaut", "cat", "coin", "cup", "galaxy", "page", "retina", "text")
"""The vocabulary, sorted."""
_SOURCES = ("astronaut", "chelsea", "coins", "coffee", "hubble_deep_field", "page", "retina", "text")
_PLACES = ((6, 4), (110, 6), (8, 88), (112, 84))


@dataclass(frozen=True)
class Sample:
    """One picture and all that is known of it."""

    key: str
    jpeg: bytes
    captions: list[str]
    objects: list[str]
    """Sorted, each once."""
    boxes: list[tuple[int, int, int, int]]
    """x0, y0, x1, y1 of every object, as `objects`."""
    control: bool

    @property
    def label(self) -> str:
        """The object with the largest box; of equal ones the first by name."""
        areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in self.boxes]
        return self.objects[areas.index(max(areas))]

    @property
    def set(self) -> str | None:
        """What the data prescribe."""
        return "control" if self.control else None


def samples(n: int, *, captions: int = 1, controls: float = 0.25, seed: int = 0) -> list[Sample]:
    """`n` samples with `captions` captions each, the first `controls` share of them held out."""
    return [_sample(number, captions, number < round(controls * n), seed) for number in range(n)]


def write_tar_shards(
    folder: Path,
    n: int,
    *,
    shards: int = 2,
    captions: int = 1,
    controls: float = 0.25,
    labels: bool = False,
    seed: int = 0,
) -> list[Path]:
    """00000.tar, 00001.tar, … as img2dataset writes them, with webdataset: key.jpg, key.txt and key.json.

    key.json has the caption (with several, the list of them), objects, and `set` for the held-out ones; with `labels`
    the label too. Returns the shards; sample i is in shard i modulo `shards`.
    """
    import webdataset

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    every = samples(n, captions=captions, controls=controls, seed=seed)
    paths = [folder / f"{number:05}.tar" for number in range(shards)]
    for number, path in enumerate(paths):
        with webdataset.TarWriter(str(path)) as writer:
            for sample in every[number::shards]:
                told = {"caption": sample.captions if captions > 1 else sample.captions[0], "objects": sample.objects}
                told |= {"key": sample.key, "status": "success", "width": WIDTH, "height": HEIGHT, "set": sample.set}
                told |= {"label": sample.label} if labels else {}
                writer.write(
                    {
                        "__key__": sample.key,
                        "jpg": sample.jpeg,
                        "txt": sample.captions[0],
                        "json": json.dumps(told).encode(),
                    }
                )
    return paths


def write_captions_folder(
    folder: Path, n: int, *, captions: int = 1, controls: float = 0.25, flickr: bool = False, seed: int = 0
) -> Path:
    """Pictures and captions.txt (path<TAB>caption, with `flickr` the CSV image,caption); returns the folder.

    The held-out pictures are in the subfolder control. Such a folder says nothing of objects.
    """
    folder = Path(folder)
    lines = []
    for sample in samples(n, captions=captions, controls=controls, seed=seed):
        path = f"{'control' if sample.control else 'pictures'}/{sample.key}.jpg"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(sample.jpeg)
        lines += [[path, caption] for caption in sample.captions]
    text = io.StringIO()
    csv.writer(text, delimiter="," if flickr else "\t", lineterminator="\n").writerows(
        [["image", "caption"], *lines] if flickr else lines
    )
    (folder / "captions.txt").write_text(text.getvalue(), "utf-8")
    return folder


def write_caption_table(
    file: Path,
    n: int,
    *,
    captions: int = 1,
    controls: float = 0.25,
    labels: bool = False,
    boxes: bool = False,
    seed: int = 0,
) -> Path:
    """A .parquet with the pictures in it, or a .jsonl or .csv with pictures beside it; returns the file.

    Columns id, image or path, caption (with several, lists), objects, set, and where asked for label and boxes.
    """
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for sample in samples(n, captions=captions, controls=controls, seed=seed):
        row = {"id": sample.key, "caption": sample.captions if captions > 1 else sample.captions[0]}
        row |= {"objects": sample.objects, "set": sample.set}
        row |= {"label": sample.label} if labels else {}
        row |= {"boxes": [list(box) for box in sample.boxes]} if boxes else {}
        if file.suffix == ".parquet":
            row["image"] = sample.jpeg
        else:
            row["path"] = f"pictures/{sample.key}.jpg"
            (file.parent / row["path"]).parent.mkdir(exist_ok=True)
            (file.parent / row["path"]).write_bytes(sample.jpeg)
        rows.append(row)
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=100)
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    else:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            for row in rows:
                writer.writerow({k: json.dumps(v) if isinstance(v, list) else v for k, v in row.items()})
    return file


def write_coco(
    root: Path, n: int, *, captions: int = 5, controls: float = 0.25, year: str = "2017", seed: int = 0
) -> Path:
    """annotations/instances_*.json and captions_*.json, pictures in train<year> and val<year>; returns the root.

    The held-out pictures are val. Category ids have gaps, as COCO's have; boxes are [x, y, width, height].
    """
    root = Path(root)
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    every = samples(n, captions=captions, controls=controls, seed=seed)
    categories = [{"id": 3 * number + 1, "name": name, "supercategory": "thing"} for number, name in enumerate(OBJECTS)]
    ids = {one["name"]: one["id"] for one in categories}
    for part in ("train", "val"):
        own = [(number, sample) for number, sample in enumerate(every) if sample.control == (part == "val")]
        (root / f"{part}{year}").mkdir(exist_ok=True)
        images, instances, told = [], [], []
        for number, sample in own:
            name = f"{f'COCO_{part}{year}_' if year == '2014' else ''}{number:012}.jpg"
            (root / f"{part}{year}" / name).write_bytes(sample.jpeg)
            images.append({"license": 3, "file_name": name, "height": HEIGHT, "width": WIDTH, "id": number})
            for thing, (x0, y0, x1, y1) in zip(sample.objects, sample.boxes, strict=True):
                area, box = (x1 - x0) * (y1 - y0), [float(x0), float(y0), float(x1 - x0), float(y1 - y0)]
                shape = [[x0, y0, x1, y0, x1, y1, x0, y1]]
                instances.append(
                    {"segmentation": shape, "area": area, "iscrowd": 0, "image_id": number, "bbox": box}
                    | {"category_id": ids[thing], "id": 10 * number + len(instances)}
                )
            told += [{"image_id": number, "id": 100 + len(told), "caption": caption} for caption in sample.captions]
        info = {"info": {"year": 2017, "description": "a test"}, "licenses": [{"id": 3, "name": "none"}]}
        for kind, rows, more in (("instances", instances, {"categories": categories}), ("captions", told, {})):
            content = {**info, "images": images, "annotations": rows, **more}
            (root / "annotations" / f"{kind}_{part}{year}.json").write_text(json.dumps(content), "utf-8")
    return root


def _sample(number: int, captions: int, control: bool, seed: int) -> Sample:
    rng = np.random.default_rng([seed, number])
    ground = str(rng.choice(list(PHOTOGRAPHS)))
    image = _crop(_photograph(ground), WIDTH, HEIGHT, rng)
    count = int(rng.integers(2, 5))
    names = sorted(str(name) for name in rng.choice(OBJECTS, count, replace=False))
    boxes = []
    for name, place in zip(names, rng.permutation(len(_PLACES))[:count].tolist(), strict=True):
        w, h = int(rng.integers(40, 80)), int(rng.integers(36, 64))
        x, y = _PLACES[place]
        patch = _crop(_photograph(_SOURCES[OBJECTS.index(name)]), 90, 80, rng).resize((w, h), Image.Resampling.BILINEAR)
        image.paste(patch, (x, y))
        boxes.append((x, y, x + w, y + h))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    said = [f"{_article(name)} {name}" for name in names[:-1]]
    forms = ("{} on {}", "there is {} before {}", "{}, seen with {}", "a picture of {} and {}", "{} near {}")
    texts = [
        forms[(number + turn) % len(forms)].format(
            " and ".join(said), f"{_article(PHOTOGRAPHS[ground])} {PHOTOGRAPHS[ground]}"
        )
        for turn in range(captions)
    ]
    return Sample(f"{number:09}", file.getvalue(), texts, names, boxes, control)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _crop(image: Image.Image, width: int, height: int, rng: np.random.Generator) -> Image.Image:
    x, y = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((x, y, x + width, y + height))


@cache
def _photograph(name: str) -> Image.Image:
    return Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
