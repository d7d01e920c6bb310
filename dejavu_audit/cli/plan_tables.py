"""What the terminal shows of a plan. What comes from data or from the user is text, never markup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dejavu_audit.cli.cells import grid, print_json, texts
from dejavu_audit.planning.room import size

if TYPE_CHECKING:
    from dejavu_audit.report.plan_record import NeedRecord, PlanRecord, SurenessRecord

Line = tuple[str, str]


def show(record: PlanRecord, *, json: bool) -> None:
    """Print the plan: tables, or the record."""
    if json:
        print_json(record.model_dump(mode="json"))
        return
    console = Console()
    counts = record.data["counts"]
    asked = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    model = f"{record.model['family']} {record.model['name']} on {record.model['device']}"
    console.print(Text(f"{model}, {record.data['name']}: {asked}"))
    for title, lines in (("To do", _work(record)), ("Time", _time(record)), ("Room", _room(record))):
        console.print(_section(title, lines))
        console.print()
    console.print(_sureness(record))
    for warning in record.warnings:
        console.print(Text(f"Warning: {warning}", style="bold yellow"))
    for note in [*_explained(record), *record.notes]:
        console.print(Text(f"- {note}", style="dim"))
    console.print(Text("Plan: nothing was run and nothing kept.", style="dim"))


def _section(title: str, lines: Iterator[Line]) -> Table:
    table = Table(box=None, show_header=True, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(title, overflow="fold", min_width=18)
    table.add_column("", overflow="fold")
    for name, value in lines:
        table.add_row(*texts(name, value))
    return table


def _work(record: PlanRecord) -> Iterator[Line]:
    for view in record.views:
        what = "whole pictures" if view.crop == "full" else "background crops"
        lost = f", about {100 * view.unusable:.0f} % unusable" if view.unusable else ""
        yield f"{view.who}: {what}", f"{view.embed:,} to embed, {view.cached:,} cached{lost}"
    for one in record.captions:
        yield f"{one.who}: captions", f"{one.embed:,} to embed, {one.asked - one.embed:,} cached or equal"


def _time(record: PlanRecord) -> Iterator[Line]:
    for stage in record.time.stages:
        yield stage.name, "not measured" if stage.seconds is None else duration(stage.seconds)
        if stage.name == "embed":
            for pace in record.time.paces:
                who = ", ".join(dict.fromkeys(view.partition(":")[0] for view in pace.views))
                what = "crops" if all(not view.endswith(": full") for view in pace.views) else "pictures"
                yield (
                    f"  {who}",
                    f"{pace.pictures:,} {what} at {pace.pictures_a_second:,.3g} a second, bound by {pace.bound}",
                )
    unknown = any(stage.seconds is None for stage in record.time.stages)
    yield "in all", f"about {duration(record.time.total)}{' and what was not measured' if unknown else ''}"


def _room(record: PlanRecord) -> Iterator[Line]:
    memory, disk = record.memory, record.disk
    if memory.total is not None:
        there = "" if memory.available is None else f" of {size(memory.available)}"
        yield "memory", f"{size(memory.total)}{there}"
        yield "  of it", f"{size(memory.process or 0)} libraries and model, {size(memory.embeddings)} embeddings"
    else:
        yield "memory", f"{size(memory.embeddings + memory.copies)} beside libraries and model"
    if memory.gpu is not None and memory.gpu_total is not None:
        yield "GPU memory", f"{size(memory.gpu)} of {size(memory.gpu_total)}"
    scratch = f", {size(disk.scratch)} more while it runs" if disk.scratch else ""
    yield "disk: cache", f"{size(disk.cache)}{scratch}, {size(disk.cache_free)} free"
    yield "disk: run folder", f"{size(disk.run)}, {size(disk.run_free)} free"


def _sureness(record: PlanRecord) -> Table:
    """Typical and cautious side by side."""
    table = grid("How sure, in points", *(one.assumption for one in record.sureness), left=["How sure, in points"])
    for name, cells in _rows(record):
        table.add_row(*texts(name, *cells))
    return table


def _rows(record: PlanRecord) -> Iterator[tuple[str, list[str]]]:
    every, chance = record.sureness, f"{100 * record.power:g} %"
    yield "discordant samples", [f"{100 * one.discordance:.3g} %" for one in every]
    yield f"{100 * record.level:g} % interval", [f"+-{100 * one.half_width:.2g}" for one in every]
    yield (
        f"least memorization found with {chance} power",
        ["none" if one.detectable is None else f"{100 * one.detectable:.2g}" for one in every],
    )
    if record.width is not None:
        yield from _needs(f"+-{50 * record.width:g}", record, [one.for_width for one in every])
    if record.limit is not None and record.truth is not None:
        truth = f"{100 * record.truth:g} is true" if record.truth else "nothing is memorized"
        yield f"gate at {100 * record.limit:g} passes where {truth}", [_chance(one) for one in every]
        yield from _needs(f"passing at {chance}", record, [one.for_limit for one in every])


def _needs(what: str, record: PlanRecord, needs: list[NeedRecord | None]) -> Iterator[tuple[str, list[str]]]:
    """Samples of both sets, and of the targets where the control stays as it is."""
    sets = "of targets and of control" if record.control else "targets"
    yield f"{what} needs {sets}", [_count(need.equal.targets if need and need.equal else None) for need in needs]
    if record.control:
        few = [need.with_this_control if need else None for need in needs]
        yield "  or targets, with this control", [_count(one.targets if one else None) for one in few]


def _count(number: int | None) -> str:
    return "no number" if number is None else f"{number:,}"


def _chance(one: SurenessRecord) -> str:
    return "-" if one.passes is None else f"{100 * one.passes:.0f} %"


def _explained(record: PlanRecord) -> Iterator[str]:
    """Sentences under the table."""
    bases = dict.fromkeys(one.basis for one in record.sureness)
    for basis in bases:
        who = " and ".join(one.assumption for one in record.sureness if one.basis == basis)
        yield f"{who}: {basis}"
    can = record.memorized
    if can is not None:
        if can.possible:
            yield (
                f"the list of memorized samples (false-discovery rate {100 * can.q:g} %) begins with "
                f"{can.targets_needed:,} targets above every one of {record.control:,} control samples"
                + ("" if can.targets_needed == 1 else f"; with {can.control_for_one:,} control samples, with one")
            )
        else:
            yield (
                f"the list of memorized samples will be empty: at a false-discovery rate of {100 * can.q:g} % it needs "
                f"at least {can.control_needed:,} control samples"
            )
    for one in record.rates:
        if record.control and not one.measurable:
            yield (
                f"the true-positive rate at a false-positive rate of {100 * one.rate:g} % cannot be measured: it needs "
                f"{one.control_needed:,} control samples"
            )


def duration(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours / 24:.1f} days"
