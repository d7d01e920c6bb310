"""What the sections of the report are made from, and the few words that all of them use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dejavu_audit.report.judged import JudgedRun, judged_sets
from dejavu_audit.report.reading import Run

if TYPE_CHECKING:
    from dejavu_audit.gate.record import GateRecord
    from dejavu_audit.report.record import AuditRecord
    from dejavu_audit.report.score_record import ScoreRecord

PARTS = ("memorized", "misrepresented", "correlated", "unassociated")
"""The four parts in the order in which people ask for them."""
SET_NAMES = {"target": "target", "control": "control", "reference-member": "reference’s member"}


@dataclass(frozen=True)
class Material:
    """A finished run, and what is shown of it."""

    run: Run
    gate: GateRecord | None
    images: bool
    """Whether pictures, and whatever names one, may be shown."""

    @property
    def record(self) -> AuditRecord:
        """What audit.json holds."""
        return self.run.record

    @cached_property
    def judged(self) -> JudgedRun:
        """The judged sets, from the sample table."""
        return judged_sets(self.run)

    @property
    def label(self) -> bool:
        """Whether it was the label test; else the object test."""
        return self.run.test == "label"

    @property
    def symmetric(self) -> bool:
        """Whether it was the two-model test in both directions."""
        return self.record.headline.metric.endswith("_symmetric")

    @property
    def other(self) -> str:
        """How the set beside the targets is called."""
        return "reference’s members" if self.symmetric else "control"

    def score(self, key: str) -> ScoreRecord | None:
        """A score by its key outside the symmetric test, which names some otherwise; None: the run has it not."""
        scores = self.record.scores
        if self.symmetric:
            key = key.replace("_control", "_reference_members")
            return scores.get(f"{key}_symmetric", scores.get(key))
        return scores.get(key)
