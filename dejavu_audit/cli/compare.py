"""`dejavu-audit compare A B`: what changed from one finished run to another, on the same samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dejavu_audit.cli.cells import print_json
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.options.runs import MEANT, run_argument


@guarded
def command(
    old: Annotated[str, run_argument(f"{MEANT} The first, as of the last release.", "A")],
    new: Annotated[str, run_argument("The second: every number is B minus A.", "B")],
    top: Annotated[int, typer.Option(min=1, max=10_000, help="How many samples and classes a list has.")] = 10,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the comparison as a web page.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict alone.")] = False,
) -> None:
    """Compare two finished runs on the same samples: paired differences, and which samples became memorized."""
    with leave_at_once():
        from dejavu_audit.cli.compare_tables import show_comparison
        from dejavu_audit.report.comparison import compare_runs
        from dejavu_audit.report.reading import resolve_run

    found = compare_runs(resolve_run(old), resolve_run(new), top=top)
    if html is not None:
        from dejavu_audit.report.comparison_page import write_page

        write_page(found, html)
    if json:
        print_json(found.model_dump(mode="json"))
        return
    show_comparison(found, quiet=quiet)
    if html is not None and not quiet:
        typer.echo(f"Written: {html}")
