"""Photographs, tiles and stamps with planted near-duplicates, in memory: what the search for duplicates is measured on.

There are few real photographs to be had with packages: 19 of scikit-image and scikit-learn, 19 that come with tuxpaint.
They are cut into many tiles without overlap, whose near-duplicates are planted; other parts of the same photographs,
and of photographs that no target was cut from, must not be found.
"""

from __future__ import annotations

import gzip
import io
import tempfile
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import skimage.data
from PIL import Image, ImageEnhance
from sklearn.datasets import load_sample_images

from dejavu_audit.data.pictures import open_picture
from dejavu_audit.duplicates.search import find_duplicates
from dejavu_audit.inspection.inspecting import inspect
from dejavu_audit.progress import Silent
from dejavu_audit.types import Annotation

SKIMAGE = (
    *("astronaut", "coffee", "chelsea", "rocket", "hubble_deep_field", "retina", "immunohistochemistry", "camera"),
    *("moon", "coins", "brick", "grass", "gravel", "page", "text", "cell"),
)
TEMPLATES = Path("/usr/share/tuxpaint/templates")
STAMPS = Path("/usr/share/tuxpaint/stamps")
FASHION = Path("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
KINDS = ("JPEG of quality 50", "half the size", "crop of 10 % a side", "mild change of colour")
MORE = ("crop of 10 % of the area", "crop of 10 % a side, half the size, JPEG of quality 70", "turned left to right")
KEPT_FOR_TARGETS = 0.7
"""Share of a photograph's width that targets are cut from; the rest gives tiles that look like them and are not."""


@dataclass
class Album:
    """A data set of encoded pictures in memory."""

    pictures: list[bytes]
    name: str = "album"
    root: str = ""
    classes: tuple[str, ...] = ("any",)
    notes: tuple[str, ...] = ()
    opened: list[int] = field(default_factory=list)

    @property
    def table(self) -> pa.Table:
        return pa.table({"id": [f"picture-{number}" for number in range(len(self.pictures))]})

    def identity(self, row):
        return f"album {row}"

    def open(self, row, draft=None):
        self.opened.append(row)
        return open_picture(self.pictures[row], draft)

    def read(self, row):
        return self.pictures[row]

    def annotation(self, row):
        return Annotation(())


@cache
def photographs() -> dict[str, Image.Image]:
    """Those that are installed: at least scikit-image's."""
    found = {name: Image.fromarray(getattr(skimage.data, name)()).convert("RGB") for name in SKIMAGE}
    found["motorcycle"] = Image.open(Path(skimage.data.__file__).parent / "motorcycle_left.png").convert("RGB")
    found |= dict(zip(("china", "flower"), map(Image.fromarray, load_sample_images().images), strict=True))
    for file in sorted(TEMPLATES.glob("*.jpg")):
        found[file.stem] = Image.open(file).convert("RGB")
    return found


def targets(count: int, rng: np.random.Generator) -> list[Image.Image]:
    """Photographs, tiles of 4 x 5 of them, and stamps on windows into them, in an order drawn; two in three pictures'
    photographs are used, and of those the left part.
    """
    sources = _sources(True)
    found = [tile for photograph in sources for tile in tiles(photograph, 4, 5)] + sources
    stamped = stamps(max(0, count - len(found)), sources, rng)
    order = rng.permutation(len(found) + len(stamped))[:count]
    return [(found + stamped)[at] for at in order]


def strangers(count: int, rng: np.random.Generator) -> list[Image.Image]:
    """Windows into what no target was cut from: into the right part of the same photographs, and into other ones."""
    sources = _sources(False)
    return [window(sources[rng.integers(len(sources))], rng, 0.2, 0.7) for _ in range(count)]


def _sources(of_targets: bool) -> list[Image.Image]:
    found = []
    for number, photograph in enumerate(photographs().values()):
        cut = int(KEPT_FOR_TARGETS * photograph.width)
        left, right = (0, 0, cut, photograph.height), (cut, 0, photograph.width, photograph.height)
        if number % 3 < 2:
            found.append(photograph.crop(left if of_targets else right))
        elif not of_targets:
            found.append(photograph)
    return found


def tiles(photograph: Image.Image, rows: int, columns: int) -> list[Image.Image]:
    """Cut without overlap."""
    w, h = photograph.size
    xs, ys = np.linspace(0, w, columns + 1).astype(int), np.linspace(0, h, rows + 1).astype(int)
    return [photograph.crop((int(x0), int(y0), int(x1), int(y1))) for y0, y1 in pairwise(ys) for x0, x1 in pairwise(xs)]


def window(photograph: Image.Image, rng: np.random.Generator, least: float, most: float) -> Image.Image:
    """A window of 4 : 3 anywhere, its height a share of what fits."""
    share = rng.uniform(least, most)
    h = share * min(photograph.height, photograph.width * 3 / 4)
    w = h * 4 / 3
    x, y = rng.uniform(0, photograph.width - w), rng.uniform(0, photograph.height - h)
    return photograph.crop((int(x), int(y), int(x + w), int(y + h)))


def stamps(count: int, sources: list[Image.Image], rng: np.random.Generator) -> list[Image.Image]:
    """Stamps of tuxpaint, each once, on windows into photographs; as many as there are."""
    files = sorted(STAMPS.rglob("*.png"))
    found = []
    for at in rng.permutation(len(files))[:count]:
        back = window(sources[rng.integers(len(sources))], rng, 0.4, 0.9).resize((240, 180)).convert("RGBA")
        stamp = Image.open(files[at]).convert("RGBA")
        share = rng.uniform(0.6, 0.9) * min(240 / stamp.width, 180 / stamp.height)
        stamp = stamp.resize((max(1, int(share * stamp.width)), max(1, int(share * stamp.height))))
        at_x, at_y = rng.integers(0, 240 - stamp.width + 1), rng.integers(0, 180 - stamp.height + 1)
        back.alpha_composite(stamp, (int(at_x), int(at_y)))
        found.append(back.convert("RGB"))
    return found


def fashion(count: int, first: int = 0) -> list[Image.Image]:
    """Clothes of Fashion-MNIST, 28 x 28 on black."""
    with gzip.open(FASHION) as file:
        file.read(16 + first * 784)
        content = np.frombuffer(file.read(count * 784), np.uint8).reshape(-1, 28, 28)
    return [Image.fromarray(picture) for picture in content]


def planted(kind: str, picture: Image.Image, rng: np.random.Generator) -> bytes:
    """A near-duplicate of a picture, encoded as a PNG unless the kind says JPEG."""
    picture = picture.convert("RGB")
    if kind == "JPEG of quality 50":
        return encoded(picture, "JPEG", quality=50)
    if kind == "half the size":
        return encoded(_halved(picture))
    if kind == "crop of 10 % a side":
        return encoded(_cropped(picture, 0.9, rng))
    if kind == "crop of 10 % of the area":
        return encoded(_cropped(picture, 0.9**0.5, rng))
    if kind == "mild change of colour":
        return encoded(_recoloured(picture, rng))
    if kind == "turned left to right":
        return encoded(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    return encoded(_halved(_cropped(picture, 0.9, rng)), "JPEG", quality=70)


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    """The picture's file."""
    file = io.BytesIO()
    picture.save(file, kind, **({"compress_level": 1} if kind == "PNG" else options))
    return file.getvalue()


def _halved(picture: Image.Image) -> Image.Image:
    return picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)), Image.Resampling.BICUBIC)


