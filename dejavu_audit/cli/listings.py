"""`dejavu-audit datasets`, `encoders`, `baselines`, `taggers`: what there is to name, plug-ins included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dejavu_audit import plugins
from dejavu_audit.cli import options as o
from dejavu_audit.cli.completing import family_names
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once

if TYPE_CHECKING:
    from dejavu_audit.around.offers import Offer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The names alone, one a line.")]


@guarded
def datasets(json: o.JustJson = False, quiet: Quiet = False) -> None:
    """List the data sets that --data may name, and where their files are looked for."""
    with leave_at_once():
        from dejavu_audit.data.loading import root_variable

    def more(offer: Offer) -> dict[str, Any]:
        import os

        variable = root_variable(offer.name)
        return {"root_variable": variable, "root": os.environ.get(variable)}

    _list(plugins.DATASETS, json, quiet, "Your own data, without code: --data mine.toml (docs/data.md).", more)


@guarded
def encoders(
    family: Annotated[
        str | None,
        typer.Argument(help="A family, for the names of its models.", autocompletion=family_names, show_default=False),
    ] = None,
    pattern: Annotated[
        str | None, typer.Argument(help="A part of a model's name; * is any text.", show_default=False)
    ] = None,
    json: o.JustJson = False,
    quiet: Quiet = False,
) -> None:
    """List the encoder families, or the model names of one, with the tags of their published weights."""
    if family is None:
        advice = "Names of models: dejavu-audit encoders openclip, or encoders timm resnet50 for those with that name."
        _list(plugins.ENCODERS, json, quiet, advice)
        return
    with leave_at_once():
        from dejavu_audit.around.models import models

        found = models(family, pattern)
    if json:
        from dejavu_audit.cli.cells import print_json

        print_json({"family": family, "models": [{"name": name, "pretrained": tags} for name, tags in found]})
        return
    _show_models(found, family, quiet=quiet)


@guarded
def baselines(json: o.JustJson = False, quiet: Quiet = False) -> None:
    """List the baselines, which stand in for a second model."""
    _list(plugins.BASELINES, json, quiet, "An own one is a package with an entry point (docs/baselines.md).")


@guarded
def taggers(json: o.JustJson = False, quiet: Quiet = False) -> None:
    """List the taggers, which find the objects of a picture."""
    _list(plugins.TAGGERS, json, quiet, "--tagger NAME:MODEL[:PRETRAINED], or a file of tags (docs/taggers.md).")


def _list(group: str, json: bool, quiet: bool, advice: str, more: Any = None) -> None:
    with leave_at_once():  # plug-ins are imported, torch with them
        from dejavu_audit.around.offers import offers

        found = offers(group)
    if json:
        from dejavu_audit.cli.cells import print_json

        print_json([{**offer.as_json(), **(more(offer) if more else {})} for offer in found])
        return
    if quiet:
        for offer in found:
            typer.echo(offer.name)
        return
    _show(found, advice, [more(offer) if more else {} for offer in found])


def _show(found: Sequence[Offer], advice: str, more: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from dejavu_audit.report.plain import plain

    console = Console()
    for offer, told in zip(found, more, strict=True):
        head = Text(plain(offer.name, 60), style="bold")
        if not offer.ours:
            head.append(f"  {plain(f'{offer.package} {offer.version}'.strip() or offer.module)}", style="cyan")
        console.print(head)
        lines = [Text(plain(offer.says or "its author says nothing of it", 300))]
        if told.get("root_variable"):
            root = plain(told["root"], 200) if told["root"] else "not set"
            lines.append(Text(f"{told['root_variable']}: {root}", style="dim"))
        if offer.problem:
            lines.append(Text(f"BROKEN: {plain(offer.problem, 300)}", style="bold red"))
        if offer.hidden:
            lines.append(Text(f"also offered, and hidden: {', '.join(map(plain, offer.hidden))}", style="yellow"))
        for line in lines:
            console.print(Padding(line, (0, 0, 0, 2), expand=False))
    if not found:
        console.print(Text("None is installed."))
    console.print(Text(f"\n{advice}", style="dim"))


def _show_models(found: Sequence[tuple[str, tuple[str, ...]]], family: str, *, quiet: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    if quiet:
        for name, _ in found:
            typer.echo(name)
        return
    console = Console()
    for name, tags in found:
        told = Text(name, style="bold")
        told.append(f"  {', '.join(tags)}" if tags else "  no published weights", style="not bold dim")
        console.print(told)
    console.print(Text(f"\n{len(found):,} models of {family}; after each name the tags for --pretrained.", style="dim"))
