"""Drawing of one procedural scene: a coloured shape of known box on a background that no other scene has.

Every picture is a pure function of its `SceneKey`: nothing is stored. Only uniform numbers are drawn from the
generator, because their stream is the one that NumPy keeps the same from version to version; the sample checkpoints
remember these very pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dejavu_audit.types import Rect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DRAWING_VERSION = 1
"""Raised whenever the same key may give another picture; sample checkpoints must then be trained again."""
SIDE = 96
"""Width and height of every scene in pixels."""
RADII = (18.0, 22.5)
"""Least and largest radius in pixels of the disc that a shape fits into."""

SHAPES = ("disc", "square", "triangle", "flower", "cross", "ring", "diamond", "moon", "bar", "pair of bars")
COLOURS = {
    "white": (245, 245, 242),
    "black": (22, 22, 26),
    "red": (214, 34, 40),
    "green": (40, 160, 60),
    "blue": (36, 72, 210),
    "yellow": (248, 218, 40),
    "magenta": (214, 40, 190),
    "cyan": (60, 210, 226),
    "orange": (246, 134, 24),
    "brown": (122, 74, 38),
}
COLOUR_NAMES = tuple(COLOURS)
_RGB = np.array(list(COLOURS.values()), dtype=np.float32) / 255

# Every set of scenes is a stream of its own; "other" and "twin" are the bench's: no data set ever shows them.
STREAMS = {"target": 0, "public": 1, "control": 2, "fit": 3, "other": 4, "twin": 5}
_LABELS, _SCENES = 0, 1
_HUE_JITTER = 0.03
_TILT = np.pi / 9


@dataclass(frozen=True)
class SceneKey:
    """All that decides a scene: equal keys give equal pictures."""

    seed: int
    stream: str
    index: int
    classes: int = 100
    correlation: float = 0.3

    @property
    def label(self) -> int:
        """Class in [0, classes): every block of `classes` scenes of a stream has each class once, in a drawn order."""
        block, place = divmod(self.index, self.classes)
        return int(_block_labels(self.seed, STREAMS[self.stream], block, self.classes)[place])


class Scene(NamedTuple):
    """What is in a scene, without its pixels."""

    shape: int
    colour: int
    tied: bool
    """Whether the background's hue tells the shape."""
    coverage: Floats
    """(SIDE, SIDE) share of each pixel that the shape covers, its outline included."""
    body: Floats
    """(SIDE, SIDE) share that the shape covers without its outline."""
    generator: np.random.Generator
    """Where the background's numbers come from next."""

    @property
    def box(self) -> Rect:
        """The least rectangle of whole pixels that holds every touched one."""
        columns = np.flatnonzero(self.coverage.any(axis=0))
        rows = np.flatnonzero(self.coverage.any(axis=1))
        x, y = int(columns[0]), int(rows[0])
        return Rect(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


@cache
def _block_labels(seed: int, stream: int, block: int, classes: int) -> NDArray[np.int64]:
    numbers = np.random.default_rng([seed, stream, block, classes, _LABELS]).random(classes)
    return numbers.argsort(kind="stable")


def stream_labels(seed: int, stream: str, count: int, classes: int) -> NDArray[np.int64]:
    """The labels of the first `count` scenes of a stream, as `SceneKey.label` gives them one by one."""
    blocks = [_block_labels(seed, STREAMS[stream], block, classes) for block in range(-(-count // classes))]
    return np.concatenate([*blocks, np.empty(0, dtype=np.int64)])[:count]


def draw(key: SceneKey) -> NDArray[np.uint8]:
    """The scene as (SIDE, SIDE, 3) RGB, about a millisecond."""
    scene = lay_out(key)
    picture = _background(scene)
    ink = _RGB[scene.colour]
    # An outline of the opposite brightness parts a shape from a background of its own colour.
    outline = ink * 0.25 if ink.mean() > 0.3 else 1 - (1 - ink) * 0.35
    for cover, colour in ((scene.coverage, outline), (scene.body, ink)):
        picture += cover[..., None] * (colour.astype(np.float32) - picture)
    return (picture * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def lay_out(key: SceneKey) -> Scene:
    """Choose shape, colour, place and tilt, and cover the pixels; the background is not drawn yet."""
    generator = np.random.default_rng([key.seed, STREAMS[key.stream], key.index, _SCENES])
    chance, colour, size, x, y, tilt = generator.random(6)
    if key.classes == len(SHAPES):
        shape, ink = key.label, int(colour * len(COLOURS))
    else:
        shape, ink = divmod(key.label, len(COLOURS))
    radius = RADII[0] + size * (RADII[1] - RADII[0])
    room = SIDE - 2 * (radius + 1)
    centre = np.array([x, y]) * room + radius + 1
    coverage, body = _cover(shape, centre, radius, (2 * tilt - 1) * _TILT)
    return Scene(shape, ink, bool(chance < key.correlation), coverage, body, generator)


# Signed distances in units of the radius, negative inside, of shapes within the unit disc; y points down.
_Distance = Callable[["Floats", "Floats"], "Floats"]


def _box(u: Floats, v: Floats, half_width: float, half_height: float) -> Floats:
    distance: Floats = np.maximum(np.abs(u) - half_width, np.abs(v) - half_height)
    return distance


def _triangle(u: Floats, v: Floats) -> Floats:
    slanted = np.float32(np.sqrt(3) / 2) * np.abs(u) - v / 2
    distance: Floats = np.maximum(slanted, v) - np.float32(0.5)
    return distance


def _flower(u: Floats, v: Floats) -> Floats:
    petals = np.float32(0.76) + np.float32(0.24) * np.cos(5 * np.arctan2(u, -v))
    distance: Floats = (np.hypot(u, v) - petals) * np.float32(0.8)
    return distance


def _diamond(u: Floats, v: Floats) -> Floats:
    distance: Floats = (np.abs(u) * np.float32(1.7) + np.abs(v) - 1) * np.float32(0.507)
    return distance


def _moon(u: Floats, v: Floats) -> Floats:
    outer, inner = np.hypot(u, v) - 1, np.hypot(u - np.float32(0.55), v) - np.float32(0.85)
    distance: Floats = np.maximum(outer, -inner)
    return distance


_DISTANCES: dict[str, _Distance] = {
    "disc": lambda u, v: np.hypot(u, v) - np.float32(0.92),
    "square": lambda u, v: _box(u, v, 0.7, 0.7),
    "triangle": _triangle,
    "flower": _flower,
    "cross": lambda u, v: np.minimum(_box(u, v, 0.28, 0.94), _box(u, v, 0.94, 0.28)),
    "ring": lambda u, v: np.abs(np.hypot(u, v) - np.float32(0.74)) - np.float32(0.22),
    "diamond": _diamond,
    "moon": _moon,
    "bar": lambda u, v: _box(u, v, 0.96, 0.27),
    "pair of bars": lambda u, v: _box(np.abs(u) - np.float32(0.4), v, 0.17, 0.82),
}


@cache
def _pixels() -> tuple[Floats, Floats]:
    """(SIDE, 1) rows and (1, SIDE) columns of the pixels' centres."""
    centres = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
    return centres[:, None], centres[None, :]


def _cover(shape: int, centre: NDArray[np.float64], radius: float, tilt: float) -> tuple[Floats, Floats]:
    rows, columns = _pixels()
    x, y = (columns - np.float32(centre[0])), (rows - np.float32(centre[1]))
    cos, sin = np.float32(np.cos(tilt) / radius), np.float32(np.sin(tilt) / radius)
    pixels = _DISTANCES[SHAPES[shape]](cos * x + sin * y, cos * y - sin * x) * np.float32(radius)
    coverage = np.clip(np.float32(0.5) - pixels, 0, 1)
    body = np.clip(np.float32(-0.9) - pixels, 0, 1)
    return coverage, body


@cache
def _stretch() -> Floats:
    """(SIDE, 5) smooth interpolation weights that stretch a coarse field over the picture; rows sum to 1."""
    at = np.linspace(0, 4, SIDE)
    near = np.clip(1 - np.abs(at[:, None] - np.arange(5)), 0, 1)
    smooth = near * near * (3 - 2 * near)
    weights: Floats = (smooth / smooth.sum(axis=1, keepdims=True)).astype(np.float32)
    return weights


def _background(scene: Scene) -> Floats:
    """(SIDE, SIDE, 3) in [0, 1]: three colours blended by a 5 x 5 random field, a texture, a little noise."""
    generator, stretch = scene.generator, _stretch()
    colours = _three_colours(generator, scene)
    field = (generator.random((5, 5, 3)).astype(np.float32) - np.float32(0.5)) * 8
    shares = np.exp(stretch @ (stretch @ field.reshape(5, 15)).reshape(SIDE, 5, 3))
    shares /= shares.sum(axis=2, keepdims=True)
    picture = shares @ colours
    light = _texture(generator) + (generator.random((SIDE, SIDE), dtype=np.float32) - np.float32(0.5)) / 24
    return np.clip(picture + light[..., None], 0, 1)


def _three_colours(generator: np.random.Generator, scene: Scene) -> Floats:
    hues, saturations, values = generator.random((3, 3))
    jitter = (hues * 2 - 1) * _HUE_JITTER
    hues = scene.shape / len(SHAPES) + jitter if scene.tied else hues
    return _rgb(hues % 1, 0.25 + 0.6 * saturations, 0.3 + 0.65 * values)


def _rgb(hue: NDArray[np.float64], saturation: NDArray[np.float64], value: NDArray[np.float64]) -> Floats:
    """(n,) hues, saturations and values in [0, 1] to (n, 3) RGB."""
    sector = (np.array([5.0, 3.0, 1.0]) + 6 * hue[:, None]) % 6
    dip = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    rgb: Floats = (value[:, None] * (1 - saturation[:, None] * dip)).astype(np.float32)
    return rgb


def _texture(generator: np.random.Generator) -> Floats:
    """(SIDE, SIDE) brightness to add: stripes, checks, or none."""
    kind, angle, period, phase, depth = generator.random(5)
    rows, columns = _pixels()
    turn = np.pi * angle
    wave = 2 * np.pi / (6 + 12 * period)
    cos, sin = np.float32(wave * np.cos(turn)), np.float32(wave * np.sin(turn))
    along = np.sin(cos * columns + sin * rows + np.float32(2 * np.pi * phase))
    strength = np.float32(0.05 + 0.09 * depth)
    if kind < 1 / 3:
        return strength * along
    if kind < 2 / 3:
        return strength * np.sign(along) * np.sign(np.sin(cos * rows - sin * columns))
    return np.zeros((SIDE, SIDE), dtype=np.float32)
