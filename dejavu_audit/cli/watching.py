"""What a command tells while it works, on standard error: bars for who watches, lines for a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from dejavu_audit.report.record import AuditRecord

NARROW_BAR = 78
"""Columns under which there is no room for a bar beside the name, the count and the times."""


class Screen:
    """Progress for whoever watches: bars with an ETA on a terminal, a line a stage in a log."""

    def __init__(self, console: Console, *, bars: bool = True, verbose: bool = False) -> None:
        self._console = console
        self._bars = bars and not verbose and console.is_terminal and not console.is_dumb_terminal
        self._verbose = verbose
        self._began = time.perf_counter()

    @contextmanager
    def stage(self, name: str, total: int | None, unit: str = "pictures") -> Iterator[Callable[[int], None]]:
        """Show one stage."""
        if not self._bars:
            size = f" ({total:,} {unit})" if total else ""
            self._line(f"{name}{size}")
            began = time.perf_counter()
            yield lambda done: None
            self.detail(f"{name} took {time.perf_counter() - began:.1f} s")
            return
        wide = self._console.width >= NARROW_BAR
        columns = [
            TextColumn("{task.description:<24}" if wide else "{task.description}", markup=False),
            *([BarColumn(bar_width=24)] if wide else []),
            MofNCompleteColumn(),
        ]
        with Progress(
            *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self._console, transient=False
        ) as bars:
            task = bars.add_task(name, total=total)
            yield lambda done: bars.advance(task, done)

    def say(self, message: str) -> None:
        """Print one sentence."""
        self._line(message, style="dim")

    def detail(self, message: str) -> None:
        """Print what only --verbose tells."""
        if self._verbose:
            self._line(message, style="dim")

    def finished(self, record: AuditRecord) -> None:
        """Tell where the time of an audit went, and what was not done anew."""
        model, config = record.model, record.config
        self.detail(
            f"Resolved: {config['test']} test, k {config['k']}, weights {model.pretrained} ({model.weights}), "
            f"{model.transform}, on {record.environment.device}; baseline {', '.join(config['baseline'])}"
        )
        for line in timing_lines(record.timings):
            self.detail(line)

    def _line(self, message: str, style: str = "") -> None:
        stamp = f"[{time.perf_counter() - self._began:6.1f} s] " if self._verbose else ""
        self._console.print(Text(stamp + message, style=style), soft_wrap=self._verbose)


@contextmanager
def progress(*, quiet: bool, verbose: bool = False, bars: bool = True) -> Iterator[Screen]:
    """The progress of a command; nothing at all with `quiet`."""
    yield Screen(_ProgressConsole(stderr=True, quiet=quiet), bars=bars, verbose=verbose)


class _ProgressConsole(Console):
    """Progress that nobody reads any more is no reason to end an audit."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


def timing_lines(timings: dict[str, Any]) -> list[str]:
    """The stages by their time, and for every view of the pictures what was embedded and what was kept."""
    stages = {
        key: value
        for key, value in timings.items()
        if isinstance(value, float) and key != "total" and not key.startswith("seconds_") and value >= 0.05
    }
    slowest = sorted(stages.items(), key=lambda item: -item[1])
    lines = [
        f"Time: {timings.get('total', 0.0):.1f} s in all; "
        + ", ".join(f"{key} {value:.1f} s" for key, value in slowest)
    ]
    if "inspected_before" in timings:
        lines.append(
            f"Inspected: {timings.get('pictures_inspected', 0):,} pictures anew, {timings['inspected_before']:,} kept"
        )
    lines += [
        f"Embedded by {view['featurizer']} ({view['crop']}): {view['embedded']:,} anew, {view['cached']:,} from the "
        f"cache, {view['set_aside']:,} set aside"
        for view in timings.get("views", [])
    ]
    return lines
