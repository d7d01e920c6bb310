"""Flags that say what is left and shown."""

from __future__ import annotations

from typing import Annotated

import typer

from dejavu_audit.cli.options.panels import OUTPUT, option

Out = Annotated[
    str | None, option(OUTPUT, "--out", metavar="FOLDER", says="Run folder. (default: runs/<model>-<data>-<hash>)")
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Resolve everything, say what would be done, do nothing.", rich_help_panel=OUTPUT),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, no table: the verdict line alone.", rich_help_panel=OUTPUT)
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print audit.json on standard output instead of the table.", rich_help_panel=OUTPUT),
]
