"""From a classifier's raw scores to probabilities that mean what they say.

A reference is judged by its confidences too (method.md 1.5), and networks are overconfident: one temperature mends most
of that (Guo et al. 2017, arXiv 1706.04599). The class prior is mixed in beside it, so that a classifier that has
learned nothing falls back to the prior, and no class has probability 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

if TYPE_CHECKING:
    from dejavu_audit.types import Array

TEMPERATURES = (0.05, 50.0)
PRIOR_WEIGHTS = (1e-3, 0.999)
"""Never 0: every class keeps a floor. Never 1: the classifier's order still breaks the ties of an even prior."""


def class_prior(labels: ArrayLike, n_classes: int) -> NDArray[np.float64]:
    """Shares of the classes, (n_classes,), as if each had been seen half a time more (Jeffreys): none is 0."""
    counts = np.bincount(np.asarray(labels, np.int64), minlength=n_classes) + 0.5
    share: NDArray[np.float64] = counts / counts.sum()
    return share


@dataclass(frozen=True)
class Calibration:
    """Probabilities are (1 - w) softmax(scores / temperature) + w prior."""

    temperature: float
    prior_weight: float
    prior: NDArray[np.float64]

    def probabilities(self, scores: ArrayLike) -> NDArray[np.float32]:
        """(n, n_classes) raw scores to probabilities of the same shape; rows sum to 1, no entry is 0."""
        p = softmax(np.asarray(scores, np.float64) / self.temperature, axis=1)
        mixed = (1 - self.prior_weight) * p + self.prior_weight * self.prior
        return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), np.float32)

    def log_loss(self, scores: ArrayLike, labels: ArrayLike) -> float:
        """Mean of -log p(label) in nats."""
        y = np.asarray(labels, np.int64)
        p = self.probabilities(scores)[np.arange(len(y)), y]
        return float(-np.mean(np.log(p)))

    def state(self) -> dict[str, Array]:
        """As named arrays, for a fitted state."""
        return {
            "temperature": np.asarray(self.temperature, np.float64),
            "prior_weight": np.asarray(self.prior_weight, np.float64),
            "prior": self.prior,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> Calibration:
        """Back from `state`."""
        return cls(float(state["temperature"]), float(state["prior_weight"]), np.asarray(state["prior"], np.float64))


def calibrate(scores: ArrayLike, labels: ArrayLike, prior: NDArray[np.float64]) -> Calibration:
    """The temperature and prior weight of least log-loss on pictures that the classifier was not trained on.

    `scores` is (n, n_classes), `labels` (n,). Without any picture, or where no choice beats the prior, the
    prior has all but the whole weight.
    """
    z, y = np.asarray(scores, np.float64), np.asarray(labels, np.int64)
    rows = np.arange(len(y))
    floor = prior[y]

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        inverse, w = np.exp(-theta[0]), expit(theta[1])
        log_p = log_softmax(z * inverse, axis=1)
        own = np.exp(log_p[rows, y])
        mixed = (1 - w) * own + w * floor
        # d log p_y / d log T = (E_p[z] - z_y) / T
        slope = own * inverse * (np.einsum("ij,ij->i", np.exp(log_p), z) - z[rows, y])
        d_temperature = -np.mean((1 - w) * slope / mixed)
        d_weight = -np.mean((floor - own) / mixed) * w * (1 - w)
        return float(-np.mean(np.log(mixed))), np.array([d_temperature, d_weight])

    if len(y) == 0:
        return Calibration(1.0, PRIOR_WEIGHTS[1], prior)
    bounds = [tuple(np.log(TEMPERATURES)), tuple(np.log(w / (1 - w)) for w in PRIOR_WEIGHTS)]
    # The loss has a valley at either end (the classifier nearly alone, or nearly the prior): try both sides.
    tries = [minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in ([0.0, -3.0], [1.0, 3.0])]
    best = min(tries, key=lambda found: float(found.fun))
    found = Calibration(float(np.exp(best.x[0])), float(expit(best.x[1])), prior)
    if best.fun > -np.mean(np.log(floor)):
        return Calibration(found.temperature, PRIOR_WEIGHTS[1], prior)
    return found
