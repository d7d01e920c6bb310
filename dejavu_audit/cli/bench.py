"""`dejavu-audit bench [STUDY...]`: what the auditor says where the truth is known."""

from __future__ import annotations

import json as writer
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dejavu_audit.cli.exits import FAIL, guarded
from dejavu_audit.cli.interrupts import leave_at_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.bench.running import Kept


@guarded
def command(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY]...",
            help="coverage, alarms, bias, lists, shares, power, gates, or encoders, which audits trained encoders "
            "(make bench-models).",
            show_default="all that are simulated",
        ),
    ] = None,
    audits: Annotated[
        int, typer.Option(min=2, max=1_000_000, help="Simulated audits a setting; 1,000 for figures to quote.")
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seeds everything that is drawn.")] = 0,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Processes, of one thread each.")] = 2,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where tables and plots go.")] = Path("bench"),
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page.", show_default="validation.md in the folder")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Audit encoders whose memory is known, thousands of times; exit code 1 where a bar is missed."""
    with leave_at_once():
        from dejavu_audit.bench.running import run_bench
        from dejavu_audit.cli import screen

    with screen.progress(quiet=quiet) as progress:
        ran = run_bench(
            studies or [], out=out, page=page, audits=audits, seed=seed, processes=processes, say=progress.say
        )
    if json:
        sys.stdout.write(writer.dumps([kept.as_json() for kept in ran], indent=2) + "\n")
    else:
        _show(ran, page or out / "validation.md")
    if not all(kept.met for kept in ran):
        raise typer.Exit(FAIL)


def _show(ran: Sequence[Kept], page: Path) -> None:
    from rich.console import Console
    from rich.text import Text

    from dejavu_audit.bench.page import figure, limit
    from dejavu_audit.cli.cells import grid, texts

    console = Console()
    table = grid("what", "measured", "bar", "met", left=["what"])
    for kept in ran:
        for check in kept.finding.checks:
            row = texts(check.name, figure(check.measured), limit(check), "yes" if check.met else "NO")
            table.add_row(*row, style=None if check.met else "bold red")
        table.add_section()
    console.print(table)
    checks = [check for kept in ran for check in kept.finding.checks]
    missed = sum(not check.met for check in checks)
    audits = sum(kept.finding.audits for kept in ran)
    seconds = sum(kept.finding.seconds for kept in ran)
    told = f"{missed} of {len(checks)} bars missed" if missed else f"All {len(checks)} bars met"
    style = "bold red" if missed else "bold green"
    console.print(Text(f"{told}: {audits:,} audits in {seconds:,.0f} s.", style=style))
    console.print(Text(f"Page: {page}"), soft_wrap=True)
