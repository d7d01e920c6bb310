"""The plot of the gates' study: what became of the releases, by where the truth lies."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import altair as alt

from dejavu_audit.bench.chart_parts import WIDE, Points, Rows, in_rows
from dejavu_audit.bench.simulated import number
from dejavu_audit.report.charts import COLOURS, MUTED, heading

VERDICTS = ("pass", "inconclusive", "fail")
PLACES = {-0.02: "2 under", 0.0: "on it", 0.02: "2 over"}
PANELS = {"one": "one limit", "three": "three limits", "increase": "an increase"}
LOOKS = {"one": "one look", "growing": "growing"}
HEIGHT = 110


def gates(rows: Rows) -> Any:
    """Shares of the verdicts, means over the worlds: a panel a kind of limit and size, a bar a truth and the looks."""
    panels: list[Any] = []
    for size in sorted({int(number(row["n"])) for row in rows}):
        for limits, title in PANELS.items():
            some = [row for row in rows if row["n"] == size and row["limits"] == limits]
            if some:
                panels.append(_panel(some, f"{title}, {size:,} targets", first=len(panels) % len(PANELS) == 0))
    subtitle = "Means over the worlds, by the true score less its limit, in points. Dashed: 5 % from either end"
    return alt.vconcat(*in_rows(panels), spacing=20, title=heading("Verdicts", [subtitle]))


def _panel(rows: Rows, title: str, *, first: bool) -> Any:
    points: Points = []
    bars = [f"{place}, {looks}" for place in PLACES.values() for looks in LOOKS.values()]
    for offset, place in PLACES.items():
        for key, looks in LOOKS.items():
            some = [row for row in rows if row["truth_less_limit"] == offset and row["looks"] == key]
            points += [
                {
                    "bar": f"{place}, {looks}",
                    "verdict": verdict,
                    "order": at,
                    "share": 100 * fmean(number(row[verdict]) for row in some),
                }
                for at, verdict in enumerate(VERDICTS)
                if some
            ]
    colour = alt.Color(
        "verdict:N",
        scale=alt.Scale(domain=list(VERDICTS), range=[COLOURS[0], "#d9d9d9", COLOURS[1]]),
        legend=alt.Legend(title=None, orient="top"),
    )
    axis = alt.Axis(labelLimit=200) if first else None
    drawn = (
        alt.Chart(alt.InlineData(values=points))
        .mark_bar()
        .encode(
            x=alt.X(
                "share:Q", title="% of gates", scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(values=[0, 25, 50, 75])
            ),
            y=alt.Y("bar:N", sort=bars, title=None, axis=axis),
            color=colour,
            order="order:Q",
        )
    )
    lines = alt.Chart(alt.InlineData(values=[{"at": 5}, {"at": 95}])).mark_rule(color=MUTED, strokeDash=[4, 3])
    return alt.layer(drawn, lines.encode(x="at:Q")).properties(width=WIDE, height=HEIGHT, title=title)
