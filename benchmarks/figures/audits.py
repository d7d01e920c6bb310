"""The audits behind the figures: a sweep a figure, its chart and its small table left in docs/figures."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures.table import Point, write
from benchmarks.figures.warm import warm
from dejavu_audit.errors import AuditError
from dejavu_audit.sweep import PLOT, plan, sweep

if TYPE_CHECKING:
    from dejavu_audit.sweep import Sweep

CACHE = "cache"


class Told:
    """Progress as plain lines on stderr: what is said, and no bars."""

    def say(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    def stage(
        self, name: str, total: int | None, unit: str = "pictures"
    ) -> AbstractContextManager[Callable[[int], None]]:
        return nullcontext(lambda done: None)


def audit_figures(specs: Sequence[Path], runs: Path) -> None:
    """Look at all pictures for all figures first, then run the sweeps one by one."""
    waiting = [
        asked.config
        for planned in (plan(spec, runs / spec.stem, runs / CACHE) for spec in specs)
        for asked, row in zip(planned.spec.rows, planned.record.rows, strict=True)
        if row.state != "done"
    ]
    warm(waiting, runs / CACHE, Told())
    for spec in specs:
        audit_figure(spec, runs)


def audit_figure(spec: Path, runs: Path) -> None:
    """Run one figure's sweep and leave chart and table beside its description; rows that are done already stay.

    AuditError where a row failed: a figure is whole or not there.
    """
    done = sweep(spec, out=runs / spec.stem, cache_dir=runs / CACHE, on_progress=Told())
    failed = [row for row in done.record.rows if row.state != "done"]
    if failed:
        raise AuditError(f"{spec}: {len(failed)} of {len(done.record.rows)} rows failed, the first: {failed[0].error}")
    write(points_of(done), spec.with_suffix(".csv"))
    shutil.copyfile(done.folder / f"{PLOT}.svg", spec.with_suffix(".svg"))


def points_of(done: Sweep) -> list[Point]:
    """A point a row, in the order of the sweep: by series, then x."""
    return [
        Point.from_audit(row.x, row.series or "", json.loads((done.folder / row.folder / "audit.json").read_text()))
        for row in done.record.rows
    ]
