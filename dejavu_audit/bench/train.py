"""`python -m dejavu_audit.bench.train`: make the two sample checkpoints, the memorizer and its twin."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import save_file

from dejavu_audit.bench.card import card, metadata
from dejavu_audit.bench.evaluation import Evaluation, evaluate
from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.bench.training import train_encoder


class Which(str, Enum):
    """The checkpoints to make."""

    memorizer = "memorizer"
    twin = "twin"
    both = "both"


def make(recipe: Recipe, file: Path, threads: int) -> Evaluation:
    """Train by a recipe, leave the weights in `file`, and say what they know; tells how far it is on the terminal."""
    torch.set_num_threads(threads)
    state = train_encoder(recipe, typer.echo)
    unfinished = file.with_suffix(".tmp")
    save_file(state, unfinished, metadata(recipe))
    unfinished.replace(file)
    found = evaluate(file, recipe)
    typer.echo(
        f"{file.name}: right on {found.whole:.1%} of whole scenes, {found.targets:.1%} of targets' backgrounds, "
        f"{found.control:.1%} of control's"
    )
    return found


def main(
    out: Annotated[Path, typer.Option(help="Folder for the checkpoints and their card.")],
    which: Annotated[Which, typer.Option(help="Which checkpoints; the card is written for both.")] = Which.both,
    steps: Annotated[int, typer.Option(min=10, help="Training steps of 128 pictures.")] = Recipe.steps,
    repeats: Annotated[
        int, typer.Option(min=0, help="How often each target is repeated: the strength of memorization.")
    ] = Recipe.repeats,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the weights and the order.")] = Recipe.seed,
    threads: Annotated[int, typer.Option(min=1, help="Threads a training; both run side by side.")] = 1,
) -> None:
    """Train the sample checkpoints on the CPU."""
    out.mkdir(parents=True, exist_ok=True)
    memorizer = Recipe(steps=steps, repeats=repeats, seed=seed)
    recipes = {"memorizer": memorizer, "twin": memorizer.twin()}
    if which is not Which.both:
        make(recipes[which.value], out / f"{which.value}.safetensors", threads)
        return
    # Processes of their own, and fresh ones: a forked torch may hang.
    with ProcessPoolExecutor(len(recipes), mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = {
            name: pool.submit(make, recipe, out / f"{name}.safetensors", threads) for name, recipe in recipes.items()
        }
        found = {name: job.result() for name, job in jobs.items()}
    versions = {name: version(name) for name in ("torch", "timm", "numpy")}
    (out / "CARD.md").write_text(card(recipes, found, versions), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
