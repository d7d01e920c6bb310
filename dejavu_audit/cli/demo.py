"""`dejavu-audit demo`: audit the two checkpoints that come with the package, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dejavu_audit.cli import options as o
from dejavu_audit.cli.cells import print_json
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once


@guarded
def command(
    out: Annotated[Path, typer.Option(help="Where the two run folders go.")] = Path("runs"),
    cache_dir: Annotated[
        Path | None, typer.Option(help="Where embeddings are kept.", show_default="the platform's cache")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print both audit.json instead of the table.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, no table: the verdict lines alone.")
    ] = False,
    verbose: o.Verbose = False,
    bars: o.Bars = True,
) -> None:
    """Audit two small encoders that come with the package: one memorized its targets, its twin never saw them."""
    from rich.console import Console
    from rich.text import Text

    from dejavu_audit.cli import screen
    from dejavu_audit.report import verdict

    console = Console()
    if not quiet and not json:
        console.print(
            "Two small encoders come with this package, trained alike on procedural scenes. One saw the 300 target "
            "scenes over and over and learned their backgrounds by heart; its twin never saw them.\n",
            highlight=False,
        )
    with screen.progress(quiet=quiet, verbose=verbose, bars=bars) as progress:
        with leave_at_once():
            from dejavu_audit.samples import demo_audits

        results = demo_audits(out=out, cache_dir=cache_dir, progress=progress)
    if json:
        print_json({name: result.record.model_dump(mode="json") for name, result in results.items()})
        return
    if quiet:
        for name, result in results.items():
            console.print(Text(f"{name}: {result.verdict}"), soft_wrap=True)
        return
    console.print()
    screen.side_by_side(console, {name: result.record for name, result in results.items()})
    for name, result in results.items():
        style = screen.COLOURS.get(verdict.of(result.record), "bold")
        console.print(Text(f"{name}: ", style="bold").append(result.verdict, style=style))
    for name, result in results.items():
        console.print(Text(f"{name}: {result.folder}", style="dim"), soft_wrap=True)
    console.print(
        Text(
            "\nNext, your own model on your own data:\n"
            "  dejavu-audit openclip ViT-B-32 --data imagenet --root /path/to/imagenet\n"
            "  dejavu-audit openclip --help"
        ),
        soft_wrap=True,
    )
