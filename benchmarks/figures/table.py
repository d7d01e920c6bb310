"""A figure's small table, one row a point, kept in docs/figures/NAME.csv: the page is made from it without a run."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Point:
    """One audit. Shares from 0 to 1; None: not measured."""

    x: float
    series: str
    estimate: float | None
    """Calibrated top-1 déjà vu score, with its 95 % interval."""
    low: float | None
    high: float | None
    uncalibrated: float | None
    """The score on the targets alone."""
    control: float | None
    """The same on the control, where there is nothing to remember."""
    accuracy_targets: float | None
    """Classes named right by the encoder's neighbours, of the targets' background crops."""
    accuracy_control: float | None
    knn: float | None
    """Utility: classes named right of whole pictures that were never trained on."""
    probe: float | None

    @classmethod
    def from_audit(cls, x: float, series: str, record: dict[str, Any]) -> Point:
        """From an `audit.json`."""
        scores, headline, utility = record["scores"], record["headline"], record["utility"] or {}

        def of(table: dict[str, Any], name: str) -> float | None:
            return table[name]["estimate"] if name in table else None

        return cls(
            x=x,
            series=series,
            estimate=headline["estimate"],
            low=headline["low"],
            high=headline["high"],
            uncalibrated=of(scores, "deja_vu_top1_targets"),
            control=of(scores, "deja_vu_top1_control"),
            accuracy_targets=of(scores, "accuracy_target_top1"),
            accuracy_control=of(scores, "accuracy_target_top1_control"),
            knn=of(utility, "knn_top1"),
            probe=of(utility, "linear_probe_top1"),
        )

    def above(self, other: Point) -> bool:
        """Whether its whole interval lies above the other's."""
        return self.low is not None and other.high is not None and self.low > other.high


_NAMES = [field.name for field in fields(Point)]


def write(points: Sequence[Point], file: Path) -> None:
    """As CSV; an empty field was not measured."""
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(_NAMES)
        for point in points:
            values = [getattr(point, name) for name in _NAMES]
            rows.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in values])


def read(file: Path) -> list[Point]:
    """What `write` left."""
    with file.open(encoding="utf-8", newline="") as source:
        return [
            Point(float(row.pop("x")), row.pop("series"), **{name: float(v) if v else None for name, v in row.items()})
            for row in csv.DictReader(source)
        ]
