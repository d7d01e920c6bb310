"""A second encoder that was trained without the targets, asked what the audited one is asked: the two-model test.

Meehan et al. 2023, section 3 (labels); Jayaraman et al. 2024, section 4 (objects).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dejavu_audit.errors import AuditError, unknown
from dejavu_baselines.specs import second, told

if TYPE_CHECKING:
    from dejavu_audit.types import BaselineRequest, Encoder

NAME = "second-encoder"


def load(request: BaselineRequest) -> SecondEncoder:
    """The reference as asked for; AuditError without a model, for one that the families refuse, or a contaminated one.

    `request.model` is FAMILY:NAME[:PRETRAINED], or weights alone for the audited architecture. Layer, normalisation,
    picture size, mean and std are the audited encoder's where the architecture is, else the family's own.
    """
    return SecondEncoder(request)


class SecondEncoder:
    """See the module; a `NeighborBaseline`."""

    name = NAME

    def __init__(self, request: BaselineRequest) -> None:
        from dejavu_audit.encoders.loading import load_encoder

        for option in request.options:
            raise unknown(f"option of the baseline {NAME}", option, ())
        if not request.model or request.audited is None:
            raise AuditError(
                f"the baseline {NAME} needs --reference FAMILY:NAME[:PRETRAINED], or weights for the audited "
                "architecture, of a model that was trained without the targets; for example --reference "
                "other.safetensors"
            )
        family, asked = second(request.model, request.audited)
        self.encoder: Encoder = load_encoder(
            family,
            replace(
                asked,
                device=request.device,
                precision=request.precision,
                batch_size=request.batch_size,
                cache_dir=request.cache_dir,
            ),
        )
        self.model = f"{family}:{self.encoder.name}:{self.encoder.pretrained}"
        self._training_data, self._contaminated = told(self.encoder, request, f"the reference {self.model}")

    def describe(self) -> Mapping[str, Any]:
        """For the report's `reference`."""
        return {
            "name": NAME,
            "model": self.model,
            "weights": self.encoder.weights,
            "layer": self.encoder.layer,
            "embedding_dim": self.encoder.dim,
            "training_data": self._training_data,
            "contaminated": self._contaminated,
        }
