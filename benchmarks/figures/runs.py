"""The trainings behind the figures: which members, how long, and which weights are kept on the way."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dejavu_audit.bench.card import metadata
from dejavu_audit.bench.recipe import Recipe

COMMAND = "python -m benchmarks.figures train"
PROJECTOR = (256, 256, 128)


@dataclass(frozen=True)
class Run:
    """One training, and the steps after which its weights are kept."""

    name: str
    recipe: Recipe
    kept: tuple[int, ...]

    def file(self, folder: Path, step: int) -> Path:
        """Where the weights after a step lie."""
        return folder / f"{self.name}-{step:05d}.safetensors"

    def made(self, step: int) -> dict[str, str]:
        """What the file's header says of how it was made."""
        return {**metadata(self.recipe), "made_by": COMMAND, "step": str(step)}

    def is_whole(self, folder: Path) -> bool:
        """Whether all its files are there, made by this very recipe."""
        from safetensors import safe_open

        for step in self.kept:
            if not self.file(folder, step).exists():
                return False
            with safe_open(self.file(folder, step), "pt") as file:
                if file.metadata() != self.made(step):
                    return False
        return True


def pictures_an_epoch(recipe: Recipe) -> int:
    """Others once, members as often as they are repeated."""
    return recipe.n_others + recipe.repeats * recipe.n_members


def steps_for(recipe: Recipe, epochs: float) -> int:
    """Steps after which so many epochs have been shown: the nearest whole number, half up."""
    return int(epochs * pictures_an_epoch(recipe) / recipe.batch_size + 0.5)


EPOCHS = (1, 2, 4, 6, 8, 12, 16)
"""After which the memorizer's and its twin's weights are kept."""
SIZES = (100, 300, 600)
"""Members of the trainings that differ in the amount of data."""
SIZE_EPOCHS = 6


def _over_time(name: str, recipe: Recipe) -> Run:
    return Run(name, recipe, tuple(steps_for(recipe, epochs) for epochs in EPOCHS))


def _of_size(members: int) -> Run:
    recipe = Recipe(n_members=members, projector=PROJECTOR)
    steps = steps_for(recipe, SIZE_EPOCHS)
    return Run(f"size-{members}", Recipe(n_members=members, projector=PROJECTOR, steps=steps), (steps,))


MEMORIZER = Recipe(projector=PROJECTOR)
RUNS = (
    _over_time("memorizer", MEMORIZER),
    _over_time("twin", MEMORIZER.twin()),
    *(_of_size(members) for members in reversed(SIZES)),  # the longest first, so that two processes end together
)


def train(run: Run, folder: Path) -> None:
    """Train, leave the weights in `folder`, and tell on stderr how far it is; weights that are there already stay."""
    import torch
    from safetensors.torch import save_file

    from dejavu_audit.bench.model import published
    from dejavu_audit.bench.training import State, train_encoder

    if run.is_whole(folder):
        print(f"{run.name}: there already", file=sys.stderr)
        return

    def keep(step: int, state: State) -> None:
        unfinished = run.file(folder, step).with_suffix(".tmp")
        save_file(published(state), unfinished, run.made(step))
        unfinished.replace(run.file(folder, step))

    torch.set_num_threads(1)
    train_encoder(run.recipe, lambda said: print(f"{run.name}: {said}", file=sys.stderr, flush=True), keep, run.kept)


def train_all(folder: Path, processes: int = 2) -> None:
    """All trainings, `processes` side by side with one thread each."""
    folder.mkdir(parents=True, exist_ok=True)
    # Fresh processes: a forked torch may hang.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for job in [pool.submit(train, run, folder) for run in RUNS]:
            job.result()
