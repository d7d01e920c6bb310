"""`dejavu-audit plan FAMILY MODEL --data …`: time, memory, disk and statistical power of an audit, before it is run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from dejavu_audit.cli import audit
from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.flags import OTHERS, configuration
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.options.panels import OUTPUT, switch
from dejavu_audit.cli.settled import SettledCommand, where_set
from dejavu_audit.errors import AuditError

PANEL = "Plan"


def _option(flag: str, says: str, metavar: str | None = None) -> Any:
    return typer.Option(flag, help=says, metavar=metavar, rich_help_panel=PANEL, show_default=False)


Width = Annotated[
    float | None, _option("--width", "Interval, high less low, for which samples are counted: 0.04 is +-2 points.", "W")
]
Limit = Annotated[
    float | None, _option("--limit", "A gate's limit for which samples are counted: 0.02 is 2 points.", "L")
]
Below = Annotated[
    float | None,
    _option("--below", "How far below --limit the truth is that should pass. (default: all of it)", "D"),
]
Power = Annotated[float, _option("--power", "Chance of detecting and of passing that is wanted. (default: 0.8)", "P")]
Expect = Annotated[
    str | None,
    _option("--expect-accuracy", "Accuracy of encoder and reference without memorization, as in 0.25,0.2.", "F,G"),
]
PilotRun = Annotated[
    str | None, _option("--pilot", "An earlier run: its control shows how many samples are discordant.", "RUN")
]
Seconds = Annotated[
    float, _option("--seconds", "For measuring how fast this machine is; 0: not at all. (default: 10)", "S")
]


def command_for(family: str) -> Callable[..., None]:
    """The plan command of one encoder family: the flags of its audit command, and the plan's own."""

    def command(
        *,
        width: Width = None,
        limit: Limit = None,
        below: Below = None,
        power: Power = 0.8,
        expect_accuracy: Expect = None,
        pilot: PilotRun = None,
        seconds: Seconds = 10.0,
        ctx: typer.Context,
        config_file: o.ConfigFile = None,
        quiet: Annotated[bool, switch(OUTPUT, "--quiet", "-q", says="No progress.")] = False,
        verbose: o.Verbose = False,
        bars: o.Bars = True,
        json: Annotated[
            bool, switch(OUTPUT, "--json", says="Print a record instead of tables.", environment=False)
        ] = False,
        **asked: Any,
    ) -> None:
        with leave_at_once():
            from dejavu_audit.cli import screen
        shown = screen.progress(quiet=quiet, verbose=verbose, bars=bars)
        with where_set(ctx.obj), shown as progress:
            config = configuration(family, asked)
            for line in ctx.obj.said():
                progress.say(line)
            with leave_at_once():  # the long part of a start: torch and the encoder's own library
                from dejavu_audit import plugins
                from dejavu_audit.planning import Wishes, plan_audit

                plugins.find(plugins.ENCODERS, config.family, kind="encoder family")
                wishes = Wishes(width, limit, below, power, _pair(expect_accuracy), pilot, seconds)
            record = plan_audit(config, progress, wishes)
        from dejavu_audit.cli.plan_tables import show

        show(record, json=json)

    own = [one for one in inspect.signature(command, eval_str=True).parameters.values() if one.name != "asked"]
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [one.replace(kind=keyword) for one in _parameters(family)]
    command.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in [*shared, *own]} | {"return": None}
    command.__doc__ = f"Plan an audit: the flags are those of `dejavu-audit {family}`, and the plan's own."
    return guarded(command)


def _parameters(family: str) -> list[inspect.Parameter]:
    """The parameters of the family's audit command that make its configuration."""
    every = inspect.signature(audit.command_for(family), eval_str=True).parameters
    return [one for name, one in every.items() if name not in OTHERS]


def _pair(text: str | None) -> tuple[float, float] | None:
    """Two numbers with a comma between."""
    if text is None:
        return None
    try:
        encoder, reference = (float(part) for part in text.split(","))
    except ValueError:
        raise AuditError(f"--expect-accuracy takes two numbers, as in 0.25,0.2, not {text!r}") from None
    return encoder, reference


def add_to(app: typer.Typer, families: list[str]) -> None:
    """Add `plan`, with a command for every family."""
    plans = typer.Typer(no_args_is_help=True, help="Before a run: how long it takes, and how sure it will be.")
    for family in families:
        plans.command(name=family, cls=SettledCommand, epilog=audit.EPILOG)(command_for(family))
    app.add_typer(plans, name="plan", rich_help_panel=audit.PANEL)
