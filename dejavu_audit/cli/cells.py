"""Tables and texts for whatever terminal there is; what comes from data is text, never markup."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


def grid(*columns: str, left: Iterable[str] = ()) -> Table:
    """A table, all columns but those in `left` to the right; without a frame where the terminal cannot draw one."""
    from rich.box import ROUNDED
    from rich.table import Table

    table = Table(box=ROUNDED if unicode_terminal() else None)
    for column in columns:
        text = column in set(left)
        table.add_column(column, justify="left" if text else "right", overflow="fold")
    return table


def print_json(told: Any) -> None:
    """Print a value as JSON, and nothing else; letters that the terminal lacks are escaped."""
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=not unicode_terminal()) + "\n")


def unicode_terminal() -> bool:
    """Whether standard output can show every letter."""
    return (sys.stdout.encoding or "ascii").lower().replace("-", "") == "utf8"


def texts(*cells: object) -> list[Text]:
    """Cells as text, never markup."""
    from rich.text import Text

    return [Text(str(cell)) for cell in cells]


def percent(share: float | None, *, signed: bool = False) -> str:
    """A share in percent, "-" where it was not measured."""
    return "-" if share is None else f"{100 * share:{'+' if signed else ''}.1f}"


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """An interval in percent, nothing where there is none."""
    return "" if low is None or high is None else f"{percent(low, signed=signed)} to {percent(high, signed=signed)}"
