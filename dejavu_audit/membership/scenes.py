"""The procedural scenes: which of them an encoder was trained on, by the recipe in its weights' header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

NAME = "scenes"
KEYS = {
    "seed": "recipe.scene_seed",
    "classes": "recipe.classes",
    "correlation": "recipe.correlation",
    "drawing": "drawing_version",
}
"""What a scene is drawn from, beside its stream and number, and where the header has it."""


class World(NamedTuple):
    """All that decides the scenes of a stream."""

    settings: Mapping[str, str]
    stream: str


def source_of(seed: int, classes: int, correlation: float, drawing: int, stream: str) -> str:
    """How the data set `scenes` names the source of its pictures; `world_of` reads it back."""
    return f"{NAME} seed={seed} classes={classes} correlation={correlation!r} drawing={drawing} {stream}"


def world_of(source: str) -> World | None:
    """The scenes that a source names; None where it names something else."""
    first, *settings = source.split(" ")
    if first != NAME or len(settings) != len(KEYS) + 1:
        return None
    pairs = dict(one.partition("=")[::2] for one in settings[:-1])
    return World(pairs, settings[-1]) if pairs.keys() == KEYS.keys() else None


class Recipe(NamedTuple):
    """What a header says of a training on scenes."""

    settings: Mapping[str, str]
    stream: str
    members: int
    """How many scenes of the stream, from the first on, were repeated; 0: none was seen."""
    repeats: int

    def saw(self, world: World, ids: Sequence[str]) -> int:
        """How many of the scenes of these ids it was trained on."""
        same = all(float(world.settings[name]) == float(self.settings[name]) for name in KEYS)
        if not same or world.stream != self.stream:
            return 0
        return sum(int(one.partition("#")[0].rpartition("-")[2]) < self.members for one in ids)


def recipe_of(header: Mapping[str, str]) -> Recipe | None:
    """The recipe of an encoder that was trained on scenes; None for any other header."""
    try:
        repeats = int(header["recipe.repeats"])
        settings = {name: header[key] for name, key in KEYS.items()}
        for value in settings.values():
            float(value)
        members = int(header["recipe.n_members"]) if repeats else 0
        return Recipe(settings, header["recipe.members"], members, repeats)
    except (KeyError, ValueError):
        return None
