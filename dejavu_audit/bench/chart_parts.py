"""What the plots of the bench have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import altair as alt

from dejavu_audit.bench.study import Cell
from dejavu_audit.report.charts import COLOURS, MUTED, SHAPES

Rows: TypeAlias = Sequence[Mapping[str, Cell]]
Points: TypeAlias = list[dict[str, Any]]

WIDE, TALL = 190, 170
"""Of one panel, in pixels; three stand side by side."""
MARKS = (*SHAPES[:6], "triangle-right")
"""Filled ones: a stroke has no area."""


def colour(series: Sequence[str], columns: int = 4) -> alt.Color:
    """A colour a series, told in so many columns above."""
    scale = alt.Scale(domain=list(series), range=[COLOURS[at % len(COLOURS)] for at in range(len(series))])
    return alt.Color("series:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=columns))


def shape(series: Sequence[str], columns: int = 4) -> alt.Shape:
    """A shape a series, so that they are apart without colour."""
    scale = alt.Scale(domain=list(series), range=[MARKS[at % len(MARKS)] for at in range(len(series))])
    return alt.Shape("series:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=columns))


def rule(at: float) -> Any:
    """A dashed line at a bar."""
    line = alt.Chart(alt.InlineData(values=[{"y": at}])).mark_rule(color=MUTED, strokeDash=[4, 3])
    return line.encode(y=alt.Y("y:Q", scale=alt.Scale(zero=False)))


def diagonal(xs: Sequence[float]) -> Any:
    """A dashed line where both are the same."""
    ends = [{"x": x, "y": x} for x in (min(xs), max(xs))]
    return (
        alt.Chart(alt.InlineData(values=ends))
        .mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1)
        .encode(x="x:Q", y="y:Q")
    )


def in_rows(panels: Sequence[Any]) -> Iterator[Any]:
    """Panels, three side by side."""
    for start in range(0, len(panels), 3):
        yield alt.hconcat(*panels[start : start + 3], spacing=24)
