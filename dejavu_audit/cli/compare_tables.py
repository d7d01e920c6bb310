"""The tables of `dejavu-audit compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from dejavu_audit.cli.cells import grid, texts
from dejavu_audit.cli.screen import NARROW
from dejavu_audit.report.comparison_lines import (
    classes_line,
    common_line,
    list_line,
    number_line,
    p_text,
    run_lines,
    score_lines,
    side_text,
    test_line,
)
from dejavu_audit.report.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.report.comparison_record import (
        ChangedClassRecord,
        ChangedListRecord,
        ChangedSampleRecord,
        ComparisonRecord,
    )

_COLOURS = {"rose": "bold red", "fell": "bold green", "no change shown": "bold"}
_SHORT = {"memorized": "mem.", "misrepresented": "misrep.", "correlated": "corr.", "unassociated": "unass."}


def show_comparison(found: ComparisonRecord, *, quiet: bool) -> None:
    """Print all that was found; with `quiet` the verdict alone."""
    console = Console()
    verdict = Text(plain(found.verdict, 400), style=_COLOURS.get(found.finding, "bold yellow"))
    if quiet:
        console.print(Text(verdict.plain), soft_wrap=True)
        return
    console.print(verdict)
    for letter, run in (("A", found.old), ("B", found.new)):
        console.print(Text(f"\n{letter}: {plain(run.name)}", style="bold"))
        for line in (*run_lines(run), number_line(run)):
            console.print(Text(plain(line, 200)))
    if found.same_encoder:
        console.print(Text("\nBoth audit the same encoder, with the same weights."))
    _settings(console, found)
    for warning in found.warnings:
        console.print(Text(f"- {plain(warning, 600)}", style="yellow"))
    console.print(Text(f"\nCompared: {common_line(found)}"))
    _scores(console, found)
    _parts(console, found)
    console.print(Text("\nExact tests of what changed (each sample counted once):", style="bold"))
    for test in found.tests.values():
        console.print(Text(f"- {test_line(test)}"))
    _list(console, found, found.memorized, "By part")
    if found.listed is not None:
        _list(console, found, found.listed, "By the list with a bounded rate of false discoveries")
    _classes(console, found)


def _settings(console: Console, found: ComparisonRecord) -> None:
    if not found.differences:
        return
    console.print(Text("\nWhat is not the same:", style="bold"))
    table = grid("setting", "A", "B", left=["setting", "A", "B"])
    for one in found.differences:
        table.add_row(*texts(plain(one.name, 40), plain(one.old, 60), plain(one.new, 60)))
    console.print(table)


def _scores(console: Console, found: ComparisonRecord) -> None:
    table = grid("percent", "A", "B", "B - A", f"{100 * found.level:g} % interval", left=["percent"])
    for column in table.columns[1:]:
        column.no_wrap = True
    for line in score_lines(found):
        if line.section:
            table.add_section()
        cells = texts(line.name, line.old, line.new, line.change, line.interval)
        table.add_row(*cells, style="bold" if line.strong else None)
    console.print(table)


def _parts(console: Console, found: ComparisonRecord) -> None:
    console.print(Text("Targets by their part in A (rows) and in B (columns):"))
    names = {part: part if console.width >= NARROW else _SHORT[part] for part in found.parts}
    table = grid("", *names.values(), left=[""])
    for part, row in found.parts.items():
        table.add_row(*texts(names[part], *(f"{row[other]:,}" for other in names)))
    console.print(table)


def _list(console: Console, found: ComparisonRecord, of: ChangedListRecord, how: str) -> None:
    console.print(Text(f"\n{list_line(of, how)}.", style="bold"))
    for title, total, rows in (
        ("Became memorized", of.became, of.became_first),
        ("No longer", of.no_longer, of.no_longer_first),
    ):
        if rows:
            first = f", the first {len(rows):,}" if len(rows) < total else ""
            console.print(Text(f"{title}{first}:"))
            _samples(console, found, rows)


def _samples(console: Console, found: ComparisonRecord, rows: Sequence[ChangedSampleRecord]) -> None:
    votes = "votes" if found.test == "label" else "prec./recall"
    tested = any(side.p_value is not None for row in rows for side in (row.old, row.new))
    p_values = ["p, A", "p, B"] if tested else []
    label = "label" if found.test == "label" else "caption"
    wide = console.width >= NARROW
    table = grid("id", *([label] if wide else []), f"{votes}, A", f"{votes}, B", *p_values, left=["id", label])
    for row in rows:
        name = [plain(row.label or row.caption or "", 40)] if wide else []
        chances = [p_text(side.p_value) for side in (row.old, row.new)] if tested else []
        table.add_row(*texts(plain(row.id, 60), *name, side_text(row.old), side_text(row.new), *chances))
    console.print(table)


def _classes(console: Console, found: ComparisonRecord) -> None:
    of = found.classes
    if of is None:
        return
    said = classes_line(of)
    console.print(Text(f"\n{said[0].upper()}{said[1:]}.", style="bold"))
    _class_table(console, "Risen the most:", of.risen, found.level)
    _class_table(console, "Fallen the most:", of.fallen, found.level)


def _class_table(console: Console, title: str, rows: Sequence[ChangedClassRecord], level: float) -> None:
    if not rows:
        return
    console.print(Text(title))
    table = grid("class", "n", "A", "B", "B - A", f"{100 * level:g} % interval", left=["class"])
    for row in rows:
        numbers = (f"{100 * of:+.1f}" for of in (row.old, row.new, row.change))
        bounds = f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
        table.add_row(*texts(plain(row.name, 40), f"{row.n:,}", *numbers, bounds))
    console.print(table)
