"""What the trained baselines share: a held-back part, a training loop with early stopping, where it runs."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn import functional as F

from dejavu_audit.errors import AuditError
from dejavu_baselines.calibration import Calibration, calibrate

if TYPE_CHECKING:
    from dejavu_audit.types import Array, Progress

Batches: TypeAlias = Callable[[NDArray[np.int64]], torch.Tensor]
"""Row numbers to the tensor of these rows that the network takes, on its device."""

HELD_BACK = 0.1
"""Share of the fit set that only stops and calibrates the training."""
FEWEST = 20
"""Crops that a fit needs."""

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: AdamW, one cycle of the learning rate, early stopping."""

    epochs: int
    batch: int
    lr: float
    weight_decay: float
    patience: int
    """Epochs without a better held-back log-loss after which training ends."""
    precision: str = "fp32"


@dataclass(frozen=True)
class Held:
    """How a classifier, once calibrated, does on the held-back part."""

    calibration: Calibration
    log_loss: float
    accuracy: float
    prior_log_loss: float
    """What the class prior alone would have: no less, and the classifier has learned nothing."""

    def state(self) -> dict[str, Array]:
        """The calibration, and the 0-d arrays that the auditor shows."""
        return {
            **self.calibration.state(),
            "diagnostic_held_back_accuracy": np.asarray(self.accuracy, np.float64),
            "diagnostic_held_back_log_loss": np.asarray(self.log_loss, np.float64),
            "diagnostic_prior_log_loss": np.asarray(self.prior_log_loss, np.float64),
            "diagnostic_temperature": np.asarray(self.calibration.temperature, np.float64),
            "diagnostic_prior_weight": np.asarray(self.calibration.prior_weight, np.float64),
        }


@dataclass(frozen=True)
class Fit:
    """How the kept epoch did. The network itself was changed in place."""

    held: Held
    epochs: int
    best_epoch: int

    def state(self) -> dict[str, Array]:
        """The calibration, and the 0-d arrays that the auditor shows."""
        return {
            **self.held.state(),
            "diagnostic_epochs": np.asarray(self.epochs, np.int64),
            "diagnostic_best_epoch": np.asarray(self.best_epoch, np.int64),
        }


def choose_device(name: str) -> torch.device:
    """The device asked for; "auto" takes a GPU where there is one. AuditError where it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if not there.get(name.split(":")[0], False):
        raise AuditError(f"--device {name}: this machine has none; choose --device auto")
    return torch.device(name)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Torch's random numbers start from `seed` inside, and go on outside as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def enough(labels: ArrayLike, baseline: str) -> None:
    """AuditError where a fit set is too small to learn from."""
    n, classes = len(np.asarray(labels)), len(np.unique(labels))
    if n < FEWEST or classes < 2:
        raise AuditError(
            f"the baseline {baseline} cannot be fitted on {n} crops of {classes} classes: "
            f"it needs at least {FEWEST} crops of 2 classes; raise --fit (with --folds 2 --targets)"
        )


def hold_back(
    labels: ArrayLike, rng: np.random.Generator, share: float = HELD_BACK
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers to train on and to hold back, both ascending; `share` of each class is held back.

    Every n-th picture in the order of the classes, shuffled within each: as even as small classes allow. A class of a
    single picture is trained on, unless all are such: early stopping needs a judge.
    """
    y = np.asarray(labels, np.int64)
    shuffled = rng.permutation(len(y))
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    sizes = np.bincount(y)
    several = by_class[sizes[y[by_class]] > 1]
    pool = several if len(several) else by_class
    every = round(1 / share)
    held = np.sort(pool[rng.integers(min(every, len(pool))) :: every])
    return np.setdiff1d(np.arange(len(y)), held), held


def scores(
    network: torch.nn.Module, batches: Batches, rows: NDArray[np.int64], n_classes: int, block: int = 256
) -> NDArray[np.float32]:
    """(len(rows), n_classes) raw scores of a network in evaluation mode."""
    network.eval()
    with torch.inference_mode():
        parts = [network(batches(rows[i : i + block])).float().cpu().numpy() for i in range(0, len(rows), block)]
    return np.concatenate(parts) if parts else np.zeros((0, n_classes), np.float32)


def train(
    network: torch.nn.Module,
    varied: Batches,
    plain: Batches,
    labels: NDArray[np.int64],
    prior: NDArray[np.float64],
    parts: tuple[NDArray[np.int64], NDArray[np.int64]],
    recipe: Recipe,
    rng: np.random.Generator,
    progress: Progress,
) -> Fit:
    """Train in place and leave the network as it was after the epoch that did best on the held-back part.

    `varied` gives augmented batches to train on, `plain` the same rows as they are predicted from; `parts` is
    `hold_back`'s. The epochs are compared by their log-loss after calibration, so that what counts is what a network
    knows and not how sure it is.
    """
    taught, held = parts
    device = next(network.parameters()).device
    answers = torch.from_numpy(labels).to(device)
    steps = math.ceil(len(taught) / recipe.batch)
    optimizer = torch.optim.AdamW(_decayed(network, recipe.weight_decay), lr=recipe.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.lr, total_steps=steps * recipe.epochs)
    # Half precision underflows without a scale; bfloat16 does not.
    scaler = torch.amp.GradScaler(device.type, enabled=recipe.precision == "fp16" and device.type == "cuda")
    best: Held | None = None
    best_epoch = 0
    kept = network.state_dict()
    with progress.stage("fitting the baseline", recipe.epochs * len(taught)) as done:
        for epoch in range(1, recipe.epochs + 1):
            network.train()
            # Parts of equal size: a last batch of one picture would upset batch normalisation.
            for rows in np.array_split(rng.permutation(taught), steps):
                with _autocast(device, recipe.precision):
                    loss = F.cross_entropy(network(varied(rows)).float(), answers[torch.from_numpy(rows).to(device)])
                optimizer.zero_grad()
                scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
                scaler.step(optimizer)
                scaler.update()
                schedule.step()
                done(len(rows))
            now = judge(scores(network, plain, held, len(prior)), labels[held], prior)
            if best is None or now.log_loss < best.log_loss:
                best, best_epoch, kept = now, epoch, copy.deepcopy(network.state_dict())
            elif epoch - best_epoch >= recipe.patience:
                break
    assert best is not None  # noqa: S101 - there is at least one epoch
    network.load_state_dict(kept)
    return Fit(best, epoch, best_epoch)


def judge(raw: Array, labels: NDArray[np.int64], prior: NDArray[np.float64]) -> Held:
    """Calibrate (n, n_classes) raw scores of held-back pictures, and say how well they do then."""
    calibration = calibrate(raw, labels, prior)
    accuracy = float(np.mean(calibration.probabilities(raw).argmax(axis=1) == labels))
    return Held(calibration, calibration.log_loss(raw, labels), accuracy, float(-np.mean(np.log(prior[labels]))))


def _decayed(network: torch.nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay for the weights alone: it would only blur biases and normalisations."""
    several = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    single = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": several, "weight_decay": weight_decay}, {"params": single, "weight_decay": 0.0}]


def _autocast(device: torch.device, precision: str) -> torch.autocast | nullcontext[None]:
    if precision not in _AUTOCAST or (device.type == "cpu" and precision == "fp16"):
        return nullcontext()
    return torch.autocast(device.type, _AUTOCAST[precision])
