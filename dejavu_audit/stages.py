"""What each stage of an audit hands to the next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.data.crops import CropRule
    from dejavu_audit.data.splits import Split
    from dejavu_audit.embeddings.store import Store
    from dejavu_audit.embeddings.views import Embedded
    from dejavu_audit.neighbors import Neighbors
    from dejavu_audit.reference import Expected
    from dejavu_audit.report.folder import RunFolder
    from dejavu_audit.scores.votes import Votes
    from dejavu_audit.types import Baseline, Dataset, Encoder, Rows, SetName


@dataclass(frozen=True)
class Plan:
    """An audit with everything resolved and nothing run yet; whatever can be refused has been."""

    config: AuditConfig
    dataset: Dataset
    encoder: Encoder
    baseline: Baseline
    split: Split
    background: CropRule
    store: Store
    folder: RunFolder
    labels: Rows
    """(rows of the data set,) class numbers."""


@dataclass(frozen=True)
class Seen:
    """What encoder and baseline saw, and which pictures could not be used."""

    public: Embedded
    """The public pictures, whole, by the audited encoder."""
    crops: Embedded
    """The background crops of targets and control, by the audited encoder."""
    features: Embedded
    """The background crops of targets, control and fit set, by the baseline's featurizer."""
    used: dict[SetName, int]
    """Set -> pictures that were used."""
    set_aside: dict[SetName, Counter[str]]
    """Set -> reason -> pictures."""
    counts: dict[str, Any]


@dataclass(frozen=True)
class Inferred:
    """What the encoder and the baseline say of every judged crop, row by row of `seen.crops`."""

    seen: Seen
    neighbors: Neighbors
    votes: Votes
    expected: Expected
