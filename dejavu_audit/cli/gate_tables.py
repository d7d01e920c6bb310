"""What `dejavu-audit gate` shows: the verdict, the limits with their intervals, what is required."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from dejavu_audit.cli.cells import grid, print_json, texts
from dejavu_audit.gate.limits import HEADLINE
from dejavu_audit.gate.running import FILES
from dejavu_audit.gate.wording import LEADS, amounts, percent
from dejavu_audit.report.plain import plain

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.gate.baseline import Baseline
    from dejavu_audit.gate.record import GateRecord, LimitRecord
    from dejavu_audit.gate.running import Gated

WIDE = 90
"""Columns under which limits stand below one another."""
STYLES = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}


def show_gate(gated: Gated, *, json: bool, quiet: bool) -> None:
    """Print the verdict line alone, the whole, or gate.json."""
    record = gated.record
    if json:
        print_json(record.model_dump(mode="json"))
        return
    console = Console()
    console.print(Text(record.sentence, style=STYLES[record.verdict]), soft_wrap=quiet)
    if gated.outcome != record.verdict:
        console.print(Text(f"An undecided gate counts as {gated.outcome} here."), soft_wrap=quiet)
    if quiet:
        return
    (_table if console.width >= WIDE else _list)(console, record)
    for limit in record.limits:
        if limit.verdict != "pass":
            console.print(Text(f"- {limit.sentence}"))
    for one in record.requirements:
        met = Text("met: " if one.met else "not met: ", style="green" if one.met else "bold red")
        console.print(Text("required, ") + met + Text(f"{one.name}. {one.sentence}"))
    for stage in record.stages if len(record.stages) > 1 else []:
        console.print(
            Text(
                f"looked at {stage.targets:,} targets and {stage.control:,} control samples with "
                f"{percent(stage.level)} confidence: {LEADS[stage.verdict].lower()}",
                style="dim",
            )
        )
    console.print(Text(record.family, style="dim"))
    if record.baseline:
        console.print(Text(f"Increases are over the baseline {record.baseline}.", style="dim"))
    console.print(Text(f"\nRun folder: {gated.run.path}  ({', '.join(FILES)})"), soft_wrap=True)


def _table(console: Console, record: GateRecord) -> None:
    table = grid("limit on", "estimate", "interval", "limit", "verdict", left=["limit on", "verdict"])
    for column in table.columns[1:]:
        column.no_wrap = True
    for limit in record.limits:
        row = texts(_name(limit, record), *_figures(limit, record), LEADS[limit.verdict].lower())
        row[-1].stylize(STYLES[limit.verdict])
        table.add_row(*row)
    console.print(table)


def _list(console: Console, record: GateRecord) -> None:
    """A limit a paragraph, for narrow terminals."""
    for limit in record.limits:
        estimate, interval, bound = _figures(limit, record)
        head = Text(f"{_name(limit, record)}: ", style="bold")
        console.print(head + Text(LEADS[limit.verdict].lower(), style=STYLES[limit.verdict]))
        told = f"{estimate} ({interval}), limit {bound}" if interval else f"{estimate}, limit {bound}"
        console.print(Padding(Text(told), (0, 0, 0, 2), expand=False))


def _name(limit: LimitRecord, record: GateRecord) -> str:
    name = plain(limit.score, 60)
    return f"{name}, increase" if limit.kind == "max_increase" else name


def _figures(limit: LimitRecord, record: GateRecord) -> tuple[str, str, str]:
    """Estimate, interval and limit as text."""
    signed = is_signed(limit)
    if limit.estimate is None or limit.low is None or limit.high is None:
        return "not measured", "", amounts((), limit.limit, limit.unit, signed=signed)[1]
    (estimate, low, high), bound = amounts(
        (limit.estimate, limit.low, limit.high), limit.limit, limit.unit, signed=signed
    )
    if limit.unit == "samples":
        estimate = f"{limit.estimate:,.0f}"
    end = " points" if signed else " %"
    return estimate, f"{low.removesuffix(end)} to {high.removesuffix(end)}", bound


def is_signed(limit: LimitRecord) -> bool:
    """Whether a limit is on a difference, told in points."""
    if limit.kind == "max_increase" or limit.score == HEADLINE:
        return True
    return limit.unit == "share" and limit.score.startswith(("deja_vu", "ppg", "prg", "aucg", "gap_"))


def show_baseline(baseline: Baseline, file: Path, *, json: bool, quiet: bool) -> None:
    """Say what was written."""
    told = baseline.told["samples"]
    size = file.stat().st_size
    if json:
        print_json({"baseline": str(file), "bytes": size, "run": baseline.told["run"], "model": baseline.told["model"],
                    "targets": told["targets"], "control": told["control"]})  # fmt: skip
        return
    sys.stdout.flush()
    said = f"Baseline written: {file} ({size / 1000:,.0f} kB)"
    if not quiet:
        said += (
            f", of {plain(baseline.model, 100)}: {told['targets']:,} targets and {told['control']:,} control samples. "
            "Commit it; limits of max_increase compare later releases with it."
        )
    Console().print(Text(said), soft_wrap=quiet)
