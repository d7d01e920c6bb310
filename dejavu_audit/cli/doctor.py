"""`dejavu-audit doctor`: is this machine fit for an audit, and does an audit find what is known to be there?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import USAGE, guarded
from dejavu_audit.cli.interrupts import leave_at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dejavu_audit.around.machine import Check

MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "bad": ("BAD", "bold red")}


@guarded
def command(
    self_test: Annotated[
        bool, typer.Option("--self-test/--no-self-test", help="Audit the sample encoders, whose answer is known.")
    ] = True,
    cache_dir: o.CacheDir = None,
    config_file: o.ConfigFile = None,
    json: o.JustJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is not as it should be.")] = False,
) -> None:
    """Look whether this machine is fit for audits, and audit what is known; exit code 2 if anything is bad."""
    with leave_at_once():
        from dejavu_audit.around.machine import checks
        from dejavu_audit.cli import screen
        from dejavu_audit.cli.settled import settings_file

    file = settings_file(config_file)
    audit = dict(file.audit) if file else {}
    found: list[Check] = []
    with screen.progress(quiet=quiet or json) as progress:
        progress.say("Looking at packages, devices, room and data ...")
        shown = _Shown(quiet=quiet or json)
        for check in checks(cache_dir or audit.get("cache_dir"), audit):
            found.append(check)
            shown.line(check)
        if self_test:
            progress.say("Auditing two sample encoders ...")
            for check in _self_test():
                found.append(check)
                shown.line(check)
    bad = [check for check in found if check.standing == "bad"]
    if json:
        from dejavu_audit.cli.cells import print_json

        print_json({"fit": not bad, "checks": [check.as_json() for check in found]})
    else:
        shown.end(found)
    if bad:
        raise typer.Exit(USAGE)


def _self_test() -> Iterator[Check]:
    """The self-test as checks; whatever ends it is a finding."""
    from dejavu_audit.around.machine import Check
    from dejavu_audit.around.self_test import self_test
    from dejavu_audit.cli.cells import interval, percent

    try:
        tested = self_test()
    except Exception as error:  # that an audit fails here is what is asked
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        yield Check("self-test", "audit", "bad", f"failed: {reason}", "report it, with the output of --json")
        return
    for one in tested:
        told = f"{percent(one.found, signed=True)} points ({interval(one.low, one.high, signed=True)}), known: "
        told += f"{percent(one.expected, signed=True)}; {one.seconds:.1f} s"
        advice = "" if one.right else "trust no audit of this machine; install torch and dejavu-audit anew"
        yield Check("self-test", one.name, "ok" if one.right else "bad", told, advice)


class _Shown:
    """Checks on the screen, as they are found."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self._console, self._quiet, self._group = Console(), quiet, ""

    def line(self, check: Check) -> None:
        """Show one, under the heading of its group."""
        if not self._quiet:
            if check.group != self._group:
                self._console.print()
                self._group = check.group
                self._console.print(check.group, style="bold")
            self._told(check)

    def end(self, found: list[Check]) -> None:
        """What is to be mended; with --quiet all that was found of it."""
        from rich.text import Text

        counted = {standing: sum(check.standing == standing for check in found) for standing in MARKS}
        if self._quiet:
            for check in found:
                if check.standing != "ok":
                    self._told(check)
            return
        notes = f", {counted['note']} to know of" if counted["note"] else ""
        told, style = f"\nFit for audits: {counted['ok']} checks are well{notes}.", "bold green"
        if counted["bad"]:
            told, style = f"\nNot fit for audits: {counted['bad']} of {len(found)} checks are bad.", "bold red"
        self._console.print(Text(told, style=style))

    def _told(self, check: Check) -> None:
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        from dejavu_audit.report.plain import plain

        mark, style = MARKS[check.standing]
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=4)
        row.add_column(width=min(22, max(12, self._console.width // 4)), overflow="fold")
        row.add_column(overflow="fold", ratio=1)
        says = Text(plain(check.says, 400))
        if check.advice:
            says.append(f"; {check.advice}", style="bold")
        row.add_row(Text(mark, style=style), Text(plain(check.name, 40)), says)
        self._console.print(Padding(row, (0, 0, 0, 2)))
