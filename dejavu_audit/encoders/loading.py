"""Finding an encoder family by its entry point and asking it for an encoder."""

from __future__ import annotations

from typing import cast

from dejavu_audit import plugins
from dejavu_audit.types import Encoder, EncoderRequest


def load_encoder(family: str, request: EncoderRequest) -> Encoder:
    """The encoder that the family `family` makes of `request`; AuditError where anything in it is unknown or unfit."""
    return cast(Encoder, plugins.find(plugins.ENCODERS, family, kind="encoder family")(request))
