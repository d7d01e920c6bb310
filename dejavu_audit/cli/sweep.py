"""`dejavu-audit sweep SPEC.toml`: many audits in one go, one table and one plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dejavu_audit.cli import options as o
from dejavu_audit.cli.cells import print_json
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once

if TYPE_CHECKING:
    from dejavu_audit.sweep import Sweep

NAMES = {
    "knn_top1": "kNN",
    "linear_probe_top1": "linear probe",
    "zero_shot_top1": "zero-shot",
    "retrieval_t2i_recall1": "recall at 1",
    "retrieval_t2i_recall10": "recall at 10",
}


@guarded
def command(
    spec: Annotated[Path, typer.Argument(help="Description of the sweep (TOML).", metavar="SPEC.toml")],
    out: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Where the sweep goes.", show_default="runs/sweep-<name>"),
    ] = None,
    dry_run: o.DryRun = False,
    json: Annotated[bool, typer.Option("--json", help="Print sweep.json instead of the table.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
    cache_dir: o.CacheDir = None,
) -> None:
    """Audit many checkpoints, sharing data and reference; rows that are done already are not run again."""
    from dejavu_audit.errors import AuditError

    with leave_at_once():
        from dejavu_audit.cli import screen
        from dejavu_audit.sweep import plan, run

    planned = plan(spec, out, cache_dir)
    if not dry_run:
        with screen.progress(quiet=quiet) as progress:
            progress.say(f"{len(planned.record.rows):,} rows, {planned.waiting:,} audits to run, into {planned.folder}")
            planned = run(planned, progress)
    if json:
        print_json(planned.record.model_dump(mode="json"))
    elif not quiet or dry_run:
        _show(planned, dry_run=dry_run)
    failed = [row for row in planned.record.rows if row.state == "failed"]
    if failed:
        several = f"{len(failed):,} of {len(planned.record.rows):,} rows failed, the first"
        said = several if len(failed) > 1 else f"the row at {planned.record.x} = {failed[0].x:g} failed"
        raise AuditError(f"{said}: {failed[0].error}")


def _show(shown: Sweep, *, dry_run: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    from dejavu_audit.cli.cells import grid, interval, percent, texts

    record = shown.record
    named = any(row.series for row in record.rows)
    utilities = record.utilities
    level = next((f"{100 * row.headline.level:g} % " for row in record.rows if row.headline), "")
    left = ["series", "state"]
    columns = [*(["series"] if named else []), record.x, "memorization", f"{level}interval"]
    table = grid(*map(escape, columns), *(NAMES.get(key, key) for key in utilities), "state", left=left)
    table.columns[columns.index(f"{level}interval")].no_wrap = True
    for row in record.rows:
        told = row.headline
        cells = [*([row.series or ""] if named else []), f"{row.x:g}"]
        cells += (
            ["", ""]
            if told is None
            else [percent(told.estimate, signed=True), interval(told.low, told.high, signed=True)]
        )
        scores = row.utility or {}
        cells += [percent(scores[key].estimate) if key in scores else "" for key in utilities]
        table.add_row(*texts(*cells, "to run" if row.state == "waiting" else row.state))
    console = Console()
    console.print(table)
    console.print("percent of samples", style="dim")
    for row in record.rows:
        if row.state == "failed":
            console.print(*texts(f"- {record.x} = {row.x:g}: {row.error}"), style="dim")
    if dry_run:
        console.print(*texts(f"Dry run: {shown.waiting:,} audits would run into {shown.folder}; nothing was written."))
    else:
        console.print(
            *texts(f"\nSweep folder: {shown.folder}  (sweep.json, table.csv, table.parquet, plot.svg)"), soft_wrap=True
        )
