"""From a planned audit to the evidence on its sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dejavu_audit.membership.answers import Weights
from dejavu_audit.membership.drawn import drawn
from dejavu_audit.membership.evidence import Evidence, Stated, evidence
from dejavu_audit.membership.header import read_header
from dejavu_audit.membership.weights import SENTENCES

if TYPE_CHECKING:
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Rows, SetName

BUILT_IN = ("imagenet", "coco", "scenes")
"""Data whose sets are a proposal of ours, and no statement on the audited encoder."""


def evidence_of(plan: Plan, rows: Mapping[SetName, Rows]) -> Evidence:
    """What is known of the sets of an audit, of the pictures that were used: `rows` as `Split.sets` has them."""
    config, table = plan.config, plan.dataset.table
    return evidence(
        weights_of(plan.encoder),
        {name: drawn(table, some, name) for name, some in rows.items()},
        Stated(config.members, config.reference_members, own_sets=config.data not in BUILT_IN),
        {name: reference_of(one) for name, one in plan.references.items()},
    )


def weights_of(encoder: Any) -> Weights:
    """The weights of an encoder, with what their file says of itself. Encoders of sentences alone name no family."""
    family = str(getattr(encoder, "family", SENTENCES))
    pretrained = str(getattr(encoder, "pretrained", ""))
    return Weights(family, str(encoder.name), pretrained, read_header(pretrained) or read_header(str(encoder.name)))


def reference_of(reference: Any) -> Weights | None:
    """What a reference was trained on before the audit: an encoder's weights, a tagger's, or nothing."""
    encoder = getattr(reference, "encoder", None)
    if encoder is not None:
        return weights_of(encoder)
    eyes = getattr(reference, "featurizer", None)
    if eyes is not None and hasattr(eyes, "vocabulary"):
        return Weights("", eyes.name, "", words=eyes.trained_on)
    return weights_of(eyes) if hasattr(eyes, "pretrained") else None
