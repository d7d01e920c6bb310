"""Arguments that name finished runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dejavu_audit.cli.completing import run_names

MEANT = "Run folder, 'latest', or the beginning of a folder's name in runs/."


def run_argument(says: str, metavar: str = "RUN", **others: Any) -> Any:
    """An argument that is completed to the names of finished runs."""
    return typer.Argument(metavar=metavar, help=says, autocompletion=run_names, **others)


Run = Annotated[str, run_argument(MEANT)]
