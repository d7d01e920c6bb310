"""Every score of 100,000 samples with 2,000 bootstrap replicates, with and without clusters."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bar import Bar, whole

SCRIPT = """
import resource, sys, time
import numpy as np
from dejavu_audit.scores.label_test import Judged, label_scores
rng = np.random.default_rng(0)
n = 100_000
def judged(gap):
    f, g = rng.random((n, 1)) < [[0.3 + gap, 0.5 + gap]], rng.random((n, 1)) < [[0.3, 0.5]]
    return Judged(f, g, -rng.random(n), -rng.random(n), rng.integers(0, 50_000, n) if sys.argv[1] == "groups" else None)
targets, control = judged(0.1), judged(0.0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
label_scores(targets, control, replicates=2_000)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
"""


def run(folder: Path) -> list[Bar]:
    """All scores of targets and control, 100,000 each."""
    bars = []
    for groups in ("alone", "groups"):
        seconds, peak = map(float, whole("-c", SCRIPT, groups).output.split())
        what = f"bootstrap, 2,000 replicates of 100,000 samples{', 50,000 clusters' if groups == 'groups' else ''}"
        bars += [Bar(what, seconds, 5, " s", ".1f"), Bar(f"{what}: peak memory of the process", peak, 1, " GiB")]
    return bars
