"""What the terminal shows: stages with their progress while an audit runs, then one table.

What comes from data is printed as text, never as markup. Progress goes to standard error, results to standard output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dejavu_audit.cli.cells import print_json, unicode_terminal
from dejavu_audit.cli.watching import Screen, progress
from dejavu_audit.report import verdict
from dejavu_audit.report.folder import CLAIM
from dejavu_audit.report.lines import UNIT, list_lines, reference_lines, set_lines, summary_lines

if TYPE_CHECKING:
    from dejavu_audit.embeddings.views import View
    from dejavu_audit.report.record import AuditRecord
    from dejavu_audit.report.result import AuditResult
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Rows

__all__ = ["COLOURS", "NARROW", "Screen", "progress", "references", "show_plan", "show_result", "side_by_side", "table"]
COLOURS = {"memorizes": "bold red", "not shown": "bold green", "reversed": "bold yellow", "uncalibrated": "bold yellow"}


def show_result(result: AuditResult, *, quiet: bool, json: bool) -> None:
    """Print what was found: the table, the verdict line alone, or audit.json."""
    if json:
        print_json(result.record.model_dump(mode="json"))
        return
    console = Console()
    if quiet:
        console.print(Text(result.verdict), soft_wrap=True)
        return
    console.print()
    console.print(Text(result.verdict, style=COLOURS.get(verdict.of(result.record), "bold")))
    console.print(table([result.record]))
    if len(result.record.references) > 1:
        console.print(references(result.record))
    for line in (*list_lines(result.record), *set_lines(result.record)):
        console.print(Text(line, style="dim"))
    for caveat in result.record.caveats:
        console.print(Text(f"- {caveat}", style="dim"))
    files = ", ".join(sorted(file.name for file in result.folder.iterdir() if file.name != CLAIM))
    console.print(Text(f"\nRun folder: {result.folder}  ({files})"), soft_wrap=True)


NARROW = 78
"""Columns under which audits stand below one another."""


def side_by_side(console: Console, named: dict[str, AuditRecord]) -> None:
    """Print the tables of several audits, as one where the terminal is wide enough."""
    if console.width >= NARROW:
        console.print(table(list(named.values()), list(named)))
        return
    for title, record in named.items():
        console.print(table([record], [title]))


def table(records: list[AuditRecord], titles: list[str] | None = None) -> Table:
    """The summary table; several audits stand side by side."""
    grid = Table(box=ROUNDED if unicode_terminal() else None)
    grid.add_column(UNIT, overflow="fold")
    for number, record in enumerate(records):
        title = titles[number] if titles else verdict.model_name(record.model.family, record.model.name)
        grid.add_column(Text(title), justify="right", overflow="fold")
        grid.add_column(f"{100 * record.headline.level:g} % interval", no_wrap=True)
    for lines in zip(*(summary_lines(record) for record in records), strict=True):
        if lines[0].section:
            grid.add_section()
        cells = [lines[0].name] + [cell for line in lines for cell in (line.value, line.interval)]
        grid.add_row(*(Text(cell) for cell in cells), style="bold" if lines[0].strong else None)
    return grid


def references(record: AuditRecord) -> Table:
    """How each of several references fares, alone."""
    measure = "right" if record.headline.metric.startswith("deja_vu") else "precision"
    other = "reference's members" if record.headline.metric.endswith("_symmetric") else "control"
    grid = Table(box=ROUNDED if unicode_terminal() else None)
    grid.add_column("reference alone", overflow="fold", min_width=16)
    for title in ("finds", f"{measure}: targets", f"{measure}: {other}", f"encoder: {other}", ""):
        grid.add_column(title, justify="right", overflow="fold")
    for line in reference_lines(record):
        grid.add_row(*(Text(cell) for cell in line))
    return grid


def show_plan(plan: Plan, jobs: Mapping[str, tuple[View, Rows]], *, json: bool) -> None:
    """Print what an audit would do (`--dry-run`)."""
    encoder, split = plan.encoder, plan.split
    sizes = {name: len(rows) for name, rows in split.sets().items()}
    if json:
        wanted = {
            "config": plan.config.model_dump(mode="json"),
            "model": {
                "family": encoder.family,
                "name": encoder.name,
                "pretrained": encoder.pretrained,
                "fingerprint": encoder.fingerprint,
                "embedding_dim": encoder.dim,
            },
            "data": {"name": plan.dataset.name, "root": plan.dataset.root, "counts": sizes},
            "folder": str(plan.folder.path),
        }
        print_json(wanted)
        return
    console = Console()
    grid = Table(show_header=False, box=None)
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    views = sum(len(rows) for view, rows in jobs.values() if view.featurizer is encoder)
    others = sum(len(rows) for view, rows in jobs.values() if view.featurizer is not encoder)
    for name, value in [
        (
            "encoder",
            f"{encoder.family} {encoder.name}, {encoder.pretrained}, {encoder.dim} dimensions, on {encoder.device}",
        ),
        ("weights", encoder.weights),
        ("data", f"{plan.dataset.name}, {len(plan.dataset.classes):,} classes, {plan.dataset.root}"),
        *((name, f"{size:,} pictures") for name, size in sizes.items()),
        ("test", str(plan.config.test)),
        ("baseline", ", ".join(plan.references)),
        (
            "would embed",
            f"{views:,} views with the encoder, {others:,} for the baseline and taggers, less what is cached",
        ),
        ("cache", str(plan.store.root)),
        ("run folder", str(plan.folder.path)),
    ]:
        grid.add_row(Text(name), Text(value))
    console.print(grid)
    console.print(Text("Dry run: nothing was embedded and nothing written."))
