"""The table of `dejavu-audit samples --memorized`: ids, scores and p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from dejavu_audit.cli.cells import grid, percent, texts
from dejavu_audit.report.memorized_listing import counts_line, sentence
from dejavu_audit.report.plain import number, plain

if TYPE_CHECKING:
    from dejavu_audit.report.memorized_record import MemorizedRecord

WIDE = 90
"""Columns under which samples stand below one another."""


def show_memorized(found: MemorizedRecord, rows: list[dict[str, Any]], test: str) -> None:
    """Print what the list is and its first samples."""
    console = Console()
    console.print(Text(sentence(found), style="bold"))
    if counts_line(found):
        console.print(Text(f"Length {counts_line(found)}."))
    share = found.share
    if share.estimate is not None:
        estimated = f"{percent(share.estimate)} % ({percent(share.low)} to {percent(share.high)})"
        console.print(Text(f"Memorized in all, listed or not: at least {estimated} of the targets, as estimated."))
    for note in found.notes:
        console.print(Text(note, style="dim"))
    if not rows:
        return
    console.print(Text(f"\nThe first {len(rows):,}, least p-value first:"))
    what = "label" if test == "label" else "caption"
    if console.width < WIDE:
        for row in rows:
            console.print(Text(f"{row['rank']}. {plain(row['id'], 60)}", style="bold"))
            told = f"{plain(row[what], 60)}; score {number(row['score'], 3)}, p-value {row['p_value']:.2g}"
            console.print(Padding(Text(told), (0, 0, 0, 3), expand=False))
        return
    table = grid("#", "id", what, "score", "p-value", left=["id", what])
    for row in rows:
        cells = (plain(row["id"], 60), plain(row[what], 60), number(row["score"], 3), f"{row['p_value']:.2g}")
        table.add_row(*texts(row["rank"], *cells))
    console.print(table)
