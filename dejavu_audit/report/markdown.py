"""Markdown as code hosts and model hubs show it; whatever comes from data is shown as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from dejavu_audit.report.plain import plain

_LONGEST = 2_000
"""Letters of one text; more is cut."""
_MEANING = re.compile(r"[\\`*_\[\]|~#]")
_AT_START = re.compile(r"^(\d*)([-+=.)])(?=[-+=\s]|$)")
"""At a line's beginning: a list, the underline of a heading, or a rule."""
_AS_ENTITY = {"$": "&#36;", "://": "&#58;//", "www.": "www&#46;"}
"""What some hosts make formulas and links of, on top of what Markdown itself has."""


def text(value: object) -> str:
    """One line that shows as it is written: no emphasis, link, tag, formula or cell of a table is made of it."""
    line = _MEANING.sub(r"\\\g<0>", escape(plain(value, _LONGEST), quote=False))
    for mark, entity in _AS_ENTITY.items():
        line = line.replace(mark, entity)
    return _AT_START.sub(r"\1\\\2", line)


def code(value: object) -> str:
    """The same as code. A tag, since backticks cannot quote backticks and pipes in a table."""
    return f"<code>{text(value)}</code>"


def block(lines: Iterable[str], language: str = "") -> str:
    """Lines as a block of code, fenced by more backticks than are in them."""
    body = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", body)), default=0))
    return f"{fence}{language}\n{body}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """A table of cells that are Markdown already; the columns in `right` stand to the right."""
    aside = set(right)
    rule = ["---:" if at in aside else "---" for at in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def items(lines: Iterable[str]) -> str:
    """A list of lines that are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)
