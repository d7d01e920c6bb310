"""Object scores of 1,000,000 targets: 1,200 objects, five a picture, ten neighbours each, two models."""

from __future__ import annotations

from pathlib import Path

from benchmarks.bar import Bar, whole

SCRIPT = """
import resource, time
import numpy as np
from scipy import sparse
from dejavu_audit.scores.object_test import JudgedObjects, headline, object_scores
from dejavu_audit.scores.objects import compare, predicted_objects
rng = np.random.default_rng(0)
n, o, k = 1_000_000, 1_200, 10
def objects():
    sizes = rng.poisson(5, n).clip(1)
    which = (rng.pareto(0.7, sizes.sum()) * 3).astype(np.int64).clip(0, o - 1)
    return sparse.csr_array((np.ones(len(which), bool), which, np.r_[0, sizes.cumsum()]), shape=(n, o))
public, truth = objects(), objects()
near = rng.integers(0, n, (2, n, k), np.int32)
distance = rng.random(n, np.float32)
began = time.perf_counter()
target, reference = (compare(predicted_objects(each, public), truth) for each in near)
targets = JudgedObjects(target, reference, distance)
headline(object_scores(targets, None, replicates=2_000), targets, None)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
"""


def run(folder: Path) -> list[Bar]:
    """Prediction, comparison and every score with its interval; the data are in the peak."""
    seconds, peak = map(float, whole("-c", SCRIPT).output.split())
    what = "object scores, 1,000,000 targets, 1,200 objects, k = 10"
    return [Bar(what, seconds, 20, " s", ".1f"), Bar(f"{what}: peak memory of the process", peak, 2, " GiB")]
