"""The command line: what there is to type. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from dejavu_audit import __version__, plugins
from dejavu_audit.cli import agree, audit, bench, cache, demo, exits, interrupts, plan, samples, sweep

app = typer.Typer(
    name="dejavu-audit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: dejavu-audit demo",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"dejavu-audit {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """How much of its training data has a pretrained encoder memorized? One command, with an error bar."""


audit.add_to(app, plugins.names(plugins.ENCODERS))
plan.add_to(app, plugins.names(plugins.ENCODERS))
app.command(name="demo", rich_help_panel="Look around")(demo.command)
app.command(name="samples", rich_help_panel="Read what was found")(samples.command)
app.command(name="agree", rich_help_panel="Read what was found")(agree.command)
app.command(name="sweep", rich_help_panel="Audit a model")(sweep.command)
app.command(name="bench", rich_help_panel="Look around")(bench.command)
app.add_typer(cache.app, name="cache", rich_help_panel="Look around")


def run() -> None:
    """Enter from the console script."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a letter shows "?" for it, and no traceback
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except SystemExit as end:
        if end.code == interrupts.INTERRUPTED:
            interrupts.exit_interrupted()
        if isinstance(end.__context__, BrokenPipeError):  # as with `| head`: rich and click would end with 1
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left to flush has nowhere to go
            raise SystemExit(exits.PASS) from None
        raise
