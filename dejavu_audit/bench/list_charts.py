"""The plots of the list of memorized samples and of their share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from dejavu_audit.bench.chart_parts import WIDE, Points, Rows, colour, in_rows, shape
from dejavu_audit.bench.simulated import number
from dejavu_audit.bench.tables import world
from dejavu_audit.report.charts import COLOURS, MUTED, heading

LIST_SIZES = (300, 1_500)
"""Targets and control of the panels that show one size."""


def lists(rows: Rows) -> Any:
    """False discoveries against q, and what is found of the memorized."""
    scores = list(dict.fromkeys(str(row["score"]) for row in rows))
    points: Points = [
        {
            "q": f"{100 * number(row['q']):g} %",
            "bar": 100 * number(row["q"]),
            "y": 100 * number(row["false_discovery_rate"]),
            "series": str(row["score"]),
        }
        for row in rows
    ]
    order = list(dict.fromkeys(point["q"] for point in points))
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("q:N", sort=order, title="rate that is asked for, q", axis=alt.Axis(labelAngle=0))
    )
    seen = base.mark_point(filled=True, opacity=0.45, size=30).encode(
        xOffset=alt.XOffset("series:N", sort=scores),
        y=alt.Y("y:Q", title="false discoveries, %"),
        color=colour(scores),
        shape=shape(scores),
    )
    bars = base.mark_tick(color=MUTED, thickness=2, width=150).encode(y="bar:Q")
    left = alt.layer(bars, seen).properties(width=3 * WIDE + 48, height=200, title="Each point is one setting")
    title = heading("The list of memorized samples", ["Grey: the rate q that may not be passed in the mean"])
    return alt.vconcat(left, _found(rows, scores), spacing=30, title=title)


def _found(rows: Rows, scores: Sequence[str]) -> Any:
    """Share of the memorized that the list at q = 10 % has, a panel a world."""
    points: Points = [
        {
            "x": f"{100 * number(row['memorized_share']):g} %",
            "y": 100 * number(row["found"]),
            "series": str(row["score"]),
            "world": world(row),
        }
        for row in rows
        if row["q"] == 0.1 and (row["n"], row["control"]) == LIST_SIZES and row["found"] is not None
    ]
    order = list(dict.fromkeys(point["x"] for point in points))
    panels = []
    for at, name in enumerate(dict.fromkeys(point["world"] for point in points)):
        base = alt.Chart(alt.InlineData(values=[point for point in points if point["world"] == name])).encode(
            x=alt.X("x:N", sort=order, title="memorized targets", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("y:Q", title="of them listed, %" if at % 3 == 0 else None, scale=alt.Scale(domain=[0, 100])),
            color=colour(scores),
        )
        panel = alt.layer(base.mark_line(), base.mark_point(filled=True).encode(shape=shape(scores)))
        panels.append(panel.properties(width=WIDE, height=120, title=name))
    return alt.vconcat(*in_rows(panels), spacing=20)


def shares(rows: Rows) -> Any:
    """Mean estimate with its mean interval against the true share, a panel a world, by the default score."""
    some = [row for row in rows if (row["n"], row["control"]) == LIST_SIZES]
    first = {test: next(row["score"] for row in some if row["test"] == test) for test in {row["test"] for row in some}}
    points: Points = [
        {
            "x": f"{100 * number(row['memorized_share']):g} %",
            **{name: 100 * number(row[name]) for name in ("memorized_share", "estimate", "low", "high")},
            "world": world(row),
        }
        for row in some
        if row["score"] == first[row["test"]]
    ]
    order = list(dict.fromkeys(point["x"] for point in points))
    panels = []
    for at, name in enumerate(dict.fromkeys(point["world"] for point in points)):
        title = "share, %" if at % 3 == 0 else None
        base = alt.Chart(alt.InlineData(values=[point for point in points if point["world"] == name])).encode(
            x=alt.X("x:N", sort=order, title="memorized targets", axis=alt.Axis(labelAngle=0))
        )
        y = alt.Y("estimate:Q", title=title, scale=alt.Scale(domain=[0, 100]))
        layers = [
            base.mark_tick(color=MUTED, thickness=2, width=30).encode(y=alt.Y("memorized_share:Q", title=title)),
            base.mark_rule(strokeWidth=1.6, color=COLOURS[0]).encode(y=alt.Y("low:Q", title=title), y2="high:Q"),
            base.mark_point(filled=True, color=COLOURS[0]).encode(y=y),
        ]
        panels.append(alt.layer(*layers).properties(width=WIDE, height=120, title=name))
    subtitle = "300 targets, 1,500 control; mean estimate and mean 95 % interval over audits. Grey: the truth"
    return alt.vconcat(*in_rows(panels), spacing=20, title=heading("The memorized share", [subtitle]))
