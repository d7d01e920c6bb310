"""A comparison as a web page: one file, no script, no network."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from dejavu_audit.report import comparison_lines as lines
from dejavu_audit.report.html.figures import MINUS, points
from dejavu_audit.report.html.tracks import Mark, axis
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dejavu_audit.report.comparison_record import ComparisonRecord

TEMPLATE = "compare.html.j2"


class Row(NamedTuple):
    """A line of the table, and where its change stands on the axis."""

    line: lines.Line
    mark: Mark | None


def write_page(found: ComparisonRecord, file: Path) -> None:
    """Write the page in one piece; AuditError where it cannot be written."""
    text = page(found)
    write_whole(file, lambda path: path.write_text(text, "utf-8"))


def page(found: ComparisonRecord) -> str:
    """The page; whatever comes from data is text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dejavu_audit.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "minus": lambda text: text.replace("-", MINUS),
        "points": points,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }
    environment.globals |= {name: getattr(lines, name) for name in _USED}
    label = found.test == "label"
    reach = axis(_ends(found))
    return environment.get_template(TEMPLATE).render(
        found=found,
        level=f"{100 * found.level:g}",
        axis=reach,
        sections=list(_sections(found, reach)),
        named="label" if label else "caption",
        votes="votes" if label else "precision/recall",
    )


_USED = (
    "classes_line",
    "common_line",
    "list_line",
    "number_line",
    "p_text",
    "run_lines",
    "side_text",
    "test_line",
)
"""Functions that the template calls."""


def _ends(found: ComparisonRecord) -> Iterator[float | None]:
    for line in lines.score_lines(found):
        change = found.scores[line.key].change
        yield from (change.low, change.high)


def _sections(found: ComparisonRecord, reach: Any) -> Iterator[list[Row]]:
    """The rows of the table, a list a section."""
    number = 0
    numbered = []
    for line in lines.score_lines(found):
        number += line.section
        change = found.scores[line.key].change
        measured = change.estimate is not None and change.low is not None and change.high is not None
        mark = reach.mark(change.estimate, change.low, change.high) if measured else None
        numbered.append((number, Row(line, mark)))
    for _, rows in groupby(numbered, key=lambda one: one[0]):
        yield [row for _, row in rows]
