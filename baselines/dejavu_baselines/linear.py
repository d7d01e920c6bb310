"""Multinomial logistic regression on standardised features, in blocks, so that features are never copied whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

if TYPE_CHECKING:
    from dejavu_audit.types import Array

BLOCK = 8_192


def moments(features: Array, rows: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each column over `rows`, both (dim,); a constant column has spread 1."""
    total, square = np.zeros(features.shape[1]), np.zeros(features.shape[1])
    shift = np.asarray(features[rows[:1]], np.float64)[0]  # near the mean: the squares then lose no digits
    for start in range(0, len(rows), BLOCK):
        block = np.asarray(features[rows[start : start + BLOCK]], np.float64) - shift
        total += block.sum(axis=0)
        square += np.square(block).sum(axis=0)
    mean = total / len(rows)
    spread = np.sqrt(np.maximum(square / len(rows) - mean**2, 0))
    spread[spread < 1e-6 * np.maximum(1, np.abs(shift + mean))] = 1
    return (shift + mean).astype(np.float32), spread.astype(np.float32)


def scores(weights: Array, features: Array, mean: Array, spread: Array) -> NDArray[np.float32]:
    """(n, n_classes) raw scores; `weights` is (n_classes, dim + 1), the last column the bias."""
    slope = weights[:, :-1] / spread
    return np.asarray(np.asarray(features, np.float32) @ slope.T + (weights[:, -1] - slope @ mean), np.float32)


def fit(
    features: Array,
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    start: NDArray[np.float32],
    mean: Array,
    spread: Array,
    penalty: float,
    *,
    iterations: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """The (n_classes, dim + 1) weights of least mean cross-entropy + penalty / 2 * |weights|^2; the bias is free.

    L-BFGS from `start`, at most `iterations` steps; the loss is convex, so that the seed does not matter.
    """
    shape = start.shape
    centre, scale = torch.from_numpy(mean).to(device), torch.from_numpy(spread).to(device)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = torch.from_numpy(flat.reshape(shape).astype(np.float32)).to(device)
        slope, bias = w[:, :-1], w[:, -1]
        gradient = torch.zeros_like(w)
        total = 0.0
        for first in range(0, len(rows), BLOCK):
            taken = rows[first : first + BLOCK]
            x = (torch.from_numpy(np.asarray(features[taken], np.float32)).to(device) - centre) / scale
            y = torch.from_numpy(labels[taken]).to(device)
            log_p = torch.log_softmax(x @ slope.T + bias, dim=1)
            total -= float(log_p.gather(1, y[:, None]).double().sum())
            error = log_p.exp_()
            error[torch.arange(len(y), device=device), y] -= 1
            gradient[:, :-1] += error.T @ x
            gradient[:, -1] += error.sum(dim=0)
        gradient /= len(rows)
        gradient[:, :-1] += penalty * slope
        value = total / len(rows) + 0.5 * penalty * float(slope.double().square().sum())
        return value, gradient.cpu().numpy().astype(np.float64).ravel()

    with torch.inference_mode():
        found = minimize(
            loss, start.astype(np.float64).ravel(), jac=True, method="L-BFGS-B",
            options={"maxiter": iterations, "ftol": 1e-7, "gtol": 1e-5},
        )  # fmt: skip
    return np.asarray(found.x, np.float32).reshape(shape)