def _cropped(picture: Image.Image, side: float, rng: np.random.Generator) -> Image.Image:
    w, h = max(1, round(side * picture.width)), max(1, round(side * picture.height))
    x, y = int(rng.integers(picture.width - w + 1)), int(rng.integers(picture.height - h + 1))
    return picture.crop((x, y, x + w, y + h))


def _recoloured(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Brightness and contrast by up to a fifth, saturation by up to 30 %, hue by up to 11 degrees."""
    for enhance, most in ((ImageEnhance.Brightness, 0.2), (ImageEnhance.Contrast, 0.2), (ImageEnhance.Color, 0.3)):
        picture = enhance(picture).enhance(rng.uniform(1 - most, 1 + most))
    hue, saturation, value = picture.convert("HSV").split()
    turn = int(rng.integers(-8, 9))
    turned = hue.point([(level + turn) % 256 for level in range(256)])
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


@dataclass(frozen=True)
class Planted:
    """Shares of the planted that were found, and of the others that were called duplicates."""

    right: float
    false: float


def plant(
    targets: list[Image.Image], strangers: list[Image.Image], kinds: tuple[str, ...], rng: np.random.Generator
) -> dict[str, Planted]:
    """By kind: of targets, and a public set of one near-duplicate of each among strangers, what does the search say?

    A planted one counts as found where the pair of it and its own target is listed.
    """
    n, m = len(targets), len(strangers)
    copies = [planted(kind, picture, rng) for kind in kinds for picture in targets]
    album = Album([*map(encoded, targets), *map(encoded, strangers), *copies])
    rows = np.arange(len(album.pictures))
    with tempfile.TemporaryDirectory() as cache:
        looks = inspect(album, rows, cache, workers=0, progress=Silent())
    told = {}
    for number, kind in enumerate(kinds):
        first = n + m + number * n
        sets = {"target": rows[:n], "public": np.concatenate([rows[n : n + m], rows[first : first + n]])}
        found = find_duplicates(looks, sets, album, workers=0, progress=Silent())
        row, other = (np.asarray(found.pairs[name]) for name in ("row", "other_row"))
        false = sum(n <= row < n + m for row in found.lost)
        told[kind] = Planted(len(set(row[other - row == first].tolist())) / n, false / max(1, m))
    return told
