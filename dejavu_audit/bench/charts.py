"""The plots of the bench, one SVG a study, in the house style."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt

from dejavu_audit.bench.simulated import number
from dejavu_audit.bench.study import Cell
from dejavu_audit.bench.tables import reader, world
from dejavu_audit.report.charts import COLOURS, MUTED, SHAPES, heading, save, themed

Rows: TypeAlias = Sequence[Mapping[str, Cell]]
Points: TypeAlias = list[dict[str, Any]]

_WIDE, _TALL = 190, 170
"""Of one panel, in pixels; three stand side by side."""
_MARKS = (*SHAPES[:6], "triangle-right")
"""Filled ones: a stroke has no area."""
LIST_SIZES = (300, 1_500)
"""Targets and control of the panels that show one size."""


def draw(name: str, rows: Rows, out: Path) -> Path | None:
    """Leave NAME.svg in the folder; None where the study has no plot, or no row."""
    chart = CHARTS.get(name)
    return save(themed(chart(rows)), out / f"{name}.svg") if chart and rows else None


HEADLINES = {
    "deja_vu_top1": "déjà vu score",
    "deja_vu_top1_targets": "the same, uncalibrated",
    "accuracy_target_top1": "accuracy",
    "ppg": "population precision gap",
    "ppg_targets": "the same, uncalibrated ",
    "aucg": "recall gap",
}


def coverage(rows: Rows) -> Any:
    """Coverage of every kind of interval, a panel a score; pale where events are rare."""
    kinds = list(dict.fromkeys(str(row["interval"]) for row in rows))
    points: Points = [
        {
            "n": f"{row['targets']:,}",
            "y": 100 * number(row["coverage"]),
            "series": str(row["interval"]),
            "score": str(row["score"]),
            "rare": number(row["rare"]) >= 0.5,
        }
        for row in rows
        if row["clusters"] == "no" and row["score"] in HEADLINES
    ]
    order = [f"{n:,}" for n in sorted({int(number(row["targets"])) for row in rows})]
    panels = []
    for at, (score, title) in enumerate(HEADLINES.items()):
        some = [point for point in points if point["score"] == score]
        y_title = "% of intervals" if at % 3 == 0 else None
        base = alt.Chart(alt.InlineData(values=some)).encode(
            x=alt.X("n:N", sort=order, title="targets", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("series:N", sort=kinds),
            y=alt.Y("y:Q", title=y_title, scale=alt.Scale(domain=[80, 100], clamp=True)),
            color=_colour(kinds),
            shape=_shape(kinds),
            opacity=alt.condition("datum.rare", alt.value(0.25), alt.value(0.75)),
        )
        layers = [_rule(93), _rule(97), base.mark_point(filled=True, size=30)]
        panels.append(alt.layer(*layers).properties(width=_WIDE, height=_TALL, title=title))
    subtitle = "Each point is one setting, at 80 % where lower; pale: rare events. Dashed: 93 and 97 %"
    return alt.vconcat(*_in_rows(panels), spacing=20, title=heading("Intervals that hold the truth", [subtitle]))


def alarms(rows: Rows) -> Any:
    """Alarms against size: all above, the calibrated ones alone below, where the bar can be seen."""
    readers = ("encoder reads better", "equal skill", "reference reads better")
    series = {"above_0": "calibrated", "uncalibrated_above_0": "uncalibrated"}
    names = list(series.values())
    points: Points = [
        {"n": f"{row['n']:,}", "y": 100 * number(row[column]), "series": name, "reader": reader(row)}
        for row in rows
        for column, name in series.items()
    ]
    order = [f"{n:,}" for n in sorted({int(number(row["n"])) for row in rows})]

    below = [point for point in points if point["series"] == "calibrated"]
    most = max([8.0, *(point["y"] for point in below)])

    def panel(some: Points, top: float, tall: int, y: str | None) -> Any:
        base = alt.Chart(alt.InlineData(values=some)).encode(
            x=alt.X("n:N", sort=order, title="targets, and control pictures", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("series:N", sort=names),
            y=alt.Y("y:Q", title=y, scale=alt.Scale(domain=[0, top], clamp=True)),
            color=_colour(names),
            shape=_shape(names),
        )
        return alt.layer(_rule(5), base.mark_point(filled=True, opacity=0.55)).properties(width=_WIDE, height=tall)

    columns = []
    for at, one in enumerate(readers):
        y = "% of audits" if at == 0 else None
        mine = [point for point in points if point["reader"] == one]
        alone = [point for point in below if point["reader"] == one]
        columns.append(alt.vconcat(panel(mine, 100, _TALL, y).properties(title=one), panel(alone, most, 110, y)))
    subtitle = "Intervals above 0; each point is one setting. Below, the calibrated ones alone. Dashed: 5 %"
    return alt.hconcat(*columns, spacing=24, title=heading("Alarms where nothing is memorized", [subtitle]))


def bias(rows: Rows) -> Any:
    """Mean found against the truth."""
    series = ("calibrated", "uncalibrated")
    points: Points = [
        {"x": 100 * number(row["truth"]), "y": 100 * number(row[name]), "series": name, "test": str(row["test"])}
        for row in rows
        for name in series
    ]
    panels = []
    for test, title in (("label", "label test"), ("objects", "object test")):
        some = [point for point in points if point["test"] == test]
        base = alt.Chart(alt.InlineData(values=some)).encode(
            x=alt.X("x:Q", title="true score, points"),
            y=alt.Y("y:Q", title="mean of all audits, points" if test == "label" else None),
            color=_colour(series),
            shape=_shape(series),
        )
        line = _diagonal([point["x"] for point in some])
        panel = alt.layer(line, base.mark_point(filled=True, opacity=0.7))
        panels.append(panel.properties(width=290, height=240, title=title))
    above = heading("What audits find in the mean", ["Dashed: the truth. Each point is one setting"])
    return alt.hconcat(*panels, spacing=30, title=above)


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
        color=_colour(scores),
        shape=_shape(scores),
    )
    bars = base.mark_tick(color=MUTED, thickness=2, width=150).encode(y="bar:Q")
    left = alt.layer(bars, seen).properties(width=3 * _WIDE + 48, height=200, title="Each point is one setting")
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
            color=_colour(scores),
        )
        panel = alt.layer(base.mark_line(), base.mark_point(filled=True).encode(shape=_shape(scores)))
        panels.append(panel.properties(width=_WIDE, height=120, title=name))
    return alt.vconcat(*_in_rows(panels), spacing=20)


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
        panels.append(alt.layer(*layers).properties(width=_WIDE, height=120, title=name))
    subtitle = "300 targets, 1,500 control; mean estimate and mean 95 % interval over audits. Grey: the truth"
    return alt.vconcat(*_in_rows(panels), spacing=20, title=heading("The memorized share", [subtitle]))


def power(rows: Rows) -> Any:
    """Measured against planned power."""
    tests = {"label": "label test", "objects": "object test"}
    points: Points = [
        {
            "x": 100 * number(row["planned"]),
            "y": 100 * number(row["measured"]),
            "series": tests[str(row["test"])],
        }
        for row in rows
    ]
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("x:Q", title="planned, % of audits", scale=alt.Scale(domain=[0, 100])),
        y=alt.Y("y:Q", title="measured, % of audits", scale=alt.Scale(domain=[0, 100])),
        color=_colour(list(tests.values())),
        shape=_shape(list(tests.values())),
    )
    chart = alt.layer(_diagonal([0.0, 100.0]), base.mark_point(filled=True, opacity=0.75))
    title = heading("Memory that is found", ["Intervals above 0; each point is one setting. Dashed: as planned"])
    return chart.properties(width=360, height=300, title=title)


def encoders(rows: Rows) -> Any:
    """Estimate of the one-model audit against the two-model truth, both with their intervals."""
    points: Points = [
        {
            **{
                name: None if row[name] is None else 100 * number(row[name])
                for part in ("estimate", "truth")
                for name in (part, f"{part}_low", f"{part}_high")
            },
            "series": f"{row['classes']} classes, correlation {number(row['correlation']):g}",
        }
        for row in rows
        if row["encoder"] == "grid" and None not in (row["estimate"], row["truth"])
    ]
    series = list(dict.fromkeys(point["series"] for point in points))
    base = alt.Chart(alt.InlineData(values=points)).encode(color=_colour(series))
    x = alt.X("truth:Q", title="two-model truth, points")
    y = alt.Y("estimate:Q", title="one-model audit, points")
    layers = [
        _diagonal([point[name] for point in points for name in ("truth_low", "truth_high")]),
        base.mark_rule(opacity=0.45).encode(
            x=x, y=alt.Y("estimate_low:Q", title="one-model audit, points"), y2="estimate_high:Q"
        ),
        base.mark_rule(opacity=0.45).encode(
            y=y, x=alt.X("truth_low:Q", title="two-model truth, points"), x2="truth_high:Q"
        ),
        base.mark_point(filled=True, opacity=1).encode(x=x, y=y, shape=_shape(series)),
    ]
    title = heading("Trained encoders", ["Calibrated score and 95 % intervals of both. Dashed: the same"])
    return alt.layer(*layers).properties(width=420, height=360, title=title)


CHARTS: dict[str, Callable[[Rows], Any]] = {
    "coverage": coverage,
    "alarms": alarms,
    "bias": bias,
    "lists": lists,
    "shares": shares,
    "power": power,
    "encoders": encoders,
}


def _colour(series: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(series), range=[COLOURS[at % len(COLOURS)] for at in range(len(series))])
    return alt.Color("series:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=4))


def _shape(series: Sequence[str]) -> alt.Shape:
    scale = alt.Scale(domain=list(series), range=[_MARKS[at % len(_MARKS)] for at in range(len(series))])
    return alt.Shape("series:N", scale=scale, legend=alt.Legend(title=None, orient="top", columns=4))


def _rule(at: float) -> Any:
    line = alt.Chart(alt.InlineData(values=[{"y": at}])).mark_rule(color=MUTED, strokeDash=[4, 3])
    return line.encode(y=alt.Y("y:Q", scale=alt.Scale(zero=False)))


def _diagonal(xs: Sequence[float]) -> Any:
    ends = [{"x": x, "y": x} for x in (min(xs), max(xs))]
    return (
        alt.Chart(alt.InlineData(values=ends))
        .mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1)
        .encode(x="x:Q", y="y:Q")
    )


def _in_rows(panels: Sequence[Any]) -> Iterator[Any]:
    for start in range(0, len(panels), 3):
        yield alt.hconcat(*panels[start : start + 3], spacing=24)
