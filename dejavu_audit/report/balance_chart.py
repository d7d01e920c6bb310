"""The plot of the balance check: how far apart both sets are, by feature, before and after matching."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import altair as alt

from dejavu_audit.report.charts import COLOURS, INK, MUTED, heading, plain, save_both, themed

if TYPE_CHECKING:
    from dejavu_audit.report.balance_record import BalanceRecord, FeatureRecord, MatchingRecord

BEFORE, AFTER = "as drawn", "weighed"
DIFFERS, ALIKE = "differs", "within chance"
MOST = 24
"""Features that are drawn: those that come first in either record."""
_WIDE, _ROW = 430, 22


def write_balance_chart(record: BalanceRecord, stem: Path, matching: MatchingRecord | None = None) -> list[Path]:
    """Write STEM.svg and STEM.png; nothing where no feature could be compared."""
    return save_both(balance_chart(record, matching), stem) if record.features else []


def balance_chart(record: BalanceRecord, matching: MatchingRecord | None = None) -> alt.VConcatChart:
    """A row a feature: its distance, filled where it differs, and what chance gives; below, the classifier's AUC."""
    after = matching.after if matching is not None else None
    states = {BEFORE: record} | ({AFTER: after} if after is not None and after.features else {})
    names = _names(states)
    panels = [_features(states, names)]
    if any(one.classifier for one in states.values()):
        panels.append(_classifier(states))
    verdict = {True: "it is not", False: "no sign that it is not", None: "could not be told"}[record.failed]
    subtitle = [f"{record.targets:,} targets, {record.control:,} control samples"]
    if after is not None and matching is not None:
        subtitle[0] += f"; weighed by {' and '.join(matching.by)}, {matching.effective:,.0f} effective"
    title = heading(f"Is the control drawn like the targets? {verdict[0].upper()}{verdict[1:]}", subtitle)
    return cast(alt.VConcatChart, themed(alt.vconcat(*panels, spacing=26, title=title)))


def _names(states: dict[str, BalanceRecord]) -> list[str]:
    """What is drawn, from the top: by the distance beyond chance, before matching."""
    first: dict[str, float] = {}
    for record in states.values():
        for one in record.features:
            first.setdefault(one.name, one.distance - one.chance)
    return sorted(first, key=lambda name: (-first[name], name))[:MOST]


def _points(states: dict[str, BalanceRecord], names: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "feature": _shown(one),
            "state": state,
            "distance": one.distance,
            "threshold": one.threshold,
            "chance": one.chance,
            "found": DIFFERS if one.differs else ALIKE,
        }
        for state, record in states.items()
        for one in record.features
        if one.name in names
    ]


def _shown(one: FeatureRecord) -> str:
    return plain(one.name, 34)


def _features(states: dict[str, BalanceRecord], names: list[str]) -> Any:
    by_name = {one.name: _shown(one) for record in states.values() for one in record.features}
    rows = [by_name[name] for name in names]
    points = _points(states, names)
    reach = max(max(point["distance"], point["threshold"]) for point in points)
    scale = alt.Scale(domain=[0, min(max(1.08 * reach, 0.05), 1)], nice=False)
    base = alt.Chart(alt.InlineData(values=points)).encode(
        y=alt.Y("feature:N", sort=rows, title=None, scale=alt.Scale(paddingInner=0.15), axis=alt.Axis(labelLimit=230)),
        yOffset=alt.YOffset("state:N", sort=list(states), scale=alt.Scale(paddingInner=0)),
    )
    title = "distance: largest gap of cumulative shares, or total variation"
    legends = list(states) if len(states) > 1 else None
    bars = base.mark_bar(color=MUTED, opacity=0.18, height={"band": 0.9}).encode(
        x=alt.X("threshold:Q", title=title, scale=scale)
    )
    chance = base.mark_tick(color=MUTED, thickness=1.5, size=0.7 * _ROW / len(states)).encode(
        x=alt.X("chance:Q", title=title, scale=scale)
    )
    drawn = base.mark_point(size=70, strokeWidth=2, filled=False).encode(
        x=alt.X("distance:Q", title=title, scale=scale),
        color=_colour(list(states), legends),
        shape=_shape(list(states), legends),
        fill=alt.condition(
            alt.datum.found == DIFFERS,
            alt.Color("state:N", scale=alt.Scale(domain=list(states), range=list(COLOURS[: len(states)])), legend=None),
            alt.value("white"),
        ),
    )
    said = "Filled: differs beyond chance. Grey: what chance reaches; the line in it, its average"
    return alt.layer(bars, chance, drawn).properties(
        title=alt.TitleParams("Each feature alone", subtitle=said),
        width=_WIDE,
        height=_ROW * len(rows) * (1 + 0.35 * (len(states) - 1)),
    )


def _colour(states: list[str], legends: list[str] | None) -> alt.Color:
    scale = alt.Scale(domain=states, range=list(COLOURS[: len(states)]))
    return alt.Color("state:N", scale=scale, legend=alt.Legend(title=None, orient="top") if legends else None)


def _shape(states: list[str], legends: list[str] | None) -> alt.Shape:
    scale = alt.Scale(domain=states, range=["circle", "square"][: len(states)])
    return alt.Shape("state:N", scale=scale, legend=alt.Legend(title=None, orient="top") if legends else None)


def _classifier(states: dict[str, BalanceRecord]) -> Any:
    points: list[dict[str, Any]] = [
        {"state": state, "auc": one.auc, "low": one.low, "high": one.high, "threshold": one.threshold}
        for state, record in states.items()
        if (one := record.classifier) is not None
    ]
    low = min([0.5, *(point["low"] for point in points)])
    high = max(max(point["high"], point["threshold"]) for point in points)
    scale = alt.Scale(domain=[low, high], nice=True)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title="AUC of a classifier on all features; 0.5 is chance", scale=scale)

    base = alt.Chart(alt.InlineData(values=points)).encode(
        y=alt.Y("state:N", sort=list(states), title=None, axis=alt.Axis(labelLimit=230))
    )
    layers = [
        base.mark_bar(color=MUTED, opacity=0.18, height={"band": 0.8}).encode(
            x=x("half"), x2="threshold:Q"
        ).transform_calculate(half="0.5"),
        alt.Chart(alt.InlineData(values=[{"half": 0.5}])).mark_rule(color=INK, strokeDash=[4, 3]).encode(
            x=x("half")
        ),
        base.mark_rule(strokeWidth=2).encode(
            x=x("low"), x2="high:Q", color=_colour(list(states), None)
        ),
        base.mark_point(size=80, filled=True).encode(
            x=x("auc"), color=_colour(list(states), None), shape=_shape(list(states), None)
        ),
    ]  # fmt: skip
    return alt.layer(*layers).properties(
        title="All features together", width=_WIDE, height=_ROW * 1.2 * max(len(points), 1)
    )
