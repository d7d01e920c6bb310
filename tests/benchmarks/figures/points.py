"""Points of a made-up figure."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.figures.table import Point


def point(x, series, estimate, half=0.02, **others):
    low, high = (None, None) if estimate is None else (estimate - half, estimate + half)
    blank = Point(x, series, estimate, low, high, 0.3, 0.1, 0.31, 0.12, 0.9, 0.95)
    return replace(blank, **others)


RISING = [point(1, "projector", 0.01), point(8, "projector", 0.08), point(16, "projector", 0.2, knn=0.97)]
