"""The result of an audit: what `audit()` returns, and what a finished run opens as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from dejavu_audit.report.plots import Plots
    from dejavu_audit.report.record import AuditRecord, HeadlineRecord
    from dejavu_audit.report.score_record import ScoreRecord


@dataclass(frozen=True)
class AuditResult:
    """What an audit found. Everything in it is in the run folder too."""

    record: AuditRecord
    """What audit.json holds."""
    samples: pa.Table
    """What samples.parquet holds, one row a target or control sample: an Arrow table, which polars, DuckDB and pandas
    take as it is. `frame` is the same for pandas."""
    folder: Path

    @classmethod
    def load(cls, run: str | Path) -> AuditResult:
        """Open a finished run: its folder, "latest", or the beginning of its name in runs/.

        AuditError where there is none, or it has not ended, was changed, or is of a newer version.
        """
        from dejavu_audit.report.reading import read_run, resolve_run

        found = read_run(resolve_run(str(run)))
        return cls(found.record, found.samples, found.path)

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

    @property
    def frame(self) -> pd.DataFrame:
        """The samples as a pandas data frame, indexed by id; AuditError where pandas is not installed."""
        try:
            import pandas  # noqa: F401 - pyarrow needs it, and says so in other words
        except ImportError:
            from dejavu_audit.errors import AuditError

            raise AuditError(
                "a data frame needs pandas, which is not installed; type pip install 'dejavu-audit[notebook]'"
            ) from None
        return self.samples.to_pandas().set_index("id")

    @property
    def plot(self) -> Plots:
        """Its charts, each an altair chart, which a notebook shows.

        They are `.interval()`, `.parts()`, `.confidence()`, `.roc()`, `.balance()`, `.classes()` and `.recall()`.
        """
        from dejavu_audit.report.plots import Plots

        return Plots(self)

    def _repr_html_(self) -> str:
        from dejavu_audit.report.notebook import as_html

        return as_html(self.record)

    def __repr__(self) -> str:
        return f"<AuditResult {self.verdict} [{self.folder}]>"
