from __future__ import annotations

import io
import re

from rich.console import Console

from dejavu_audit.cli.watching import Screen, timing_lines

TIMINGS = {
    "started": "2026-01-01T00:00:00+00:00", "total": 12.34, "prepare": 2.0, "embed": 9.0, "list": 0.01,
    "pictures_inspected": 1_200, "inspected_before": 300, "seconds_forward": 5.0,
    "views": [{"featurizer": "resnet", "crop": "full", "embedded": 10, "cached": 2_000, "set_aside": 1}],
}  # fmt: skip


def shown(*, terminal: bool = False, width: int = 100, **how) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    screen = Screen(console, **how)
    with screen.stage("embedding", 1_200) as advance:
        advance(1_200)
    screen.say("[bold]as text[/bold]")
    screen.detail("a detail")
    return console.file.getvalue()


def test_without_bars_a_terminal_has_what_a_log_has():
    assert shown(terminal=True, bars=False) == shown() == "embedding (1,200 pictures)\n[bold]as text[/bold]\n"


def test_bars_are_drawn_on_a_terminal_and_fit_it():
    assert "1200/1200" in shown(terminal=True)
    narrow = shown(terminal=True, width=60)
    assert "1200/1200" in narrow and "━" not in narrow


def test_verbose_is_a_log_with_times():
    lines = shown(terminal=True, verbose=True).splitlines()
    assert all(re.match(r"\[ +\d+\.\d s\] ", line) for line in lines)
    told = [line.partition("] ")[2] for line in lines]
    assert told == ["embedding (1,200 pictures)", "embedding took 0.0 s", "[bold]as text[/bold]", "a detail"]


def test_where_time_went_and_what_was_kept():
    assert timing_lines(TIMINGS) == [
        "Time: 12.3 s in all; embed 9.0 s, prepare 2.0 s",
        "Inspected: 1,200 pictures anew, 300 kept",
        "Embedded by resnet (full): 10 anew, 2,000 from the cache, 1 set aside",
    ]
