"""The plots of the bench, one SVG a study, in the house style."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import altair as alt

from dejavu_audit.bench.chart_parts import TALL, WIDE, Points, Rows, colour, diagonal, in_rows, rule, shape
from dejavu_audit.bench.gate_chart import gates
from dejavu_audit.bench.list_charts import lists, shares
from dejavu_audit.bench.simulated import number
from dejavu_audit.bench.tables import reader
from dejavu_audit.report.charts import heading, save, themed


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
            color=colour(kinds),
            shape=shape(kinds),
            opacity=alt.condition("datum.rare", alt.value(0.25), alt.value(0.75)),
        )
        layers = [rule(93), rule(97), base.mark_point(filled=True, size=30)]
        panels.append(alt.layer(*layers).properties(width=WIDE, height=TALL, title=title))
    subtitle = "Each point is one setting, at 80 % where lower; pale: rare events. Dashed: 93 and 97 %"
    return alt.vconcat(*in_rows(panels), spacing=20, title=heading("Intervals that hold the truth", [subtitle]))


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
            color=colour(names),
            shape=shape(names),
        )
        return alt.layer(rule(5), base.mark_point(filled=True, opacity=0.55)).properties(width=WIDE, height=tall)

    columns = []
    for at, one in enumerate(readers):
        y = "% of audits" if at == 0 else None
        mine = [point for point in points if point["reader"] == one]
        alone = [point for point in below if point["reader"] == one]
        columns.append(alt.vconcat(panel(mine, 100, TALL, y).properties(title=one), panel(alone, most, 110, y)))
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
            color=colour(series),
            shape=shape(series),
        )
        line = diagonal([point["x"] for point in some])
        panel = alt.layer(line, base.mark_point(filled=True, opacity=0.7))
        panels.append(panel.properties(width=290, height=240, title=title))
    above = heading("What audits find in the mean", ["Dashed: the truth. Each point is one setting"])
    return alt.hconcat(*panels, spacing=30, title=above)


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
        color=colour(list(tests.values())),
        shape=shape(list(tests.values())),
    )
    chart = alt.layer(diagonal([0.0, 100.0]), base.mark_point(filled=True, opacity=0.75))
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
    base = alt.Chart(alt.InlineData(values=points)).encode(color=colour(series, columns=2))
    x = alt.X("truth:Q", title="two-model truth, points")
    y = alt.Y("estimate:Q", title="one-model audit, points")
    layers = [
        diagonal([point[name] for point in points for name in ("truth_low", "truth_high")]),
        base.mark_rule(opacity=0.45).encode(
            x=x, y=alt.Y("estimate_low:Q", title="one-model audit, points"), y2="estimate_high:Q"
        ),
        base.mark_rule(opacity=0.45).encode(
            y=y, x=alt.X("truth_low:Q", title="two-model truth, points"), x2="truth_high:Q"
        ),
        base.mark_point(filled=True, opacity=1).encode(x=x, y=y, shape=shape(series, columns=2)),
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
    "gates": gates,
    "encoders": encoders,
}
