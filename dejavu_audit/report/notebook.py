"""The result in a notebook: the verdict, the table, what is set aside and what the number does not say."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from dejavu_audit.report import verdict
from dejavu_audit.report.lines import UNIT, list_lines, set_lines, summary_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dejavu_audit.report.lines import Line
    from dejavu_audit.report.record import AuditRecord

# Colours are the notebook's own, light or dark; these are only mixed into what is there.
_EDGES = {"memorizes": "#d1242f", "not shown": "#1a7f37"}
_EDGE = "#9a6700"
_RULE = "border-top:1px solid rgba(128,128,128,.45)"
_NUMBER = "padding:.2em .6em;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"


def as_html(record: AuditRecord) -> str:
    """An HTML fragment; everything from data is escaped, and no colour is set that a dark notebook would not show."""
    edge = _EDGES.get(verdict.of(record), _EDGE)
    rows = "".join(_row(line) for line in summary_lines(record))
    interval = f"{100 * record.headline.level:g} % interval"
    head = "".join(f"<th style='{_NUMBER}'>{name}</th>" for name in ("estimate", interval))
    return (
        "<div class='dejavu-audit' style='max-width:60em'>"
        f"<p style='border-left:4px solid {edge};padding-left:.7em'><strong>{escape(record.verdict)}</strong></p>"
        f"<table style='background:transparent;border-collapse:collapse'>"
        f"<thead><tr><th style='text-align:left'>{UNIT}</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"{_list('Pictures, and the list of memorized samples', [*set_lines(record), *list_lines(record)])}"
        f"{_list('What the number does not say', record.caveats, opened=True)}</div>"
    )


def _row(line: Line) -> str:
    styles = [_RULE] if line.section else []
    styles += ["font-weight:bold"] if line.strong else []
    style = f" style='{';'.join(styles)}'" if styles else ""
    indent = ";padding-left:1.8em" if line.name.startswith(" ") else ""
    return (
        f"<tr{style}><td style='text-align:left{indent}'>{escape(line.name.strip())}</td>"
        f"<td style='{_NUMBER}'>{escape(line.value)}</td><td style='{_NUMBER}'>{escape(line.interval)}</td></tr>"
    )


def _list(title: str, lines: Iterable[str], *, opened: bool = False) -> str:
    """A list that folds."""
    said = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<details{' open' if opened else ''}><summary>{title}</summary><ul>{said}</ul></details>" if said else ""
