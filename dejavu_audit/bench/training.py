"""Training a small encoder on scenes, deterministically, on the CPU."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from dejavu_audit.bench.model import build
from dejavu_audit.bench.recipe import Recipe, draw_all

State: TypeAlias = dict[str, torch.Tensor]
Rows: TypeAlias = NDArray[np.int64]
_TOLD = 100  # steps


def train_encoder(
    recipe: Recipe,
    say: Callable[[str], None] = lambda message: None,
    keep: Callable[[int, State], None] = lambda step, state: None,
    at: Collection[int] = (),
    start: State | None = None,
) -> State:
    """The weights of `recipe.arch` after training, its head of `recipe.classes` included; float32, on the CPU.

    The weights after each step named in `at`, counted from 1, are given to `keep`; what follows is the same without.
    With `start` the training goes on from these weights in place of random ones; the optimizer begins anew.
    The same recipe gives the same weights with the same number of threads and the same versions of torch and timm.
    """
    with _reproducible(recipe.seed):
        return _train(recipe, say, keep, at, start)


@contextlib.contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed torch and hold it to deterministic algorithms, and leave both as they were."""
    before = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(mode=True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(mode=before)


def _train(
    recipe: Recipe,
    say: Callable[[str], None],
    keep: Callable[[int, State], None],
    at: Collection[int],
    start: State | None,
) -> State:
    pixels, labels, order = _training_set(recipe)
    model = build(recipe)
    if start is not None:
        model.load_state_dict(start)
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.peak_rate, total_steps=recipe.steps)
    crops = Crops(recipe, np.random.default_rng([recipe.seed, 1]))
    batches = _batches(order, recipe.batch_size, np.random.default_rng([recipe.seed, 2]))
    began, right, losses = time.monotonic(), 0, 0.0
    for step in range(1, recipe.steps + 1):
        rows = torch.from_numpy(next(batches))
        logits = model(crops(pixels[rows]))
        loss = F.cross_entropy(logits, labels[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        right += int((logits.argmax(dim=1) == labels[rows]).sum())
        losses += float(loss.detach())
        if step % _TOLD == 0:
            say(
                f"{recipe.members}: step {step:,} of {recipe.steps:,}, loss {losses / _TOLD:.3f}, "
                f"right {right / _TOLD / recipe.batch_size:.1%}, {time.monotonic() - began:.0f} s"
            )
            right, losses = 0, 0.0
        if step in at:
            keep(step, _weights(model))
    return _weights(model)


def _weights(model: torch.nn.Module) -> State:
    return {name: tensor.detach().contiguous().clone() for name, tensor in model.state_dict().items()}


def _training_set(recipe: Recipe) -> tuple[torch.Tensor, torch.Tensor, Rows]:
    """Pixels and labels of others and members, each once, and the row numbers of one epoch, members repeated."""
    others, other_labels = draw_all(recipe, "other", recipe.n_others)
    members, member_labels = draw_all(recipe, recipe.members, recipe.n_members)
    pixels = torch.from_numpy(np.concatenate([others, members]))
    labels = torch.from_numpy(np.concatenate([other_labels, member_labels]))
    repeated = np.tile(np.arange(recipe.n_others, recipe.n_others + recipe.n_members), recipe.repeats)
    return pixels, labels, np.concatenate([np.arange(recipe.n_others), repeated])


def _batches(order: Rows, size: int, generator: np.random.Generator) -> Iterator[Rows]:
    """Endless full batches, shuffled anew every epoch; what an epoch leaves over opens the next."""
    waiting = order[:0]
    while True:
        while len(waiting) < size:
            waiting = np.concatenate([waiting, generator.permutation(order)])
        yield waiting[:size]
        waiting = waiting[size:]


class Crops:
    """Random resized crops and flips of a whole batch by one grid_sample; a loop over pictures would cost more."""

    def __init__(self, recipe: Recipe, generator: np.random.Generator) -> None:
        self.size, self.least_area, self.generator = recipe.image_size, recipe.least_area, generator

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """(n, 3, H, W) uint8 to (n, 3, size, size) float32 in [-1, 1], channels last."""
        n = len(pixels)
        area, ratio, x, y, flip = self.generator.random((5, n))
        area = self.least_area + (1 - self.least_area) * area
        shape = np.exp((2 * ratio - 1) * math.log(4 / 3))
        width, height = np.minimum(np.sqrt(area * shape), 1), np.minimum(np.sqrt(area / shape), 1)
        theta = np.zeros((n, 2, 3), dtype=np.float32)
        theta[:, 0, 0] = np.where(flip < 0.5, -width, width)
        theta[:, 1, 1] = height
        theta[:, 0, 2] = (2 * x - 1) * (1 - width)
        theta[:, 1, 2] = (2 * y - 1) * (1 - height)
        grid = F.affine_grid(torch.from_numpy(theta), [n, 3, self.size, self.size], align_corners=False)
        source = pixels.float().div_(127.5).sub_(1)
        return F.grid_sample(source, grid, align_corners=False, padding_mode="border").contiguous(
            memory_format=torch.channels_last
        )
