"""`python -m dejavu_audit.bench.grid_training`: train the grid of real encoders; what is there already stays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import load_file, save_file

from dejavu_audit.bench.grid import FOLDER, GridCell, Training, grid
from dejavu_audit.bench.training import train_encoder
from dejavu_audit.bench.workers import spread


def train(training: Training, folder: Path) -> None:
    """Train on one thread, leave the weights in `folder`, and tell how far it is."""
    if training.is_whole(folder):
        typer.echo(f"{training.name}: there already")
        return
    torch.set_num_threads(1)
    start = None if training.start is None else load_file(training.start.file(folder))
    state = train_encoder(training.recipe, lambda said: typer.echo(f"{training.name}: {said}"), start=start)
    unfinished = training.file(folder).with_suffix(".tmp")
    save_file(state, unfinished, training.made)
    unfinished.replace(training.file(folder))


def train_cells(cells: Sequence[GridCell], folder: Path, processes: int) -> None:
    """Train what the cells need, `processes` side by side: what others go on from first."""
    folder.mkdir(parents=True, exist_ok=True)
    chains = [training.chain for cell in cells for training in (cell.encoder, cell.twin)]
    for stage in zip(*chains, strict=True):
        # By name: cells share what they go on from, and each is trained once.
        unique = {training.name: training for training in stage}
        spread(partial(train, folder=folder), list(unique.values()), processes, typer.echo)


def main(
    out: Annotated[Path, typer.Option(help="Folder for the weights.")] = FOLDER,
    processes: Annotated[int, typer.Option(min=1, help="Trainings side by side, one thread each.")] = 2,
) -> None:
    """Train encoders that saw their targets 0 to 30 times as often as other pictures, and a twin of each."""
    cells = grid()
    train_cells(cells, out, processes)
    typer.echo(f"{2 * len(cells)} encoders are in {out}")


if __name__ == "__main__":
    typer.run(main)
