"""The curves of the report as SVG in the colours of the page, light or dark; titles and legends are the page's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import altair as alt
from markupsafe import Markup

from dejavu_audit.report.charts import NUMBER, specification

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WIDTH, HEIGHT = 372, 250
PAGE = {
    "encoder": "#0072b2",
    "reference": "#d55e00",
    "third": "#009e73",
    "ink": "#1f2328",
    "muted": "#59636e",
    "rule": "#e3e7eb",
    "card": "#fefefe",
}
"""Names of the page's colours, and what stands for them until the page does."""
_FONT = "Arial"
DASHES = {"targets": [1, 0], "control": [5, 4]}


def curves(
    lines: Sequence[Mapping[str, Any]],
    *,
    x: alt.X,
    y: alt.Y,
    step: Any = "linear",
    below: Sequence[Any] = (),
    above: Sequence[Any] = (),
) -> Any:
    """Lines of `{"points": [(x, y), …], "colour": name, "dashed": bool}` over one another."""
    layers = list(below)
    for line in lines:
        values = [{"x": a, "y": b, "order": i} for i, (a, b) in enumerate(line["points"])]
        dash = DASHES["control" if line.get("dashed") else "targets"]
        mark = alt.Chart(alt.InlineData(values=values)).mark_line(
            color=PAGE[line["colour"]], strokeDash=dash, strokeWidth=2.2, interpolate=step, clip=True
        )
        layers.append(mark.encode(x=x, y=y, order="order:Q"))
    return alt.layer(*layers, *above).properties(width=WIDTH, height=HEIGHT)


def x_axis(title: str, domain: Sequence[float], *, log: bool = False, values: Iterable[float] | None = None) -> alt.X:
    """A horizontal axis."""
    scale = alt.Scale(type="log" if log else "linear", domain=list(domain), nice=False, clamp=True)
    axis = alt.Axis(values=list(values) if values else alt.Undefined, format=NUMBER, labelFlush=False, grid=False)
    return alt.X("x:Q", title=title, scale=scale, axis=axis)


def y_axis(title: str, domain: Sequence[float], *, log: bool = False, values: Iterable[float] | None = None) -> alt.Y:
    """A vertical axis, with lines across."""
    scale = alt.Scale(type="log" if log else "linear", domain=list(domain), nice=False, clamp=True)
    count: Any = alt.Undefined if values else 5
    axis = alt.Axis(values=list(values) if values else alt.Undefined, format=NUMBER, tickCount=count)
    return alt.Y("y:Q", title=title, scale=scale, axis=axis)


def rule(value: float, y: alt.Y) -> Any:
    """A thin line across, as of nothing."""
    return alt.Chart(alt.InlineData(values=[{"y": value}])).mark_rule(color=PAGE["muted"]).encode(y=y)


def band(points: Sequence[tuple[float, float, float]], colour: str, x: alt.X, y: alt.Y) -> Any:
    """What lies between two step curves: (x, low, high)."""
    values = [{"x": at, "low": low, "y": high} for at, low, high in points]
    mark: Any = alt.Chart(alt.InlineData(values=values)).mark_area(
        interpolate="step-before", opacity=0.2, color=PAGE[colour], clip=True
    )
    return mark.encode(x=x, y=y, y2="low:Q")


def diagonal(least: float, x: alt.X, y: alt.Y) -> Any:
    """Guessing, in a ROC chart."""
    ends = alt.InlineData(values=[{"x": least, "y": least}, {"x": 1.0, "y": 1.0}])
    return alt.Chart(ends).mark_line(color=PAGE["muted"], strokeDash=[2, 3], strokeWidth=1.4).encode(x=x, y=y)


def intervals(marks: Sequence[Mapping[str, float]], x: alt.X, y: alt.Y) -> list[Any]:
    """Points with their intervals: {"x", "y", "low", "high"}."""
    data = alt.Chart(alt.InlineData(values=[dict(mark) for mark in marks]))
    whisker = data.mark_rule(color=PAGE["reference"], strokeWidth=2, clip=True)
    return [
        whisker.encode(x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q"),
        data.mark_point(color=PAGE["reference"], filled=True, size=70, opacity=1).encode(x=x, y=y),
    ]


def svg(chart: Any, name: str, says: str) -> Markup:
    """The chart as SVG; `name` keeps its ids apart from those of other charts, `says` is read out in its place."""
    import json

    import vl_convert

    text = vl_convert.vegalite_to_svg(json.dumps(specification(_styled(chart))))
    text = re.sub(r"<rect width=\"[\d.]+\" height=\"[\d.]+\" fill=\"white\"/>", "", text, count=1)
    text = re.sub(r' (?:role|aria-[a-z]+|pointer-events|class|xmlns:xlink|version)="[^"]*"', "", text)
    for place, of in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))):  # numbered through the process
        text = text.replace(f'id="{of}"', f'id="{name}-{place}"').replace(f"url(#{of})", f"url(#{name}-{place})")
    for of, colour in PAGE.items():
        text = text.replace(f'"{colour}"', f'"var(--{of})"')
    label = Markup.escape(says)
    return Markup(text.replace("<svg ", f'<svg class="chart" role="img" aria-label="{label}" ', 1))  # noqa: S704


def _styled(chart: Any) -> Any:
    text = {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 12, "titleFontSize": 12}
    axis = {
        **text,
        "titleFontWeight": "normal",
        "labelColor": PAGE["muted"],
        "titleColor": PAGE["muted"],
        "gridColor": PAGE["rule"],
        "domainColor": PAGE["muted"],
        "tickColor": PAGE["muted"],
        "titlePadding": 8,
    }
    return chart.configure(background="white", padding=4, font=_FONT, axis=axis, view={"stroke": None}, aria=False)
