"""A timm classifier trained from scratch on the fit set's background crops (Kokhlikyan et al. 2024, section 3.1).

Whatever it knows of a class, it knows from backgrounds of pictures that are neither targets nor control, and never from
weights made elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import timm
import torch

from dejavu_audit.errors import AuditError, unknown
from dejavu_baselines import augment
from dejavu_baselines.calibration import Calibration, class_prior
from dejavu_baselines.options import Real, Whole, read
from dejavu_baselines.thumbnails import Thumbnails
from dejavu_baselines.training import Recipe, choose_device, enough, hold_back, scores, seeded, train

if TYPE_CHECKING:
    from dejavu_audit.types import Array, BaselineRequest, Progress

NAME = "image-classifier"
VERSION = 1
"""Raised whenever the same fit set may give another state: it is in the key of cached fits."""
WEIGHTS = "net."
"""What the network's own tensors begin with in a state."""
BLOCK = 256

# On a CPU: the small architecture that learned quickest. It needs 9 s of one core for 3,000 crops of scenes, and names
# 35.5 % of 1,500 fresh ones where 37 % are possible (10 classes, correlation 0.3); at 64 px it is only slower.
# The values for a GPU have not been tried on one.
ON_GPU = {"model": "resnet50", "size": 224, "epochs": 30, "batch": 256, "lr": 2e-3, "area": 0.25}
ON_CPU = {"model": "test_byobnet", "size": 32, "epochs": 8, "batch": 64, "lr": 4e-3, "area": 0.25}


def load(request: BaselineRequest) -> ImageClassifier:
    """The baseline as asked for; AuditError for an unknown architecture, option, or a size it cannot take."""
    return ImageClassifier(request)


class ImageClassifier:
    """See the module; a `Baseline`."""

    name = NAME

    def __init__(self, request: BaselineRequest) -> None:
        self._device = choose_device(request.device)
        default: dict[str, Any] = ON_CPU if self._device.type == "cpu" else ON_GPU
        self.model = request.model or str(default["model"])
        if not timm.is_model(self.model):
            raise unknown("timm architecture", self.model, timm.list_models(), hint="(--baseline-model)")
        self.options = read(
            request.options,
            {
                "size": Whole(int(default["size"]), 16, 1024),
                "epochs": Whole(int(default["epochs"]), 1, 1000),
                "batch": Whole(int(default["batch"]), 2, 65_536),
                "lr": Real(float(default["lr"]), 1e-6, 10),
                "weight-decay": Real(0.05, 0, 10),
                "patience": Whole(5, 1, 1000),
                "area": Real(float(default["area"]), 0.01, 1),
            },
            NAME,
        )
        self._precision = request.precision
        self.featurizer = Thumbnails(self.options["size"], request.batch_size)
        settings = ",".join(f"{name}={value!r}" for name, value in sorted(self.options.items()))
        self.key = f"{NAME}-{VERSION}:{self.model}:timm-{timm.__version__}:{settings}:{request.precision}"
        self._parameters = self._try()

    def fit(
        self, features: Array, labels: Array, n_classes: int, *, seed: int, progress: Progress
    ) -> Mapping[str, Array]:
        """Train on (n, 3 * size * size) uint8 thumbnails; on a CPU the same input and seed give the same state."""
        y = np.asarray(labels, np.int64)
        enough(y, NAME)
        rng = np.random.default_rng(seed)
        parts = hold_back(y, rng)
        o, size = self.options, self.featurizer.size
        recipe = Recipe(o["epochs"], o["batch"], o["lr"], o["weight-decay"], o["patience"], self._precision)

        def plain(rows: Array) -> torch.Tensor:
            return augment.plain(features, rows, size, self._device)

        def varied(rows: Array) -> torch.Tensor:
            return augment.varied(plain(rows), rng, o["area"])

        with seeded(seed, self._device):
            network = self._network(n_classes)
            fit = train(network, varied, plain, y, class_prior(y, n_classes), parts, recipe, rng, progress)
        weights = {WEIGHTS + key: value.detach().cpu().numpy() for key, value in network.state_dict().items()}
        return {**weights, **fit.state()}

    def predict(self, state: Mapping[str, Array], features: Array) -> Array:
        """(n, dim) thumbnails to (n, n_classes) float32 probabilities."""
        calibration = Calibration.from_state(state)
        n_classes = len(calibration.prior)
        network = self._network(n_classes)
        network.load_state_dict(
            {
                key.removeprefix(WEIGHTS): torch.from_numpy(np.array(value))
                for key, value in state.items()
                if key.startswith(WEIGHTS)
            }
        )

        def plain(rows: Array) -> torch.Tensor:
            return augment.plain(features, rows, self.featurizer.size, self._device)

        return calibration.probabilities(scores(network, plain, np.arange(len(features)), n_classes, BLOCK))

    def describe(self) -> Mapping[str, Any]:
        """For the report's `reference`."""
        return {
            "name": NAME,
            "model": self.model,
            "options": dict(self.options),
            "parameters": self._parameters,
            "training_data": "the background crops of the fit set alone, from random weights",
        }

    def _network(self, n_classes: int) -> torch.nn.Module:
        """Fresh random weights, on the device, channels last."""
        size = self.featurizer.size
        network: Any
        try:
            network = timm.create_model(self.model, pretrained=False, num_classes=n_classes, img_size=size)
        except TypeError:  # convolutional: it takes any size, and none is told
            network = timm.create_model(self.model, pretrained=False, num_classes=n_classes)
        placed: torch.nn.Module = network.to(device=self._device, memory_format=torch.channels_last)
        return placed

    def _try(self) -> int:
        """Parameters without the classifier; AuditError where the architecture cannot take the size."""
        try:
            with seeded(0, self._device):
                network = self._network(0).eval()
                with torch.inference_mode():
                    network(torch.zeros(1, 3, self.featurizer.size, self.featurizer.size, device=self._device))
        except (RuntimeError, AssertionError, ValueError) as error:
            raise AuditError(
                f"--baseline-model {self.model} cannot take thumbnails of {self.featurizer.size} pixels: "
                f"{str(error).splitlines()[0] if str(error) else type(error).__name__}; "
                "choose another with --baseline-option size=N"
            ) from error
        return sum(parameter.numel() for parameter in network.parameters())
