"""A classifier head on a frozen encoder that never saw the targets: the fast reference (Kokhlikyan et al. 2024).

The encoder's honesty is the user's word: nothing here can tell what it was trained on, and the report says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dejavu_baselines import linear
from dejavu_baselines.calibration import Calibration, class_prior
from dejavu_baselines.options import Choice, Real, Whole, read
from dejavu_baselines.specs import parse, request_for, told
from dejavu_baselines.training import Fit, Held, Recipe, choose_device, enough, hold_back, judge, scores, seeded, train

if TYPE_CHECKING:
    from dejavu_audit.types import Array, BaselineRequest, Encoder, Progress

NAME = "encoder-head"
NEEDS = f"the baseline {NAME} needs --baseline-model FAMILY:NAME[:PRETRAINED], an encoder that never saw the targets"
VERSION = 1
"""Raised whenever the same fit set may give another state: it is in the key of cached fits."""
WEIGHTS = "net."
PENALTIES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4)
"""Tried from strong to weak; the held-back part chooses."""

OPTIONS: Mapping[str, Whole | Real | Choice] = {
    "head": Choice("linear", ("linear", "mlp")),
    "layer": Choice("embedding", ("embedding", "pre-head")),
    "iterations": Whole(100, 1, 10_000),
    "hidden": Whole(512, 1, 65_536),
    "epochs": Whole(30, 1, 1000),
    "batch": Whole(256, 2, 65_536),
    "lr": Real(1e-3, 1e-6, 10),
    "weight-decay": Real(0.05, 0, 10),
    "dropout": Real(0.2, 0, 0.95),
    "patience": Whole(5, 1, 1000),
}


def load(request: BaselineRequest) -> EncoderHead:
    """The baseline as asked for; AuditError without a model, or for one that the encoder families refuse."""
    return EncoderHead(request)


class EncoderHead:
    """See the module; a `Baseline`."""

    name = NAME

    def __init__(self, request: BaselineRequest) -> None:
        from dejavu_audit.encoders.loading import load_encoder

        self.options = read(request.options, OPTIONS, NAME)
        family, model, pretrained = parse(request.model, needs=NEEDS)
        self.featurizer: Encoder = load_encoder(
            family,
            replace(
                request_for(family, model, pretrained),
                layer=self.options["layer"],
                device=request.device,
                precision=request.precision,
                batch_size=request.batch_size,
                cache_dir=request.cache_dir,
            ),
        )
        self.model = f"{family}:{self.featurizer.name}:{self.featurizer.pretrained}"
        self._training_data, self._contaminated = told(self.featurizer, request, f"the encoder {self.model}")
        self._device = choose_device(request.device)
        settings = ",".join(f"{name}={value!r}" for name, value in sorted(self.options.items()))
        self.key = f"{NAME}-{VERSION}:{settings}"

    def fit(
        self, features: Array, labels: Array, n_classes: int, *, seed: int, progress: Progress
    ) -> Mapping[str, Array]:
        """Fit the head on (n, dim) embeddings, standardised; on a CPU the same input and seed give the same state."""
        y = np.asarray(labels, np.int64)
        enough(y, NAME)
        rng = np.random.default_rng(seed)
        parts = hold_back(y, rng)
        mean, spread = linear.moments(features, parts[0])
        prior = class_prior(y, n_classes)
        shared = {"mean": mean, "spread": spread}
        if self.options["head"] == "mlp":
            with seeded(seed, self._device):
                weights, fit = self._fit_mlp(features, y, shared, prior, parts, rng, progress)
            return {**shared, **weights, **fit.state()}
        return {**shared, **self._fit_linear(features, y, shared, prior, parts, progress)}

    def predict(self, state: Mapping[str, Array], features: Array) -> Array:
        """(n, dim) embeddings to (n, n_classes) float32 probabilities."""
        calibration = Calibration.from_state(state)
        if "weights" in state:
            return calibration.probabilities(linear.scores(state["weights"], features, state["mean"], state["spread"]))
        network = self._mlp(len(state["mean"]), len(calibration.prior))
        network.load_state_dict(
            {
                key.removeprefix(WEIGHTS): torch.from_numpy(np.array(value))
                for key, value in state.items()
                if key.startswith(WEIGHTS)
            }
        )
        rows = np.arange(len(features))
        return calibration.probabilities(
            scores(network, self._batches(features, state), rows, len(calibration.prior), block=4096)
        )

    def describe(self) -> Mapping[str, Any]:
        """For the report's `reference`."""
        encoder = self.featurizer
        return {
            "name": NAME,
            "model": self.model,
            "weights": encoder.weights,
            "options": dict(self.options),
            "embedding_dim": encoder.dim,
            "training_data": self._training_data,
            "contaminated": self._contaminated,
        }

    def _fit_linear(
        self,
        features: Array,
        labels: Array,
        shared: Mapping[str, Array],
        prior: Array,
        parts: tuple[Array, Array],
        progress: Progress,
    ) -> dict[str, Array]:
        taught, held = parts
        best: tuple[Held, float, Array] | None = None
        weights = np.zeros((len(prior), features.shape[1] + 1), np.float32)
        with progress.stage("fitting the baseline", len(PENALTIES), "heads") as done:
            for penalty in PENALTIES:  # each from the one before: weaker penalties start near their end
                weights = linear.fit(
                    features, labels, taught, weights, shared["mean"], shared["spread"], penalty,
                    iterations=self.options["iterations"], device=self._device,
                )  # fmt: skip
                raw = linear.scores(weights, np.asarray(features[held]), shared["mean"], shared["spread"])
                now = judge(raw, labels[held], prior)
                if best is None or now.log_loss < best[0].log_loss:
                    best = now, penalty, weights
                done(1)
                if now.log_loss > 1.02 * best[0].log_loss:  # past the best, and the weakest penalties take longest
                    break
        assert best is not None  # noqa: S101 - there are penalties
        return {"weights": best[2], **best[0].state(), "diagnostic_l2": np.asarray(best[1], np.float64)}

    def _fit_mlp(
        self,
        features: Array,
        labels: Array,
        shared: Mapping[str, Array],
        prior: Array,
        parts: tuple[Array, Array],
        rng: np.random.Generator,
        progress: Progress,
    ) -> tuple[dict[str, Array], Fit]:
        o = self.options
        network = self._mlp(features.shape[1], len(prior))
        batches = self._batches(features, shared)
        recipe = Recipe(o["epochs"], o["batch"], o["lr"], o["weight-decay"], o["patience"])
        fit = train(network, batches, batches, labels, prior, parts, recipe, rng, progress)
        return {WEIGHTS + key: value.detach().cpu().numpy() for key, value in network.state_dict().items()}, fit

    def _mlp(self, dim: int, n_classes: int) -> torch.nn.Module:
        hidden = self.options["hidden"]
        return torch.nn.Sequential(
            torch.nn.Linear(dim, hidden),
            torch.nn.GELU(),
            torch.nn.Dropout(self.options["dropout"]),
            torch.nn.Linear(hidden, n_classes),
        ).to(self._device)

    def _batches(self, features: Array, shared: Mapping[str, Array]) -> Any:
        def batch(rows: Array) -> torch.Tensor:
            x = (np.asarray(features[rows], np.float32) - shared["mean"]) / shared["spread"]
            return torch.from_numpy(x).to(self._device)

        return batch
