"""How long `dejavu-audit --help` takes."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.bar import Bar, whole


def run(folder: Path) -> list[Bar]:
    """Eleven starts, the median."""
    walls = [whole("-m", "dejavu_audit", "--help").wall for _ in range(11)]
    return [Bar("`dejavu-audit --help`, median of 11", median(walls), 0.3, " s")]
