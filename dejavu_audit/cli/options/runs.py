"""Arguments that name finished runs."""

from __future__ import annotations

from typing import Annotated

import typer

from dejavu_audit.cli.completing import run_names

MEANT = "Run folder, 'latest', or the beginning of a folder's name in runs/."

Run = Annotated[str, typer.Argument(metavar="RUN", help=MEANT, autocompletion=run_names)]
