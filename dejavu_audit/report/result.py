"""The result of an audit: what `audit()` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from dejavu_audit.report.record import AuditRecord, HeadlineRecord
    from dejavu_audit.report.score_record import ScoreRecord


@dataclass(frozen=True)
class AuditResult:
    """What an audit found. Everything in it is in the run folder too."""

    record: AuditRecord
    """What audit.json holds."""
    samples: pa.Table
    """What samples.parquet holds; `.to_pandas()` gives a data frame."""
    folder: Path

    @property
    def headline(self) -> HeadlineRecord:
        """The one number, with its interval."""
        return self.record.headline

    @property
    def scores(self) -> Mapping[str, ScoreRecord]:
        """Every score by its key."""
        return self.record.scores

    @property
    def verdict(self) -> str:
        """The finding in one sentence."""
        return self.record.verdict

    def _repr_html_(self) -> str:
        from dejavu_audit.report.notebook import as_html

        return as_html(self.record)

    def __repr__(self) -> str:
        return f"<AuditResult {self.verdict} [{self.folder}]>"
