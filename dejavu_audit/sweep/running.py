"""Many audits in one go, which share targets, public pictures and reference by their content: a table and a plot."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import ValidationError

from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_audit.report.folder import AUDIT, CLAIM
from dejavu_audit.report.reading import read_record
from dejavu_audit.report.sweep_record import SweepRecord, SweepRow
from dejavu_audit.report.whole import write_whole
from dejavu_audit.settings.paths import files_of
from dejavu_audit.sweep.spec import read_spec

if TYPE_CHECKING:
    from dejavu_audit.sweep.spec import Row, Spec
    from dejavu_audit.types import Progress

RECORD, ROWS = "sweep.json", "rows"
TABLE, PLOT = "table", "plot"


@dataclass(frozen=True)
class Sweep:
    """A sweep and where it lies; what is done already is known, nothing is run yet."""

    spec: Spec
    folder: Path
    cache_dir: str | None
    record: SweepRecord

    @property
    def waiting(self) -> int:
        """How many audits are to be run."""
        return len({row.folder for row in self.record.rows if row.state != "done"})


def sweep(
    spec: str | Path,
    *,
    out: str | Path | None = None,
    cache_dir: str | Path | None = None,
    on_progress: Progress | None = None,
) -> Sweep:
    """Run what SPEC.toml describes, but for rows that are done already, into `out` (default: runs/sweep-<name>).

    A row that fails is told in its record, and the others go on. Raises AuditError for a description that is wrong or
    a folder that cannot be used.
    """
    return run(plan(Path(spec), out, cache_dir), on_progress or Silent())


def plan(spec: Path, out: str | Path | None = None, cache_dir: str | Path | None = None) -> Sweep:
    """Read the description and look at what is done; nothing is written."""
    told = read_spec(spec)
    slug = re.sub(r"[^\w.]+", "-", told.name).strip("-.") or "sweep"
    folder = Path(out) if out else Path("runs") / f"sweep-{slug}"
    _refuse_others(folder, told)
    rows = [_look(row, folder) for row in told.rows]
    record = SweepRecord(name=told.name, x=told.x, x_scale=told.x_scale, rows=rows)
    return Sweep(told, folder, str(cache_dir) if cache_dir else told.cache_dir, record)


def run(planned: Sweep, progress: Progress) -> Sweep:
    """Run the rows that are not done; table and record are on disk after every row, the plot after the last."""
    rows, record, progress = list(planned.record.rows), planned.record, _Once(progress)
    _write(planned.folder, record)
    for number, (asked, row) in enumerate(zip(planned.spec.rows, rows, strict=True), 1):
        if row.state == "done":
            continue
        shown = f"{record.x} = {asked.x:g}" + (f", {asked.series}" if asked.series else "")
        progress.say(f"Row {number} of {len(rows)}: {shown}")
        rows[number - 1] = _audited(asked, row, planned, progress)
        if rows[number - 1].state == "failed":
            progress.say(f"Row {number} failed: {rows[number - 1].error}")
        record = record.model_copy(update={"rows": list(rows)})
        _write(planned.folder, record)
    if any(row.headline for row in rows):
        from dejavu_audit.report.sweep_chart import write_sweep_chart

        write_sweep_chart(record, planned.folder / PLOT)
    return Sweep(planned.spec, planned.folder, planned.cache_dir, record)


class _Once:
    """Says nothing twice: what is true of all rows is said by the first."""

    def __init__(self, progress: Progress) -> None:
        self._said: set[str] = set()
        self._progress = progress

    def stage(
        self, name: str, total: int | None, unit: str = "pictures"
    ) -> AbstractContextManager[Callable[[int], None]]:
        return self._progress.stage(name, total, unit)

    def say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._progress.say(message)


def _audited(asked: Row, row: SweepRow, planned: Sweep, progress: Progress) -> SweepRow:
    from dejavu_audit.audit import run_audit

    place = planned.folder / row.folder
    done = _look(asked, planned.folder)  # another series may have run the very same audit
    if done.state == "done":
        return done
    config = asked.config.model_copy(update={"out": str(place), "cache_dir": planned.cache_dir})
    try:
        return row.finished(run_audit(config, progress).record)
    except AuditError as error:
        return row.failed(str(error))
    finally:
        gc.collect()  # models hold themselves in cycles: the next row needs the memory


def _look(asked: Row, folder: Path) -> SweepRow:
    """The row as it stands on disk: done, or waiting."""
    name = asked.config.hash()
    row = SweepRow(
        x=asked.x,
        series=asked.series,
        config=asked.config.model_dump(mode="json"),
        folder=f"{ROWS}/{name}",
        state="waiting",
    )
    place = folder / ROWS / name
    try:
        finished = (place / AUDIT).stat().st_mtime
        claim = json.loads((place / CLAIM).read_text("utf-8"))["hash"]
        # Weights that were saved anew under the same name make another audit.
        if claim != name or any(file.stat().st_mtime > finished for file in files_of(row.config)):
            return row
        return row.finished(read_record(place))
    except (OSError, ValueError, KeyError, TypeError, AuditError):  # not there, or damaged: it is run again
        return row


def _refuse_others(folder: Path, spec: Spec) -> None:
    """AuditError where the folder holds anything but this sweep."""
    try:
        if folder.exists() and not folder.is_dir():
            raise AuditError(f"--out {folder} is a file; name a folder")
        if not folder.is_dir() or not any(folder.iterdir()):
            return
        text = (folder / RECORD).read_text("utf-8") if (folder / RECORD).is_file() else None
    except (OSError, ValueError) as error:
        raise AuditError(
            f"the folder {folder} cannot be used ({getattr(error, 'strerror', None) or error}); choose another --out"
        ) from error
    try:
        owner = SweepRecord.model_validate_json(text).name if text is not None else None
    except ValidationError:
        owner = None
    if owner is None:
        raise AuditError(f"the folder {folder} holds files that are not a sweep's; choose another --out")
    if owner != spec.name:
        raise AuditError(f"the folder {folder} holds the sweep {owner!r}, not {spec.name!r}; choose another --out")


def _write(folder: Path, record: SweepRecord) -> None:
    # First, since it says whose the folder is.
    write_whole(folder / RECORD, lambda file: file.write_text(record.model_dump_json(indent=2) + "\n", "utf-8"))
    table = record.table()
    write_whole(folder / f"{TABLE}.csv", lambda file: pa_csv.write_csv(table, file))
    write_whole(folder / f"{TABLE}.parquet", lambda file: pq.write_table(table, file))
