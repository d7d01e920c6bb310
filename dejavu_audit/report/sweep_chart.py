"""The plot of a sweep: memorization above, what the encoder is good for below, against the same axis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import altair as alt

from dejavu_audit.report.charts import COLOURS, MUTED, NUMBER, SHAPES, heading, plain, save_both, themed, ticks

if TYPE_CHECKING:
    from dejavu_audit.report.record import HeadlineRecord
    from dejavu_audit.report.sweep_record import SweepRecord

UTILITIES = {
    "knn_top1": "k nearest neighbours, accuracy",
    "linear_probe_top1": "Linear probe, accuracy",
    "zero_shot_top1": "Zero-shot, accuracy",
    "retrieval_t2i_recall1": "Text to picture, recall at 1",
    "retrieval_t2i_recall10": "Text to picture, recall at 10",
}
"""What stands above a panel, in the order of the panels."""
METRICS = {"deja_vu_top1": "Déjà vu score, top-1", "ppg": "Population precision gap"}
ALONE = "all rows"
"""Stands for the series of rows without one."""
_WIDE, _HALF, _GAP, _TALL, _LOW = 606, 250, 40, 260, 170
"""Sizes in pixels: two halves, the gap and an axis are as wide as the wide panel."""


def write_sweep_chart(record: SweepRecord, stem: Path) -> list[Path]:
    """Write STEM.svg and STEM.png; what was not measured leaves a gap, never a 0."""
    return save_both(sweep_chart(record), stem)


def sweep_chart(record: SweepRecord) -> alt.VConcatChart:
    """The chart: one panel of memorization, and a smaller one of every utility figure that any row has."""
    names = list(dict.fromkeys(row.series or ALONE for row in record.rows))
    shown = {name: plain(name, 40) for name in names}
    told = [row.headline for row in record.rows if row.headline]
    top = _panel(
        list(_memorization(record, shown)),
        record,
        list(shown.values()),
        title=_title(told),
        axis="percentage points",
        size=(_WIDE, _TALL),
        zero_line=True,
    )
    rows: list[Any] = [top]
    panels = [
        _panel(
            list(_utility(record, key, shown)),
            record,
            list(shown.values()),
            title=UTILITIES.get(key, key),
            axis="percent",
            size=(_HALF, _LOW),
        )
        for key in dict.fromkeys([*UTILITIES, *record.utilities])
        if key in record.utilities
    ]
    rows += [alt.hconcat(*panels[start : start + 2], spacing=_GAP) for start in range(0, len(panels), 2)]
    subtitle = f"Bands and bars: {100 * told[0].level:g} % intervals" if told else None
    return cast(alt.VConcatChart, themed(alt.vconcat(*rows, spacing=30, title=heading(plain(record.name), subtitle))))


def _title(told: list[HeadlineRecord]) -> str:
    metrics = list(dict.fromkeys(METRICS.get(one.metric, one.metric) for one in told))
    kinds = {one.calibrated for one in told}
    kind = {frozenset({True}): ", calibrated", frozenset({False}): ", uncalibrated"}.get(frozenset(kinds), "")
    return "Memorization: " + " and ".join(metrics) + kind


def _memorization(record: SweepRecord, shown: dict[str, str]) -> Iterator[dict[str, Any]]:
    for row in record.rows:
        if row.headline is not None:
            yield {"x": row.x, "series": shown[row.series or ALONE], **_percent(row.headline)}


def _utility(record: SweepRecord, key: str, shown: dict[str, str]) -> Iterator[dict[str, Any]]:
    for row in record.rows:
        if row.utility is not None and key in row.utility:
            yield {"x": row.x, "series": shown[row.series or ALONE], **_percent(row.utility[key])}


def _percent(score: Any) -> dict[str, float | None]:
    return {
        name: None if getattr(score, name) is None else 100 * getattr(score, name)
        for name in ("estimate", "low", "high")
    }


def _panel(
    points: list[dict[str, Any]],
    record: SweepRecord,
    series: list[str],
    *,
    title: str,
    axis: str,
    size: tuple[int, int],
    zero_line: bool = False,
) -> Any:
    """One figure against x: a line a series, its points with their intervals, and a band between."""
    scale = alt.Scale(type=record.x_scale, nice=False, zero=False, padding=12)
    named = series != [ALONE]
    axis_x = alt.Axis(
        grid=False, format=NUMBER, labelOverlap="greedy", values=ticks(row.x for row in record.rows) or alt.Undefined
    )
    domain = alt.Scale(domain=series, range=[COLOURS[i % len(COLOURS)] for i in range(len(series))])
    marks = alt.Scale(domain=series, range=[SHAPES[i % len(SHAPES)] for i in range(len(series))])
    legend = alt.Legend(title=None, orient="top", columns=3) if named else None
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("x:Q", title=plain(record.x, 60), scale=scale, axis=axis_x),
        color=alt.Color("series:N", scale=domain, legend=legend),
    )
    y = alt.Y("estimate:Q", title=axis, scale=alt.Scale(zero=zero_line))
    layers = [
        base.mark_area(opacity=0.14).encode(y=alt.Y("low:Q", title=axis), y2="high:Q"),
        base.mark_rule(strokeWidth=1.4, opacity=0.75).encode(y=alt.Y("low:Q", title=axis), y2="high:Q"),
        base.mark_line().encode(y=y),
        base.mark_point(filled=True, opacity=1).encode(y=y, shape=alt.Shape("series:N", scale=marks, legend=legend)),
    ]
    if zero_line:
        nothing = alt.Chart(alt.InlineData(values=[{"y": 0}])).mark_rule(color=MUTED, strokeDash=[4, 3])
        layers.insert(0, nothing.encode(y=alt.Y("y:Q", title=axis)))
    return alt.layer(*layers).properties(title=title, width=size[0], height=size[1])
