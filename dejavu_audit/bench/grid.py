"""The grid of real encoders with planted memorization: which trainings there are, and where their weights lie."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dejavu_audit.bench.card import metadata
from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.errors import AuditError

FOLDER = Path(".bench")
"""Under the folder that a command is run in; out of git."""
COMMAND = "python -m dejavu_audit.bench.grid_training"
CLASSES = (10, 100)
CORRELATIONS = (0.0, 0.3)
REPEATS = (0, 1, 3, 10, 30)
TARGETS = 600
IMAGE_SIZE = 40

BASES = {
    10: Recipe(repeats=0, n_members=0, n_others=3_000, classes=10, image_size=IMAGE_SIZE, steps=1_600, batch_size=64),
    100: Recipe(repeats=0, n_members=0, n_others=6_000, classes=100, image_size=IMAGE_SIZE, steps=2_800, batch_size=64),
}
"""The first training by number of classes: general skill, from others alone."""
BRANCH = Recipe(n_members=TARGETS, n_others=900, image_size=IMAGE_SIZE, batch_size=64)
"""The later ones, from where the first ended: members among a few of the same others."""
CYCLES = (1_600, 2_400)
"""Steps of the later trainings, one after the other: the learning rate goes up and down once in each.

One more number makes stronger memories: each training goes on from the weights that lie there already. The first
cycle alone left memories of 0 to 8 points, no larger than the intervals, and a rank correlation of 0.86 with the truth;
the second was added when that had been seen.
"""


@dataclass(frozen=True)
class Training:
    """One training and the weights that it leaves."""

    name: str
    recipe: Recipe
    start: Training | None = None
    """The training whose weights it goes on from; None: from random ones."""

    def file(self, folder: Path) -> Path:
        """Where the weights lie."""
        return folder / f"{self.name}.safetensors"

    @property
    def chain(self) -> list[Training]:
        """The trainings that it goes on from, the first of them first, and itself."""
        return [*(self.start.chain if self.start else []), self]

    @cached_property
    def made(self) -> dict[str, str]:
        """What the file's header says of how it was made, the start included."""
        before = {} if self.start is None else {f"start.{name}": value for name, value in self.start.made.items()}
        return {**metadata(self.recipe), "made_by": COMMAND, **before}

    def is_whole(self, folder: Path) -> bool:
        """Whether the weights are there, made by this very recipe."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.file(folder), "pt") as file:
                return bool(file.metadata() == self.made)
        except (OSError, SafetensorError):
            return False


@dataclass(frozen=True)
class GridCell:
    """One setting: an encoder, and its twin that never saw the targets."""

    classes: int
    correlation: float
    repeats: int

    @property
    def name(self) -> str:
        """As in "100-0.3-30"."""
        return f"{self.classes}-{self.correlation:g}-{self.repeats}"

    @property
    def base(self) -> Training:
        """What both go on from: it saw neither the targets nor what the twin has in their place."""
        recipe = replace(BASES[self.classes], correlation=self.correlation)
        return Training(f"base-{self.classes}-{self.correlation:g}", recipe)

    @property
    def encoder(self) -> Training:
        """The encoder that is audited."""
        return self._trained("encoder", self._branch, other=False)

    @property
    def twin(self) -> Training:
        """The same with other scenes in the targets' place; without members to differ in, with other seeds."""
        if self.repeats:
            return self._trained("twin", self._branch.twin(), other=False)
        return self._trained("twin", self._branch, other=True)

    @property
    def _branch(self) -> Recipe:
        return replace(BRANCH, classes=self.classes, correlation=self.correlation, repeats=self.repeats)

    def _trained(self, who: str, recipe: Recipe, *, other: bool) -> Training:
        """All later trainings, one after the other, each with seeds of its own; named by the steps of all."""
        training, taken = self.base, 0
        for cycle, steps in enumerate(CYCLES):
            taken += steps
            seeded = replace(recipe, steps=steps, seed=2 * cycle + (2 if other else 1))
            training = Training(f"{who}-{self.name}-{taken}", seeded, training)
        return training


def grid() -> list[GridCell]:
    """All settings: by classes, then correlation, then repeats."""
    return [GridCell(*setting) for setting in itertools.product(CLASSES, CORRELATIONS, REPEATS)]


def refuse_if_missing(cells: Sequence[GridCell], folder: Path) -> None:
    """AuditError where the weights of a cell are not there, or were made by another recipe."""
    wanted = [training for cell in cells for training in (cell.encoder, cell.twin)]
    missing = [training.name for training in wanted if not training.is_whole(folder)]
    if missing:
        raise AuditError(
            f"{len(missing)} of the {len(wanted)} encoders with planted memorization are not in {folder} "
            f"(the first: {missing[0]}); make them with `{COMMAND}`"
        )
