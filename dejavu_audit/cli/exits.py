"""How a command ends: the exit codes, and one sentence instead of a traceback."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import typer

from dejavu_audit.cli.interrupts import INTERRUPTED
from dejavu_audit.errors import AuditError

PASS, FAIL, USAGE, INCONCLUSIVE, INTERNAL = 0, 1, 2, 3, 70


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the product's exit codes: 1 is a failed gate and nothing else, so no exception may end in 1."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.BadParameter):  # the latter ends in click's own code for usage, which is 2 too
            raise
        except AuditError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(USAGE) from None
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("\nInterrupted. What was embedded is kept: type the same command again to go on.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader of a pipe has gone, as with `| head`: the entry point sees to the rest
            raise SystemExit(PASS)  # noqa: B904 - and knows it by the context
        except Exception:  # whatever it is, it is ours
            import traceback

            typer.echo(traceback.format_exc(), err=True)
            typer.echo(
                "Internal error of dejavu-audit, not of your data: please report it with the lines above.", err=True
            )
            raise typer.Exit(INTERNAL) from None

    return run
