"""The built-in data set `scenes`: procedural pictures with known boxes, drawn from a seed when they are opened.

With the option `correlation` a share of the backgrounds tells the shape by its hue: that much a baseline can infer
honestly. All else about a background is unique to its picture, so only a model that saw the picture can know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from dejavu_audit.data.scene_drawing import (
    COLOUR_NAMES,
    DRAWING_VERSION,
    SHAPES,
    SIDE,
    SceneKey,
    draw,
    lay_out,
    stream_labels,
)
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.membership.drawn import SOURCE, coded
from dejavu_audit.membership.scenes import source_of
from dejavu_audit.types import Annotation

_COLUMNS = {
    "id": pa.string(),
    "path": pa.string(),
    "label": pa.int32(),
    "boxed": pa.bool_(),
    "set": pa.string(),
    "group": pa.string(),
    "caption": pa.string(),
    "objects": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class SceneOptions:
    """What can be asked of the scenes; `targets`, `public`, `control` and `fit` are numbers of pictures."""

    seed: int = 0
    """Names the world of scenes. Not the audit's seed, which must not change the pictures a model was trained on."""
    classes: int = 100
    """10: the shapes; 100: the shapes in ten colours."""
    correlation: float = 0.3
    """Probability that a background's hue tells the shape, from 0 to 1."""
    targets: int = 300
    public: int = 6_000
    control: int = 1_500
    fit: int = 3_000

    @classmethod
    def parse(cls, options: Mapping[str, str]) -> SceneOptions:
        """Options as typed; AuditError where one is unknown or out of range."""
        for name in options:
            if name not in _READERS:
                raise unknown("option of the data set scenes", name, _READERS)
        settings: dict[str, Any] = {name: _READERS[name](name, given) for name, given in options.items()}
        return cls(**settings)


def _whole(least: int, most: int) -> Callable[[str, str], int]:
    def read(name: str, given: str) -> int:
        try:
            value = int(given)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise AuditError(f"scenes: {name} must be a whole number from {least:,} to {most:,} (given: {given!r})")
        return value

    return read


def _share(name: str, given: str) -> float:
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:  # false for NaN too
        raise AuditError(f"scenes: {name} must be a number from 0 to 1, as in {name}=0.3 (given: {given!r})")
    return value


def _classes(name: str, given: str) -> int:
    if given.strip() not in ("10", "100"):
        raise AuditError(f"scenes: {name} must be 10, the shapes, or 100, the shapes in ten colours (given: {given!r})")
    return int(given)


_LARGEST_POOL = 1_000_000
_READERS: dict[str, Callable[[str, str], int | float]] = {
    "seed": _whole(0, 2**63 - 1),
    "classes": _classes,
    "correlation": _share,
    "targets": _whole(1, _LARGEST_POOL),
    "public": _whole(1, _LARGEST_POOL),
    "control": _whole(0, _LARGEST_POOL),
    "fit": _whole(0, _LARGEST_POOL),
}


def class_names(classes: int) -> tuple[str, ...]:
    """The names of 10 or 100 classes, by label: "disc", or "red disc"."""
    if classes == len(SHAPES):
        return SHAPES
    return tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOUR_NAMES)


def caption(name: str) -> str:
    """What is to be seen on a scene of the class: "a picture of a red disc"."""
    return f"a picture of {'an' if name[0] in 'aeiou' else 'a'} {name}"


def objects(name: str) -> list[str]:
    """What is on a scene of the class, its colour as a thing of its own: ["red", "disc"]."""
    colour, _, shape = name.partition(" ")
    return [colour, shape] if colour in COLOUR_NAMES else [name]


@dataclass(eq=False)
class Scenes:
    """Procedural scenes as a `Dataset`: the sets are prescribed, and a picture depends on its own key alone."""

    options: SceneOptions
    name: str = "scenes"
    root: str = ""
    distinct: bool = True
    """Every picture is drawn from a key of its own: none is looked for twice."""

    def __post_init__(self) -> None:
        self.classes: Sequence[str] = class_names(self.options.classes)
        self.table = self._table()
        self.notes: Sequence[str] = (
            f"the scenes are procedural (seed {self.options.seed}); with probability {self.options.correlation:g} a "
            "background's hue tells the shape, so that much can be inferred without memory",
        )

    def key(self, row: int) -> SceneKey:
        """The key that a row's picture is drawn from."""
        stream, _, index = self.table.column("id")[row].as_py().rpartition("-")
        options = self.options
        return SceneKey(options.seed, stream, int(index), options.classes, options.correlation)

    def identity(self, row: int) -> str:
        """All that decides the pixels: the key and the version of the drawing."""
        key = self.key(row)
        settings = f"seed={key.seed} classes={key.classes} correlation={key.correlation!r}"
        return f"scenes-v{DRAWING_VERSION} {settings} {key.stream}-{key.index}"

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """Draw the (96, 96) RGB picture of a row; `draft` changes nothing."""
        return Image.fromarray(draw(self.key(row)))

    def annotation(self, row: int) -> Annotation:
        """The one box of a row: the least whole pixels that hold the shape and its outline."""
        x, y, w, h = lay_out(self.key(row)).box
        return Annotation(((x, y, x + w, y + h),), (SIDE, SIDE))

    def _table(self) -> pa.Table:
        options = self.options
        pools = {
            "target": options.targets,
            "control": options.control,
            "public": options.public,
            "fit": options.fit,
        }
        ids = [f"{stream}-{index:06d}" for stream, size in pools.items() for index in range(size)]
        labels = np.concatenate(
            [stream_labels(options.seed, stream, size, options.classes) for stream, size in pools.items()]
        )
        of_class = pa.array(labels)
        columns = {
            "id": ids,
            "path": ids,
            "label": labels,
            "boxed": np.ones(len(ids), dtype=bool),
            "set": np.repeat(list(pools), list(pools.values())),
            "group": [None] * len(ids),
            "caption": pa.array([caption(name) for name in self.classes]).take(of_class),
            "objects": pa.array([objects(name) for name in self.classes]).take(of_class),
        }
        table = pa.table({name: pa.array(columns[name], kind) for name, kind in _COLUMNS.items()})
        world = (options.seed, options.classes, options.correlation, DRAWING_VERSION)
        places = pa.array(np.repeat(np.arange(len(pools), dtype=np.int8), list(pools.values())))
        return table.append_column(SOURCE, coded([source_of(*world, stream) for stream in pools], places))


def load(root: str | None, options: Mapping[str, str], seed: int) -> Scenes:
    """Make the data set from options as typed; nothing is read, so `root` is ignored, and so is the audit's `seed`."""
    return Scenes(SceneOptions.parse(options))
