"""What each stage of an audit hands to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.data.raw import are_distinct

if TYPE_CHECKING:
    import pyarrow as pa

    from dejavu_audit.balance.matching import Matching
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.data.crops import CropRule
    from dejavu_audit.data.splits import Split
    from dejavu_audit.data.terms import Terms
    from dejavu_audit.embeddings.store import Store
    from dejavu_audit.embeddings.views import Embedded
    from dejavu_audit.report.folder import RunFolder
    from dejavu_audit.types import Baseline, Dataset, Encoder, NeighborBaseline, Rows, SetName, Tagger


@dataclass(frozen=True)
class Plan:
    """An audit with everything resolved and nothing run yet; whatever can be refused has been."""

    config: AuditConfig
    dataset: Dataset
    encoder: Encoder
    references: Mapping[str, Baseline | NeighborBaseline]
    """By name, in the order asked for; several make an ensemble."""
    tagger: Tagger | None
    """What finds the objects, where the data do not name them."""
    terms: Terms
    split: Split
    sets: pa.Table
    """What split.parquet holds: pictures, also where every caption of one is judged."""
    background: CropRule
    store: Store
    folder: RunFolder
    labels: Rows
    """(rows of the data set,) class numbers."""
    warnings: tuple[str, ...] = ()
    """What the reader of the number must be told of its parts, e.g. a contaminated tagger that was allowed."""

    @property
    def inspected(self) -> Rows:
        """Rows whose pictures are looked at before anything is embedded.

        Of a data set whose pictures are distinct by construction only those that are compared with one another.
        """
        if are_distinct(self.dataset):
            return self.split.judged
        return np.concatenate(list(self.split.sets().values()))

    @property
    def symmetric(self) -> bool:
        """Whether the control's place is taken by the pictures that the second encoder was trained on."""
        return self.config.reference_members is not None


@dataclass(frozen=True)
class Seen:
    """What the encoders saw, and which pictures could not be used by one of them."""

    split: Split
    views: Mapping[str, Embedded]
    """By the names that the test gave its jobs."""
    lost: Mapping[int, str]
    """Row -> why it is set aside."""
    counts: dict[str, Any]
    clusters: Mapping[int, int] = field(default_factory=dict)
    """Row -> cluster of near-duplicates that it is in, within its set; they are resampled whole."""
    matching: Matching | None = None
    """What the judged weigh, in the order of `judged`; None: all alike."""

    def left(self, rows: Rows) -> Rows:
        """Those of the rows that are not set aside, in their order."""
        return rows[~np.isin(rows, np.fromiter(self.lost, np.int64, len(self.lost)))]

    @property
    def judged(self) -> Rows:
        """The targets and the control that can be judged."""
        return self.left(self.split.judged)

    @property
    def public(self) -> Rows:
        """The public pictures that can vote."""
        return self.left(self.split.public)

    def weighted(self, matching: Matching | None) -> Seen:
        """The same, the judged weighed."""
        return replace(self, matching=matching)

    def without(self, lost: Mapping[int, str]) -> Seen:
        """The same with more rows set aside."""
        return replace(self, lost={**lost, **self.lost}) if lost else self

    @property
    def set_aside(self) -> dict[SetName, Counter[str]]:
        """Set -> reason -> pictures."""
        counted = {
            name: Counter(self.lost[row] for row in rows.tolist() if row in self.lost)
            for name, rows in self.split.sets().items()
        }
        for name, reasons in self.split.set_aside.items():
            counted[name].update(reasons)
        return counted

    @property
    def used_rows(self) -> dict[SetName, Rows]:
        """Set -> rows that were used."""
        return {name: self.left(rows) for name, rows in self.split.sets().items()}

    @property
    def used(self) -> dict[SetName, int]:
        """Set -> pictures that were used."""
        return {name: len(rows) for name, rows in self.used_rows.items()}
