from __future__ import annotations

import io

import pytest
from rich.console import Console

from dejavu_audit.cli import screen
from tests.report.test_lines import record


def printed(width: int, **named) -> str:
    console = Console(file=io.StringIO(), width=width)
    screen.side_by_side(console, named)
    return console.file.getvalue()


def test_two_audits_stand_side_by_side_where_there_is_room():
    page = printed(100, first=record(), second=record())
    assert "first" in page.splitlines()[1] and "second" in page.splitlines()[1]


def test_and_below_one_another_where_there_is_not():
    page = printed(60, first=record(), second=record())
    assert page.index("first") < page.index("second")
    assert page.count("déjà vu score, top-5") == 2


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_interval_is_broken_over_lines(width):
    for page in (printed(width, first=record(), second=record()), printed(width, only=record())):
        assert "+10.0 to +15.0" in page
        assert max(map(len, page.splitlines())) <= width


def test_names_from_data_are_no_markup():
    assert "[red]x[/red]" in printed(120, **{"[red]x[/red]": record()})


def test_progress_in_a_log_is_a_line_a_stage():
    console = Console(file=io.StringIO(), width=80)
    shown = screen.Screen(console)
    with shown.stage("embedding", 1_200) as advance:
        advance(1_200)
    shown.say("[bold]as text[/bold]")
    assert console.file.getvalue() == "embedding (1,200 pictures)\n[bold]as text[/bold]\n"
