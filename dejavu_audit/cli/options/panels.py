"""The panels of an audit's help, and how a flag is put into one."""

from __future__ import annotations

from typing import Any

import typer

ENCODER, DATA, METHOD, BASELINE, MACHINE, OUTPUT = "Encoder", "Data", "Method", "Baseline", "Machine", "Output"


def option(panel: str, flag: str, says: str, metavar: str | None = None) -> Any:
    """A flag with its help; its default is named in the help where it has one."""
    return typer.Option(flag, help=says, metavar=metavar, rich_help_panel=panel, show_default=False)
