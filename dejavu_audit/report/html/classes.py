"""The table of classes: rows that the page sorts and searches (label test)."""

from __future__ import annotations

from typing import Any

from dejavu_audit.report.class_ranking import rank_classes
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.plain import plain

MOST = 20_000
"""Classes that are listed: the most memorized."""
DIGITS = 4


def classes(material: Material) -> dict[str, Any] | None:
    """The columns and rows, shares rounded to DIGITS; None in the object test, which has none."""
    if not material.label:
        return None
    run = material.run
    every = rank_classes(
        run.samples, set_="target", part="memorized", sort=None, top=run.samples.num_rows, level=run.level
    )
    calibrated = any(row.get("calibrated") is not None for row in every)
    return {
        "total": len(every),
        "shown": min(len(every), MOST),
        "calibrated": calibrated,
        "level": f"{100 * run.level:g}",
        "rows": [_row(row) for row in every[:MOST]],
    }


def _row(row: dict[str, Any]) -> list[Any]:
    shares = ("score", "low", "high", "calibrated", "calibrated_low", "calibrated_high", "reference_probability")
    return [
        plain(row["class"], 120),
        row["n"],
        row["memorized"],
        row["misrepresented"],
        row["correlated"],
        row["unassociated"],
        *(None if row.get(name) is None else round(row[name], DIGITS) for name in shares),
    ]
