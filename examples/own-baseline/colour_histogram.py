"""A baseline that knows only the colours of a background: naive Bayes on a histogram of its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import BaselineRequest, Progress


class Pixels:
    """The transform: a crop to a small tensor. It runs in the decoding processes, so it must be picklable."""

    size = 16
    key = "colour-histogram-pixels-16"  # names everything that shapes the output: it is part of the cache's key

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """(3, 16, 16) uint8."""
        small = image.convert("RGB").resize((self.size, self.size), Image.Resampling.BOX)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1).contiguous()


class Histogram:
    """The featurizer: a batch of tensors to one row of numbers a picture. The auditor stores the rows."""

    transform = Pixels()
    dtype = np.dtype(np.float32)
    device = "cpu"
    batch_size = None

    def __init__(self, bins: int) -> None:
        self.bins = bins
        self.dim = bins**3
        self.fingerprint = f"colour-histogram-1-{bins}"  # change it whenever the rows would change

    def embed_images(self, batch: torch.Tensor) -> np.ndarray:
        """(n, 3, 16, 16) uint8 to (n, bins ** 3) float32: how many pixels have each colour."""
        level = batch.numpy().astype(np.int64) * self.bins // 256
        colour = (level[:, 0] * self.bins + level[:, 1]) * self.bins + level[:, 2]
        picture = np.arange(len(batch))[:, None, None]
        counts = np.bincount((picture * self.dim + colour).ravel(), minlength=len(batch) * self.dim)
        return counts.reshape(len(batch), self.dim).astype(np.float32)


class ColourHistogram:
    """The baseline: P(class | colours), from the mean log-likelihood of the pixels' colours."""

    name = "colour-histogram"

    def __init__(self, bins: int) -> None:
        self.featurizer = Histogram(bins)
        self.key = f"colour-histogram-1-{bins}"  # everything but data and seed that shapes a fit

    def fit(
        self, features: np.ndarray, labels: np.ndarray, n_classes: int, *, seed: int, progress: Progress
    ) -> Mapping[str, np.ndarray]:
        """Learn from the fit set; what is returned is cached, and handed back to `predict`."""
        with progress.stage("counting colours", len(labels)) as done:
            pictures = np.bincount(labels, minlength=n_classes).astype(np.float64)
            shares = features / features.sum(axis=1, keepdims=True)
            sums = np.zeros((n_classes, features.shape[1]))
            np.add.at(sums, labels, shares)
            done(len(labels))
        common = shares.mean(axis=0) + 1e-3 / shares.shape[1]
        colours = (sums + 5 * common) / (pictures + 5)[:, None]  # as if five more pictures were like all others
        return {
            "log_colour": np.log(colours / colours.sum(axis=1, keepdims=True)).astype(np.float32),
            "log_prior": np.log((pictures + 0.5) / (pictures + 0.5).sum()).astype(np.float32),
            "diagnostic_colours_seen": np.asarray(float((features.sum(axis=0) > 0).sum())),  # shown in the report
        }

    def predict(self, state: Mapping[str, np.ndarray], features: np.ndarray) -> np.ndarray:
        """(n, n_classes) probabilities; rows sum to 1."""
        shares = features / features.sum(axis=1, keepdims=True)
        # Pixels of one picture are alike. Counted as 256 independent ones they would make it far too sure of itself;
        # counted as half of one, its confidences are about right on the built-in scenes.
        score = 0.5 * shares @ state["log_colour"].T + state["log_prior"]
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)

    def describe(self) -> Mapping[str, Any]:
        """What the report says of the reference."""
        return {
            "name": self.name,
            "model": "naive Bayes on a colour histogram",
            "options": {"bins": self.featurizer.bins},
            "training_data": "the background crops of the fit set alone",
        }


def load(request: BaselineRequest) -> ColourHistogram:
    """What the entry point names: refuse what cannot be had in one sentence, before anything runs."""
    for name in request.options:
        if name != "bins":
            raise unknown("option of the baseline colour-histogram", name, ["bins"])
    bins = request.options.get("bins", "8")
    if not bins.isdigit() or not 2 <= int(bins) <= 32:
        raise AuditError(f"--baseline-option bins={bins}: must be a whole number from 2 to 32")
    return ColourHistogram(int(bins))
