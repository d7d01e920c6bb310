"""Charts of an audit's scores: intervals, the four parts, the most confident samples, single classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import altair as alt

from dejavu_audit.report.charts import ENCODER, MUTED, NUMBER, REFERENCE, heading, plain, themed

PARTS = ("memorized", "misrepresented", "correlated", "unassociated")
WIDE, ROW = 420, 26
TARGETS, CONTROL = "targets", "control"
MODEL, OTHER = "audited model", "reference"


class Interval(NamedTuple):
    """A number with its interval, as shares."""

    name: str
    estimate: float
    low: float
    high: float
    strong: bool = False
    """Whether it is the one number."""


def _data(values: Sequence[Mapping[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=[dict(value) for value in values]))


def interval_chart(
    rows: Sequence[Interval], *, title: str, subtitle: str, axis: str, limit: float | None = None
) -> alt.LayerChart:
    """Estimates with their intervals, one under the other, in percent; `limit` is drawn as a line across."""
    values = [
        {
            "name": plain(row.name, 60),
            "estimate": 100 * row.estimate,
            "low": 100 * row.low,
            "high": 100 * row.high,
            "strong": row.strong,
        }
        for row in rows
    ]
    names = list(dict.fromkeys(plain(row.name, 60) for row in rows))
    x = alt.X("estimate:Q", title=axis, scale=alt.Scale(zero=True, nice=True))
    base = _data(values).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=320)),
        color=alt.condition(alt.datum.strong, alt.value(ENCODER), alt.value(MUTED)),
    )
    ends = (alt.X("low:Q", title=axis, scale=alt.Scale(zero=True, nice=True)), alt.X2("high:Q"))
    layers: list[Any] = [
        _data([{"zero": 0}]).mark_rule(color=MUTED, strokeWidth=1).encode(x=alt.X("zero:Q", title=axis)),
        base.mark_rule(strokeWidth=3, opacity=0.55).encode(x=ends[0], x2=ends[1]),
        base.mark_point(size=80, filled=True, opacity=1).encode(
            x=x, tooltip=[alt.Tooltip("name:N"), *(alt.Tooltip(f"{of}:Q", format="+.2f") for of in _OF)]
        ),
    ]
    if limit is not None:
        line = _data([{"limit": 100 * limit}]).mark_rule(color=REFERENCE, strokeDash=[5, 4], strokeWidth=2)
        layers.append(line.encode(x=alt.X("limit:Q", title=axis)))
    chart = alt.layer(*layers).properties(width=WIDE, height=ROW * max(len(names), 1), title=heading(title, subtitle))
    return cast(alt.LayerChart, themed(chart))


_OF = ("estimate", "low", "high")


def parts_chart(shares: Mapping[str, Mapping[str, Interval]], *, subtitle: str) -> alt.LayerChart:
    """The four parts of each set, `shares` by set and part, as bars with their intervals, in percent."""
    values = [
        {"set": set_, "part": part, "estimate": 100 * one.estimate, "low": 100 * one.low, "high": 100 * one.high}
        for set_, parts in shares.items()
        for part, one in parts.items()
    ]
    sets = list(shares)
    title = "percent of samples"
    base = _data(values).encode(
        y=alt.Y("part:N", sort=list(PARTS), title=None),
        yOffset=alt.YOffset("set:N", sort=sets),
    )
    colour = alt.Color(
        "set:N",
        scale=alt.Scale(domain=sets, range=[ENCODER, MUTED][: len(sets)]),
        legend=alt.Legend(title=None, orient="top") if len(sets) > 1 else None,
    )
    layers = [
        base.mark_bar(opacity=0.75).encode(
            x=alt.X("estimate:Q", title=title, scale=alt.Scale(domainMin=0)),
            color=colour,
            tooltip=[
                alt.Tooltip("set:N"),
                alt.Tooltip("part:N"),
                *(alt.Tooltip(f"{of}:Q", format=".2f") for of in _OF),
            ],
        ),
        base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", title=title), x2="high:Q"),
    ]
    chart = alt.layer(*layers).properties(
        width=WIDE, height=ROW * len(PARTS) * (1 + 0.6 * (len(sets) - 1)), title=heading("The four parts", subtitle)
    )
    return cast(alt.LayerChart, themed(chart))


def confidence_chart(
    curves: Mapping[tuple[str, str], Sequence[tuple[float, float]]], *, least: float
) -> alt.LayerChart:
    """Right answers among the most confident: curves by (model, set), points of (share of all, share right)."""
    values = [
        {"who": who, "set": set_, "share": 100 * share, "right": 100 * right}
        for (who, set_), points in curves.items()
        for share, right in points
    ]
    sets = list(dict.fromkeys(set_ for _, set_ in curves))
    line = alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=420)
    chart = (
        _data(values)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X(
                "share:Q",
                title="most confident share of the samples, percent",
                scale=alt.Scale(type="log", domain=[100 * least, 100], nice=False, clamp=True),
                axis=alt.Axis(values=[1, 2, 5, 10, 20, 50, 100], format=NUMBER, labelFlush=False),
            ),
            y=alt.Y("right:Q", title="first answer right, percent", scale=alt.Scale(domainMin=0)),
            color=alt.Color("who:N", scale=alt.Scale(domain=[MODEL, OTHER], range=[ENCODER, REFERENCE]), legend=line),
            strokeDash=alt.StrokeDash(
                "set:N",
                scale=alt.Scale(domain=sets, range=[[1, 0], [5, 4]][: len(sets)]),
                legend=line if len(sets) > 1 else None,
            ),
        )
        .properties(
            width=WIDE,
            height=300,
            title=heading("Right answers among the most confident", "Each model by its own confidence"),
        )
    )
    return cast(alt.LayerChart, themed(chart))
