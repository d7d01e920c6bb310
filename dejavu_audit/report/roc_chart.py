"""The ROC curve of the sample score on two logarithmic axes: how surely members are told at few false alarms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import altair as alt
import numpy as np

from dejavu_audit.report.charts import ENCODER, GRID, INK, MUTED, PAPER, REFERENCE, heading, save_both, themed
from dejavu_audit.scores.membership import Figures, Roc, roc

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

STEM = "membership-roc"
POINTS = 600
"""Corners of the curve that are drawn at most."""
LEAST = 1e-5
"""The axes begin here at the least, however large the control."""
SIDE = 380
_CHANCE = "guessing"
_PLACES: dict[str, dict[str, Any]] = {
    "left": {"align": "right", "dx": -9, "dy": -11},
    "right": {"align": "left", "dx": 10, "dy": 12},
}
"""Where the text of a reported rate stands: above the curve, or below it where the left edge is near."""


def write_roc_chart(
    folder: Path, targets: ArrayLike, control: ArrayLike, figures: Figures, weights: ArrayLike | None = None
) -> list[Path]:
    """Leave membership-roc.svg and .png in `folder`; the files, none where targets or control are empty.

    `targets` (n,) and `control` (m,) are the finite scores that `figures` were made from.
    """
    if not np.size(targets) or not np.size(control):
        return []
    return save_both(roc_chart(roc(targets, control, weights), figures), folder / STEM)


def roc_chart(curve: Roc, figures: Figures) -> alt.LayerChart:
    """The curve with the diagonal of guessing, and the rates that are reported, with their intervals.

    The axes begin below the smallest false-positive rate above 0 that the control can show; what the curve reaches
    without any false positive runs along the left edge.
    """
    shown = curve.false_positive[curve.false_positive > 0]
    least = float(10.0 ** np.floor(np.log10(max(float(shown[0]) if len(shown) else 1.0, LEAST))))
    least = min(least, 0.1)
    axis: dict[str, Any] = {"format": "~%", "values": _decades(least), "labelFlush": False, "gridColor": GRID}
    scale = alt.Scale(type="log", domain=[least, 1], nice=False, clamp=True)
    x = alt.X("x:Q", title="control taken for members (false-positive rate)", scale=scale, axis=alt.Axis(**axis))
    y = alt.Y("y:Q", title="targets told to be members (true-positive rate)", scale=scale, axis=alt.Axis(**axis))
    layers: list[Any] = [
        _data([{"x": least, "y": least}, {"x": 1.0, "y": 1.0}])
        .mark_line(color=MUTED, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(x=x, y=y),
        _data([{"x": least**0.82, "y": least**0.82, "text": _CHANCE}])
        .mark_text(color=MUTED, angle=315, dy=11, fontSize=12)
        .encode(x=x, y=y, text="text:N"),
        _data(_corners(curve, least))
        .mark_line(color=ENCODER, interpolate="step-after", strokeWidth=2.5, clip=True)
        .encode(x=x, y=y, order="order:Q"),
    ]
    marks = _marks(figures, least)
    layers += [
        _data(marks).mark_rule(color=REFERENCE, strokeWidth=2).encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"),
        _data(marks).mark_point(color=REFERENCE, filled=True, size=75, opacity=1).encode(x=x, y=y),
    ]
    for place in _PLACES:
        here = _data([mark for mark in marks if mark["place"] == place])
        for halo in ({"stroke": PAPER, "strokeWidth": 5}, {"color": INK}):
            layers.append(here.mark_text(fontSize=12, **_PLACES[place], **halo).encode(x=x, y=y, text="text:N"))
    chart = alt.layer(*layers).properties(
        width=SIDE, height=SIDE, title=heading("Who was in the training data?", _told(figures))
    )
    return cast(alt.LayerChart, themed(chart))


def _told(figures: Figures) -> list[str]:
    auc = figures.auc
    if auc.estimate is None or auc.low is None or auc.high is None:
        return ["area under the curve: not measured"]
    return [f"Area under the curve {auc.estimate:.3f} ({auc.low:.3f} to {auc.high:.3f}); 0.5 is guessing"]


def _marks(figures: Figures, least: float) -> list[dict[str, Any]]:
    """The reported rates that can be drawn."""
    found = []
    for one in figures.at:
        share, low, high = one.true_positive.estimate, one.true_positive.low, one.true_positive.high
        if share is None or low is None or high is None or one.rate < least:
            continue
        found.append(
            {
                "x": one.rate,
                "y": max(share, least),
                "low": max(low, least),
                "high": max(high, least),
                "text": f"{100 * share:.1f}% at {100 * one.rate:g}%",
                "place": "left" if one.rate > least * 8 else "right",
            }
        )
    return found


def _corners(curve: Roc, least: float) -> list[dict[str, float]]:
    """The curve's corners from the left edge on, thinned evenly on the logarithmic axis."""
    x, y = curve.false_positive, curve.true_positive
    # Of one false-positive rate only the highest true-positive rate is a corner: a step goes there at once.
    last = np.append(x[1:] > x[:-1], True) & (y > 0)
    x, y = np.maximum(x[last], least), np.maximum(y[last], least)
    if len(x) > POINTS:
        cells = np.floor(np.log(x / least) / -np.log(least) * (POINTS - 1))
        keep = np.append(cells[1:] > cells[:-1], True)
        x, y = x[keep], y[keep]
    return [{"x": float(a), "y": float(b), "order": float(i)} for i, (a, b) in enumerate(zip(x, y, strict=True))]


def _decades(least: float) -> list[float]:
    return [10.0**power for power in range(round(np.log10(least)), 1)]


def _data(values: list[dict[str, Any]]) -> Any:
    return alt.Chart(alt.InlineData(values=values))
