"""The panels of an audit's help, and how a flag is put into one."""

from __future__ import annotations

from typing import Any

import typer

from dejavu_audit.cli.completing import Completer, choices

ENCODER, DATA, METHOD, BASELINE, MACHINE, OUTPUT = "Encoder", "Data", "Method", "Baseline", "Machine", "Output"
PREFIX = "DEJAVU_AUDIT_"


def variable(flag: str) -> str:
    """The environment variable that stands for a flag: --min-side is DEJAVU_AUDIT_MIN_SIDE."""
    return PREFIX + flag.lstrip("-").replace("-", "_").upper()


def option(panel: str, flag: str, says: str, metavar: str | None = None, complete: Completer | None = None) -> Any:
    """A flag with its help, which names its default where it has one; `complete` gives what a shell may offer.

    Without `complete` the words of a metavar like "quick|standard|full" are offered.
    """
    return typer.Option(
        flag,
        help=says,
        metavar=metavar,
        rich_help_panel=panel,
        show_default=False,
        envvar=variable(flag),
        show_envvar=False,
        autocompletion=complete or choices(metavar),
    )


def switch(panel: str, *flags: str, says: str, environment: bool = True) -> Any:
    """A flag that is on or off: "--utility/--no-utility"; its variable, where it has one, takes 1 and 0."""
    named = variable(flags[0].split("/")[0]) if environment else None
    return typer.Option(*flags, help=says, rich_help_panel=panel, show_default=False, envvar=named, show_envvar=False)
