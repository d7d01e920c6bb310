"""The curves with what is said beside them: how sure the model is, and how well members are told from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.report.html.curves import most_confident, thinned
from dejavu_audit.report.html.figures import percent, said
from dejavu_audit.report.html.figures import points as points_of
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.memorized_listing import sentence
from dejavu_audit.report.ranking import numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 0.01
"""Share of the samples where the curves of the most confident begin."""
_ROC_LEAST = 1e-5
ORDERS = {
    "max_pred_gap": ("encoder", "most correct objects more than the reference"),
    "crct_pred": ("reference", "most correct objects"),
    "min_dist": ("third", "nearest public sample closest"),
}


def sureness(material: Material) -> dict[str, Any] | None:
    """The curves of the test; None where no target was judged."""
    judged = material.judged
    if not len(judged.rows[0]):
        return None
    return _label(material) if material.label else _objects(material)


def _label(material: Material) -> dict[str, Any]:
    from dejavu_audit.report.html import charts

    judged = material.judged
    lines: list[dict[str, Any]] = []
    rows = []
    sets = [("targets", judged.targets), (material.other, judged.control)]
    for place, (name, one) in enumerate(sets):
        if one is None:
            continue
        for colour, who, right, sure in (
            ("encoder", "model", one.target_right, one.target_confidence),
            ("reference", "reference", one.reference_right, one.reference_confidence),
        ):
            points = most_confident(np.asarray(sure, np.float64), right[:, 0], one.weights, least=LEAST)
            line = {
                "points": [(100 * x, 100 * y) for x, y in points],
                "colour": colour,
                "dashed": place == 1,
                "name": f"{who}, {name}",
            }
            lines.append(line)
            rows.append((f"{who}, {name}", *(_at(points, share) for share in (0.01, 0.05, 0.2, 1.0))))
    ticks = [1, 2, 5, 10, 20, 50, 100]
    x = charts.x_axis("most confident share of pictures, percent", [1, 100], log=True, values=ticks)
    top = max((y for line in lines for _, y in line["points"]), default=100.0)
    y = charts.y_axis("first answer right, percent", [0, min(100.0, 10 * np.ceil(top / 10 + 0.2))])
    says = "How often the first answer is right among the most confident pictures, of model and reference."
    chart = charts.svg(charts.curves(lines, x=x, y=y), "sure", says)
    return {
        "kind": "label",
        "figures": [{"chart": chart, "title": "Right answers among the pictures of which it is surest"}],
        "legend": lines,
        "columns": ("1 %", "5 %", "20 %", "all"),
        "rows": rows,
    }


def _at(points: list[tuple[float, float]], share: float) -> str:
    there = [y for x, y in points if x <= share * (1 + 1e-9)]
    return percent(there[-1]) if there else "–"


def _objects(material: Material) -> dict[str, Any]:
    from dejavu_audit.report.html import charts
    from dejavu_audit.scores.object_order import gap_curve, recall_curves

    judged = material.judged
    figures: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    rows = []
    sets = [("targets", judged.targets), (material.other, judged.control)]
    for place, (name, one) in enumerate(sets):
        if one is None or not len(one):
            continue
        thresholds, model, reference = recall_curves(one.target.recall, one.reference.recall)
        x = charts.x_axis("recall of at least", [0, 1])
        y = charts.y_axis("percent of captions", [0, 100])
        steps = thinned(thresholds, 100 * model, 100 * reference)
        bands = [
            charts.band([(t, min(a, b), a) for t, a, b in steps], "encoder", x, y),
            charts.band([(t, min(a, b), b) for t, a, b in steps], "reference", x, y),
        ]
        lines: list[dict[str, Any]] = [
            {"points": [(t, a) for t, a, _ in steps], "colour": "encoder"},
            {"points": [(t, b) for t, _, b in steps], "colour": "reference", "dashed": True},
        ]
        area = float(np.diff(thresholds) @ (model - reference)[1:])
        between = f"area between {points_of(area)} points"
        says = f"Share of {name} with at least a given recall, of model and reference; {between}."
        chart = charts.svg(charts.curves(lines, x=x, y=y, step="step-before", below=bands), f"recall{place}", says)
        figures.append({"chart": chart, "title": f"Objects found, {name}: {between}"})
        for order, (size, mean) in gap_curve(one, "recall").items():
            share = 100 * size / max(len(one), 1)
            keep = share >= 0.1 * (1 - 1e-9)
            points = list(zip(share[keep].tolist(), (100 * mean[keep]).tolist(), strict=True))
            gaps.append({"points": points, "colour": ORDERS[order][0], "dashed": place == 1})
            where = [(x / 100, y / 100) for x, y in points]
            rows.append((f"{name}, {ORDERS[order][1]}", *(_at(where, of) for of in (0.01, 0.05, 0.2, 1.0))))
    reach = [0.0, *(y for line in gaps for _, y in line["points"])]
    left = min((line["points"][0][0] for line in gaps if line["points"]), default=1.0)
    ticks = [tick for tick in (0.1, 1, 10, 100) if tick >= left * 0.999]
    x = charts.x_axis("first captions, percent of all", [left, 100], log=True, values=ticks)
    y = charts.y_axis("mean recall gap, points", [10 * np.floor(min(reach) / 10), 10 * np.ceil(max(reach) / 10 + 0.05)])
    chart = charts.svg(
        charts.curves(gaps, x=x, y=y, below=[charts.rule(0, y)]),
        "gaps",
        "Mean recall gap of the first captions in three orders, against their share.",
    )
    figures.append({"chart": chart, "title": "Recall gap of the first captions, in three orders", "orders": True})
    return {
        "kind": "objects",
        "figures": figures,
        "legend": [
            {"colour": "encoder", "dashed": False, "name": "model"},
            {"colour": "reference", "dashed": True, "name": "reference"},
        ],
        "orders": [{"colour": colour, "dashed": False, "name": name} for colour, name in ORDERS.values()],
        "control": len(sets) > 1 and sets[1][1] is not None,
        "columns": ("first 1 %", "5 %", "20 %", "all"),
        "rows": rows,
    }


def listed(material: Material) -> dict[str, Any] | None:
    """The list of memorized samples and how well its score tells members from others; None: there is neither."""
    record = material.record
    one, figures = record.memorized, record.membership_figures
    if one is None and figures is None:
        return None
    rates = [] if figures is None else figures.at
    return {
        "sentence": "" if one is None else sentence(one),
        "record": None if one is None else one.model_dump(),
        "share": None if one is None else said(one.share, signed=False),
        "counts": [] if one is None else [(f"{100 * at.q:g}", f"{at.count:,}") for at in one.counts or []],
        "compared": [] if one is None else [
            (
                by.score,
                by.score == one.score,
                [f"{at.count:,}" for at in by.counts or []],
                "–" if by.auc.estimate is None else f"{by.auc.estimate:.3f}",
            )
            for by in one.compared
        ],
        "auc": None if figures is None or figures.auc.estimate is None else figures.auc,
        "rates": [
            (f"{100 * at.false_positive_rate:g}", said(at.true_positive_rate, signed=False), f"{at.control_needed:,}")
            for at in rates
        ],
        "level": f"{100 * record.headline.level:g}",
        "roc": _roc(material),
    }  # fmt: skip


def _roc(material: Material) -> Any:
    """The chart; None where there is no score of either set, or in the symmetric test, which has no list."""
    samples, figures = material.run.samples, material.record.membership_figures
    if figures is None or material.symmetric or "score" not in samples.column_names:
        return None
    from dejavu_audit.report.html import charts
    from dejavu_audit.scores.membership import roc

    score = numbers(samples, "score")
    weight = numbers(samples, "weight") if "weight" in samples.column_names else np.ones(len(score))
    targets, control = (rows[~np.isnan(score[rows]) & (weight[rows] > 0)] for rows in material.judged.rows)
    if not len(targets) or not len(control):
        return None
    curve = roc(score[targets], score[control], weight[control])
    shown = curve.false_positive[curve.false_positive > 0]
    least = float(10.0 ** np.floor(np.log10(max(float(shown[0]) if len(shown) else 1.0, _ROC_LEAST))))
    least = min(least, 0.1)
    decades = [10.0**power for power in range(round(np.log10(least)), 1)]
    x = charts.x_axis("control taken for members (false alarms)", [least, 1], log=True, values=decades)
    y = charts.y_axis("targets told to be members", [least, 1], log=True, values=decades)
    marks = [
        {
            "x": at.false_positive_rate,
            "y": max(share.estimate, least),
            "low": max(share.low, least),
            "high": max(share.high, least),
        }
        for at in figures.at
        if (share := at.true_positive_rate).estimate is not None
        and share.low is not None
        and share.high is not None
        and at.false_positive_rate >= least
    ]
    corners = _corners(curve.false_positive, curve.true_positive, least)
    says = "ROC curve on two logarithmic axes: targets told to be members against control taken for members."
    return charts.svg(
        charts.curves(
            [{"points": corners, "colour": "encoder"}],
            x=x,
            y=y,
            step="step-after",
            below=[charts.diagonal(least, x, y)],
            above=charts.intervals(marks, x, y) if marks else (),
        ),
        "roc",
        says,
    )


def _corners(x: Floats, y: Floats, least: float) -> list[tuple[float, float]]:
    """The curve's corners from the left edge on, thinned evenly on the logarithmic axis."""
    # Of one false-positive rate only the highest true-positive rate is a corner: a step goes there at once.
    last = np.append(x[1:] > x[:-1], True) & (y > 0)
    x, y = np.maximum(x[last], least), np.maximum(y[last], least)
    cells = np.floor(np.log(x / least) / -np.log(least) * 400)
    keep = np.append(cells[1:] > cells[:-1], True)
    return list(zip(x[keep].tolist(), y[keep].tolist(), strict=True))
