"""The linear probe: multinomial logistic regression on standardised embeddings, in bounded memory and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.optimize import minimize

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4)
"""Of the mean cross-entropy, tried from strong to weak; the held-back part chooses."""
ALONE = 1e-2
"""The penalty where there are too few pictures to hold some back."""
HELD_BACK = 5
"""Every fifth picture of a class chooses the penalty, and teaches in the last fit."""
ITERATIONS = 50
"""Steps of L-BFGS a penalty at most."""
BLOCK = 8_192
"""Rows on the device at once: nothing of the size of rows x classes is ever held."""
MOST_WORK = 100_000_000_000
"""Rows x dimensions x classes at most: of more rows an equal share of every class is drawn. A fit is at most 250 or so
times 4 operations for each: some 10^14, as much as a ViT-B/32 spends on ten thousand pictures."""


@dataclass(frozen=True)
class Probe:
    """A fitted probe."""

    classes: NDArray[np.int64]
    """(c,) the classes that were taught, ascending."""
    weights: NDArray[np.float32]
    """(c, d + 1); the last column is the bias."""
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    penalty: float
    taught: int
    """Rows that it was fitted on."""

    def predict(self, vectors: NDArray[Any]) -> NDArray[np.int64]:
        """(n, d) to (n,) the most likely class; of equal ones the lower."""
        slope = self.weights[:, :-1] / self.spread
        bias = self.weights[:, -1] - slope @ self.mean
        best = [
            (np.asarray(vectors[start : start + BLOCK], np.float32) @ slope.T + bias).argmax(axis=1)
            for start in range(0, len(vectors), BLOCK)
        ]
        told: NDArray[np.int64] = self.classes[np.concatenate([np.zeros(0, np.int64), *best])]
        return told


def fit_probe(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    seed: int,
    device: str = "cpu",
    advance: Callable[[int], None] = lambda done: None,
) -> Probe:
    """Fit on (n, d) vectors with (n,) class numbers, n at least 1; `advance` is called once a penalty.

    The penalty is the one with the least cross-entropy on a held-back fifth of every class; then all is taught.
    """
    rng = np.random.default_rng(seed)
    classes, y = np.unique(labels, return_inverse=True)
    rows = _bounded(y, vectors.shape[1], len(classes), rng)
    mean, spread = _moments(vectors, rows)
    task = _Task(vectors, y.astype(np.int64), mean, spread, torch.device(device))
    weights = np.zeros((len(classes), vectors.shape[1] + 1), np.float64)
    held = _place_in_class(y[rows], rng) % HELD_BACK == HELD_BACK - 1
    penalty = ALONE
    if held.any():
        best: tuple[float, float, NDArray[np.float64]] | None = None
        now = weights
        for one in PENALTIES:  # each from the one before: weaker penalties start near their end
            now = task.fit(rows[~held], now, one)
            loss = task.loss(rows[held], now)[0]
            advance(1)
            if best is not None and loss > best[0]:
                break
            best = loss, one, now
        assert best is not None  # noqa: S101 - there are penalties
        _, penalty, weights = best
    weights = task.fit(rows, weights, penalty)
    return Probe(classes.astype(np.int64), weights.astype(np.float32), mean, spread, penalty, len(rows))


def _bounded(y: NDArray[np.int64], dim: int, classes: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows to be taught, ascending: all of them, or an equal share of every class, at least one of each."""
    most = max(MOST_WORK // (dim * classes), classes)
    if len(y) <= most:
        return np.arange(len(y))
    return np.flatnonzero(_place_in_class(y, rng) < max(1, most // classes))


def _place_in_class(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """(n,) the place of each row within its class, in random order."""
    order = np.lexsort((rng.random(len(y)), y))
    first = np.concatenate([[0], np.flatnonzero(np.diff(y[order])) + 1])
    place = np.empty(len(y), np.int64)
    place[order] = np.arange(len(y)) - np.repeat(first, np.diff(np.append(first, len(y))))
    return place


def _moments(vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of every column; a constant column has spread 1."""
    total, squares = np.zeros(vectors.shape[1]), np.zeros(vectors.shape[1])
    origin = np.asarray(vectors[rows[0]], np.float64)  # near the mean: the squares then lose no digits
    for start in range(0, len(rows), BLOCK):
        block = np.asarray(vectors[rows[start : start + BLOCK]], np.float64) - origin
        total += block.sum(axis=0)
        squares += np.square(block).sum(axis=0)
    mean = total / len(rows)
    spread = np.sqrt(np.maximum(squares / len(rows) - mean**2, 0))
    spread[spread < 1e-6 * np.maximum(1, np.abs(origin + mean))] = 1
    return (origin + mean).astype(np.float32), spread.astype(np.float32)


class _Task:
    """Cross-entropy of linear scores on blocks of rows."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        y: NDArray[np.int64],
        mean: NDArray[np.float32],
        spread: NDArray[np.float32],
        device: torch.device,
    ) -> None:
        self._vectors, self._y, self._device = vectors, y, device
        self._mean, self._spread = torch.from_numpy(mean).to(device), torch.from_numpy(spread).to(device)

    def fit(self, rows: NDArray[np.int64], start: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
        """The (c, d + 1) weights of least mean cross-entropy + penalty / 2 * |weights|^2; the bias is free."""

        def penalised(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            weights = flat.reshape(start.shape)
            loss, gradient = self.loss(rows, weights)
            gradient[:, :-1] += penalty * weights[:, :-1]
            return loss + penalty / 2 * float(np.square(weights[:, :-1]).sum()), gradient.ravel()

        found = minimize(
            penalised,
            start.ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": ITERATIONS, "ftol": 1e-7, "gtol": 1e-5},
        )
        return np.asarray(found.x, np.float64).reshape(start.shape)

    def loss(self, rows: NDArray[np.int64], weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Mean cross-entropy of `rows`, and its (c, d + 1) gradient."""
        w = torch.from_numpy(weights.astype(np.float32)).to(self._device)
        gradient, total = torch.zeros_like(w), 0.0
        with torch.inference_mode():
            for start in range(0, len(rows), BLOCK):
                some = rows[start : start + BLOCK]
                x = (torch.from_numpy(self._vectors[some]).to(self._device) - self._mean) / self._spread
                y = torch.from_numpy(self._y[some]).to(self._device)[:, None]
                log_p = torch.log_softmax(x @ w[:, :-1].T + w[:, -1], dim=1)
                total -= float(log_p.gather(1, y).sum(dtype=torch.float32))
                error = log_p.exp_().scatter_add_(1, y, torch.full_like(y, -1, dtype=torch.float32))
                gradient[:, :-1] += error.T @ x
                gradient[:, -1] += error.sum(dim=0)
        return total / len(rows), gradient.cpu().numpy().astype(np.float64) / len(rows)
