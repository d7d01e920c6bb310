"""How an encoder with planted memorization is made, and the scenes that it sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from dejavu_audit.data.scene_drawing import SIDE, SceneKey, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Recipe:
    """One training run.

    The encoder must generalise on whole scenes and know its members' backgrounds by heart: the `others` teach the
    first; the `members`, each shown as often as `repeats` others, the second.
    """

    members: Literal["target", "twin"] = "target"
    """Which stream's scenes are repeated: the data set's targets, or others that no data set shows."""
    repeats: int = 60
    """Strength of memorization, as duplicates have in web data; 0: the members are not seen."""
    n_members: int = 300
    n_others: int = 6_000
    classes: int = 100
    correlation: float = 0.3
    scene_seed: int = 0
    arch: str = "test_resnet"
    projector: tuple[int, ...] = ()
    """Widths of the layers between backbone and head; none: the head stands on the backbone."""
    image_size: int = 64
    steps: int = 3_000
    batch_size: int = 128
    peak_rate: float = 3e-3
    weight_decay: float = 0.01
    least_area: float = 0.08
    """Smallest share of a scene that a training crop covers."""
    seed: int = 0

    def twin(self) -> Recipe:
        """The same in all but its members, which the audited data never show."""
        return replace(self, members="twin")

    def scene(self, stream: str, index: int) -> SceneKey:
        """Name one scene of this recipe's world."""
        return SceneKey(self.scene_seed, stream, index, self.classes, self.correlation)


def draw_all(recipe: Recipe, stream: str, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The first `count` scenes of a stream: (count, 3, SIDE, SIDE) pixels and (count,) labels."""
    keys = [recipe.scene(stream, index) for index in range(count)]
    pixels = np.empty((count, 3, SIDE, SIDE), dtype=np.uint8)
    for place, key in enumerate(keys):
        pixels[place] = draw(key).transpose(2, 0, 1)
    return pixels, np.array([key.label for key in keys], dtype=np.int64)
