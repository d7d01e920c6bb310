"""The pictures of the object test: two recall curves with the area between, and the mean gaps of the first samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import altair as alt
import numpy as np

from dejavu_audit.report.charts import COLOURS, ENCODER, MUTED, NUMBER, REFERENCE, heading, plain, save_both, themed
from dejavu_audit.scores.judged_objects import MEASURES
from dejavu_audit.scores.object_order import ORDERS, gap_curve, recall_curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.scores.judged_objects import JudgedObjects

Curves: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]"
"""Thresholds, and the shares of samples with such recall or more, of the model and of the reference."""
Gaps: TypeAlias = "Mapping[str, Mapping[Any, tuple[NDArray[Any], NDArray[np.float64]]]]"
"""Measure -> order -> how many first samples, and their mean gap: `gap_curve`."""

MODEL, OTHER = "audited model", "reference"
CONTROL = "Control, never trained on"
ORDER_NAMES = {
    "max_pred_gap": "most correct objects more than the reference",
    "crct_pred": "most correct objects",
    "min_dist": "nearest public sample closest",
}
MEASURE_NAMES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
STEPS = 1_000
"""Thresholds that are drawn at most."""
LEAST = 0.1
"""Percent where the axis of the first samples begins."""


def write_object_charts(
    folder: Path, targets: JudgedObjects, control: JudgedObjects | None, *, control_name: str = CONTROL
) -> list[Path]:
    """Write recall.svg, recall.png, gaps.svg and gaps.png into a folder; nothing where no target was judged."""
    if not len(targets):
        return []
    control = control if control is not None and len(control) else None

    def curves(judged: JudgedObjects) -> Curves:
        return recall_curves(judged.target.recall, judged.reference.recall)

    def gaps(judged: JudgedObjects) -> Gaps:
        return {measure: gap_curve(judged, measure) for measure in MEASURES}

    recall = recall_chart(curves(targets), None if control is None else curves(control), control_name=control_name)
    gap = gap_chart(gaps(targets), None if control is None else gaps(control))
    return [*save_both(recall, folder / "recall"), *save_both(gap, folder / "gaps")]


def recall_chart(targets: Curves, control: Curves | None = None, *, control_name: str = CONTROL) -> alt.HConcatChart:
    """Share of samples against the recall that they reach at least; the area between is the mean recall gap (AUCG).

    Each of the curves is (m,), the thresholds rise from 0 to 1; a share holds from the threshold before up to its own.
    """
    panels = [_recall_panel("Targets", targets, first=True)]
    if control is not None:
        panels.append(_recall_panel(plain(control_name, 30), control, first=False))
    title = heading("Objects inferred from the caption", "Shaded: where one curve lies above the other, in its colour")
    return cast(alt.HConcatChart, themed(alt.hconcat(*panels, spacing=36, title=title)))


def area(curves: Curves) -> float:
    """The area between the curves, which is the mean recall gap."""
    thresholds, model, reference = curves
    return float(np.diff(thresholds) @ (model - reference)[1:])


def _recall_panel(name: str, curves: Curves, *, first: bool) -> Any:
    lines = [
        {"recall": t, "who": who, "share": 100 * share}
        for who, shares in ((MODEL, curves[1]), (OTHER, curves[2]))
        for t, share in _thinned(curves[0], shares)
    ]
    between = [
        {"recall": t, "model": 100 * a, "other": 100 * b, "lower": 100 * min(a, b)}
        for t, a, b in _thinned(curves[0], curves[1], curves[2])
    ]
    x = alt.X(
        "recall:Q",
        title="recall of at least",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(grid=False, labelFlush=False),
    )
    share = alt.Scale(domain=[0, 100])
    axis = "percent of samples" if first else None
    shaded = alt.Chart(alt.InlineData(values=between)).mark_area(interpolate="step-before", opacity=0.22)
    layers = [
        shaded.encode(x=x, y=alt.Y(f"{who}:Q", title=axis, scale=share), y2="lower:Q", color=alt.value(colour))
        for who, colour in (("model", ENCODER), ("other", REFERENCE))
    ]
    drawn = alt.Chart(alt.InlineData(values=lines)).mark_line(interpolate="step-before")
    layers.append(
        drawn.encode(
            x=x,
            y=alt.Y("share:Q", title=axis, scale=share),
            color=alt.Color(
                "who:N",
                scale=alt.Scale(domain=[MODEL, OTHER], range=[ENCODER, REFERENCE]),
                legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolSize=420),
            ),
            strokeDash=alt.StrokeDash(
                "who:N", scale=alt.Scale(domain=[MODEL, OTHER], range=[[1, 0], [6, 3]]), legend=None
            ),
        )
    )
    title = f"{name}: area {100 * area(curves):+.1f} points"
    return alt.layer(*layers).properties(title=title, width=320, height=280)


def _thinned(*columns: NDArray[np.float64]) -> Iterator[tuple[float, ...]]:
    """Rows of the columns, at most STEPS of them, the ends among them."""
    size = len(columns[0])
    at = np.unique(np.linspace(0, size - 1, min(size, STEPS)).round().astype(np.int64))
    return zip(*(column[at].tolist() for column in columns), strict=True)


def gap_chart(targets: Gaps, control: Gaps | None = None) -> alt.VConcatChart:
    """Mean gap of the first L samples against L in percent of all (log axis), in every order, a panel a measure."""
    sets = {"targets": targets} | ({} if control is None else {"control": control})
    rows = {
        measure: [point for name, gaps in sets.items() for point in _gap_points(name, gaps[measure])]
        for measure in targets
    }
    every = [point for points in rows.values() for point in points]
    left = min((point["share"] for point in every), default=LEAST)
    reach = alt.Scale(domain=[pick([0.0, *(point["gap"] for point in every)]) for pick in (min, max)], nice=True)
    panels = [
        _gap_panel(MEASURE_NAMES.get(measure, measure), points, list(sets), left, reach, first=number == 0)
        for number, (measure, points) in enumerate(rows.items())
    ]
    title = heading("Mean gap of the first samples", "Audited model less reference, samples sorted in three ways")
    return cast(alt.VConcatChart, themed(alt.vconcat(alt.hconcat(*panels, spacing=24), title=title)))


def _gap_points(name: str, orders: Mapping[str, tuple[NDArray[Any], NDArray[np.float64]]]) -> Iterable[dict[str, Any]]:
    for order, (sizes, gaps) in orders.items():
        share = 100 * sizes / max(sizes[-1:], default=1)
        for percent, gap in zip(share.tolist(), gaps.tolist(), strict=True):
            if percent >= LEAST * (1 - 1e-9):
                yield {"share": percent, "gap": 100 * gap, "order": ORDER_NAMES.get(order, order), "set": name}


def _gap_panel(
    title: str, points: list[dict[str, Any]], sets: list[str], left: float, reach: alt.Scale, *, first: bool
) -> Any:
    names = [ORDER_NAMES[order] for order in ORDERS]
    top = alt.Legend(
        title="sorted by", orient="bottom", direction="vertical", symbolType="stroke", symbolSize=420, labelLimit=400
    )
    dashes = alt.Legend(title="set", orient="bottom", direction="vertical", symbolType="stroke", symbolSize=420)
    nothing = alt.Chart(alt.InlineData(values=[{"y": 0}])).mark_rule(color=MUTED).encode(y="y:Q")
    drawn = alt.Chart(alt.InlineData(values=points)).mark_line(strokeWidth=1.8)
    ticks = [tick for tick in (0.1, 1, 10, 100) if tick >= left * 0.999]
    return alt.layer(
        nothing,
        drawn.encode(
            x=alt.X(
                "share:Q",
                title="first samples, percent of all",
                scale=alt.Scale(type="log", domain=[left, 100], nice=False),
                axis=alt.Axis(values=ticks, format=NUMBER, labelFlush=False),
            ),
            y=alt.Y("gap:Q", title="mean gap, percentage points" if first else None, scale=reach),
            color=alt.Color("order:N", scale=alt.Scale(domain=names, range=list(COLOURS[:3])), legend=top),
            strokeDash=alt.StrokeDash(
                "set:N",
                scale=alt.Scale(domain=sets, range=[[1, 0], [4, 3]][: len(sets)]),
                legend=dashes if len(sets) > 1 else None,
            ),
        ),
    ).properties(title=title, width=230, height=230)
