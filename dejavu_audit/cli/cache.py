"""`dejavu-audit cache`: what is kept of earlier runs, and making room."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="What is kept of earlier runs: look at it, make room.")

CacheDir = Annotated[Path | None, typer.Option("--cache-dir", help="Which cache.", show_default="the platform's cache")]
