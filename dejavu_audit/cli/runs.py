"""`dejavu-audit runs`: the runs there are, newest first."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import guarded

if TYPE_CHECKING:
    from rich.console import Console

    from dejavu_audit.around.runs import Listed

SHOWN = 50
"""Runs in the table where --top does not say."""
WIDE = 130
"""Columns under which a run takes two lines."""
NAME = 32
"""Letters of a run's name that stand on one line."""
STYLES = {"damaged": "red", "unfinished": "dim", "fail": "bold red", "pass": "green", "inconclusive": "yellow"}


@guarded
def command(
    runs: Annotated[Path, typer.Option("--runs", metavar="FOLDER", help="Where they are.")] = Path("runs"),
    top: Annotated[
        int | None, typer.Option(min=1, help="The newest alone.", show_default=f"{SHOWN}, with --json all")
    ] = None,
    json: o.JustJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The names alone, one a line.")] = False,
) -> None:
    """List finished and unfinished runs, newest first: model, data, what was found, the gate's verdict."""
    from dejavu_audit.around.runs import list_runs

    missing = runs == Path("runs") and not runs.exists()
    listed, total = ([], 0) if missing else list_runs(runs, top or (None if json or quiet else SHOWN))
    if json:
        from dejavu_audit.cli.cells import print_json

        print_json({"runs": [run.as_json() for run in listed], "total": total})
    elif quiet:
        for run in listed:
            typer.echo(run.name)
    else:
        _show(listed, total, runs)


def _show(listed: list[Listed], total: int, runs: Path) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    if not listed:
        console.print(Text(f"There is no run in {runs}. A first one in a minute: dejavu-audit demo"), soft_wrap=True)
        return
    (_table if console.width >= WIDE else _lines)(console, listed)
    if total > len(listed):
        more = total - len(listed)
        told = f"{more:,} older run{' is' if more == 1 else 's are'} not shown; type --top {total}."
        console.print(Text(told, style="dim"))
    level = next((run.headline["level"] for run in listed if run.headline), None)
    if level is not None:
        console.print(
            Text(f"Memorization in points (percent of targets), with its {100 * level:g} % interval.", style="dim")
        )


def _table(console: Console, listed: list[Listed]) -> None:
    from rich.text import Text

    from dejavu_audit.cli.cells import grid
    from dejavu_audit.report.plain import plain

    table = grid(
        "run", "model", "data", "memorization", "listed", "gate", "date", left=["run", "model", "data", "gate"]
    )
    for column in (3, 6):
        table.columns[column].no_wrap = True
    table.columns[0].min_width = min(NAME, max(len(run.name) for run in listed))  # what one types to mean it
    for run in listed:
        count = "" if run.memorized is None else f"{run.memorized:,}"
        cells = [
            plain(run.name, 60),
            _model(run),
            plain(run.data or "", 30),
            _found(run),
            count,
            run.gate or "",
            _date(run),
        ]
        row = [Text(cell) for cell in cells]
        row[5].stylize(STYLES.get(run.gate or "", ""))
        table.add_row(*row, style=STYLES.get(run.state))
    console.print(table)


def _lines(console: Console, listed: list[Listed]) -> None:
    """A run a paragraph, for narrow terminals."""
    from rich.padding import Padding
    from rich.text import Text

    from dejavu_audit.report.plain import plain

    for run in listed:
        console.print(Text(f"{plain(run.name, 60)}", style=f"bold {STYLES.get(run.state, '')}".strip()))
        told = [_model(run), plain(run.data or "", 30), _found(run)]
        told += [f"{run.memorized:,} listed"] if run.memorized is not None else []
        told += [f"gate: {run.gate}"] if run.gate else []
        console.print(Padding(Text(", ".join(filter(None, [*told, _date(run)]))), (0, 0, 0, 2), expand=False))


def _model(run: Listed) -> str:
    from dejavu_audit.report.plain import plain

    weights = (run.pretrained or "").replace("\\", "/").rpartition("/")[2]
    return plain(run.model or "", 60) + (f" ({plain(weights, 40)})" if weights else "")


def _found(run: Listed) -> str:
    """The headline with its interval, or what there is in its place."""
    from dejavu_audit.cli.cells import interval, percent
    from dejavu_audit.report.plain import plain

    if run.headline is None:
        return plain(" ".join(filter(None, [run.state, run.problem])), 70)
    found = run.headline
    if found["estimate"] is None:
        return "not measured"
    bounds = interval(found["low"], found["high"], signed=True)
    kind = "" if found["calibrated"] else " uncalibrated"
    return percent(found["estimate"], signed=True) + (f" ({bounds})" if bounds else "") + kind


def _date(run: Listed) -> str:
    return f"{datetime.fromisoformat(run.date).astimezone():%Y-%m-%d %H:%M}"
