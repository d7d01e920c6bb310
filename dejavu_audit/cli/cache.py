"""`dejavu-audit cache`: what is kept of earlier runs, and making room."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from dejavu_audit.cli.exits import guarded

app = typer.Typer(no_args_is_help=True, help="What is kept of earlier runs: look at it, make room.")

CacheDir = Annotated[
    Optional[Path], typer.Option("--cache-dir", help="Which cache.", show_default="the platform's cache")
]
