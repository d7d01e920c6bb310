"""The result in a notebook: a small table, everything from data escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from dejavu_audit.report.lines import UNIT, summary_lines

if TYPE_CHECKING:
    from dejavu_audit.report.record import AuditRecord


def as_html(record: AuditRecord) -> str:
    """An HTML fragment: the verdict, the table, the caveats."""
    rows = "".join(
        f"<tr><td>{escape(line.name)}</td><td style='text-align:right'>{escape(line.value)}</td>"
        f"<td>{escape(line.interval)}</td></tr>"
        for line in summary_lines(record)
    )
    said = "".join(f"<li>{escape(text)}</li>" for text in record.caveats)
    interval = f"{100 * record.headline.level:g} % interval"
    return (
        f"<div><p><strong>{escape(record.verdict)}</strong></p>"
        f"<table><thead><tr><th>{UNIT}</th><th>estimate</th><th>{interval}</th></tr></thead>"
        f"<tbody>{rows}</tbody></table><ul>{said}</ul></div>"
    )
