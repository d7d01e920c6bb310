"""`dejavu-audit config show`: every setting of an audit, its value, and where it came from."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from dejavu_audit.cli import audit
from dejavu_audit.cli import options as o
from dejavu_audit.cli.cells import grid, print_json, texts
from dejavu_audit.cli.completing import family_names
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.flags import OTHERS, configuration
from dejavu_audit.cli.settled import Origin, Settled, SettledCommand, where_set
from dejavu_audit.report.plain import plain

Family = Annotated[
    str | None,
    typer.Argument(help="Encoder family of the audit.", autocompletion=family_names, show_default=False),
]
Model = Annotated[str | None, typer.Argument(help="Its model.", show_default=False)]
FIELDS = {
    "data_option": "data_options",
    "tagger_option": "tagger_options",
    "baseline_option": "baseline_options",
    "alpha": "baseline_options",
}
"""Parameters that stand for a field of another name."""
NAMES = ("family", "model", "data")
"""What an audit must name; all other settings can be told without."""


class ShownCommand(SettledCommand):
    """The flags of an audit, whose family is an argument."""

    def family(self, ctx: Any, typed: Mapping[str, Any]) -> str | None:
        """As it was typed, if at all."""
        return typed.get("family")


def _command() -> Callable[..., None]:
    """The command with the parameters of an audit; what it must name may be left out."""

    def command(
        *,
        ctx: typer.Context,
        family: Family = None,
        model: Model = None,
        config_file: o.ConfigFile = None,
        json: o.JustJson = False,
        quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is not a default.")] = False,
        **asked: Any,
    ) -> None:
        settled: Settled = ctx.obj
        file = settled.file.audit if settled.file else {}
        named = {"family": family or file.get("family"), "model": model, "data": asked["data"]}
        with where_set(settled):
            config = configuration(named["family"] or "-", {**asked, **{key: named[key] or "-" for key in NAMES[1:]}})
        values = {**config.model_dump(mode="json"), **named}
        rows = [_row(key, value, settled) for key, value in values.items()]
        if json:
            left = dict(settled.layer.left_out) if settled.layer else {}
            told = {"file": str(settled.file.path) if settled.file else None, "settings": rows, "left_out": left}
            print_json(told)
        else:
            _show(rows, settled, quiet=quiet)

    every = inspect.signature(audit.command_for("-"), eval_str=True).parameters
    own = [one for one in inspect.signature(command, eval_str=True).parameters.values() if one.name != "asked"]
    names = {one.name for one in own}
    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [one.replace(kind=keyword) for key, one in every.items() if key not in names and key not in OTHERS]
    optional = Annotated[(str | None, *o.Data.__metadata__)]
    shared = [one.replace(annotation=optional, default=None) if one.name == "data" else one for one in shared]
    command.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in [*own, *shared]} | {"return": None}
    command.__doc__ = "Show every setting of an audit, its value, and where it came from; nothing is run."
    return guarded(command)


def _row(field: str, value: Any, settled: Settled) -> dict[str, Any]:
    """A setting: its name, value and source, and the flag, variable or file that gave it."""
    parameters = [name for name in settled.origins if FIELDS.get(name, name) == field]
    given = [settled.origins[name] for name in parameters if settled.origins[name].source != "default"]
    if field == "family" and not given and value is not None and settled.file:
        given = [Origin("file", str(settled.file.path))]
    if field == "root" and value is None and (variable := _root_variable(settled.values.get("data"))):
        value, given = os.environ[variable], [Origin("environment", variable)]
    of = given[0] if given else Origin("default", "")
    return {"name": field, "value": value, "source": of.source, "from": of.name or None}


def _root_variable(data: str | None) -> str | None:
    """The variable that says where the files of a data set are, if it is set."""
    if data is None:
        return None
    from dejavu_audit.data.loading import root_variable

    variable = root_variable(data)
    return variable if os.environ.get(variable) else None


def _show(rows: list[dict[str, Any]], settled: Settled, *, quiet: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    table = grid("setting", "value", "from", left=["setting", "value", "from"])
    for row in rows:
        if quiet and row["source"] == "default":
            continue
        cells = (row["name"], plain(_value(row["value"]), 200), plain(row["from"] or "default", 200))
        table.add_row(*texts(*cells), style="dim" if row["source"] == "default" else None)
    if table.row_count:
        console.print(table)
    if settled.file is None:
        console.print(Text("No settings file: there is no dejavu.toml in this folder."))
    for line in settled.layer.sentences(settled.file.path) if settled.layer and settled.file else []:
        console.print(Text(line))


def _value(value: Any) -> str:
    if value is None or value in ([], {}):
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


app = typer.Typer(no_args_is_help=True, help="Where the settings of an audit come from.")
app.command(name="show", cls=ShownCommand, epilog=audit.EPILOG)(_command())
