"""The memorized share by Storey's estimate: is its lower end a lower bound?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np

from dejavu_audit.bench.sample_scored import scored
from dejavu_audit.bench.simulated import LEVEL, Task, described, margin, number, population, rate_error, stream
from dejavu_audit.bench.studies.lists import SHARES, SIZES, WORLDS
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.scores.storey import storey

TITLE = "The memorized share"
ABOUT = (
    "The same encoders. Storey's estimate of the share of targets that are memorized is cautious: it is short where "
    "memorized samples score low. So its interval is held to its lower end, which must not lie above the true share; "
    "how often the whole interval holds the true share is told beside it."
)
BAR = 0.05


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` audits a world, share and sizes, and estimate the share by every score."""
    began = time.perf_counter()
    tasks = [Task(world, audits, seed, share) for world, share in product(WORLDS, SHARES)]
    rows = [row for some in spread(_shares, tasks, processes, say) for row in some]
    above = [100 * number(row["low_above_truth"]) for row in rows]
    what = f"lower ends of the memorized share above the truth, %: worst of {len(rows)} settings"
    check = Check(what, max(above), 100 * BAR, "≤", 100 * margin(len(rows)) * rate_error(BAR, audits))
    return Finding(rows, [check], audits * len(tasks) * len(SIZES), time.perf_counter() - began)


def _shares(task: Task) -> list[dict[str, Cell]]:
    """The rows of one world and share."""
    pictures = population(task.world, task.seed, evidence=True)
    rows: list[dict[str, Cell]] = []
    for n, m in SIZES:
        rng = stream(task.seed, "shares", task.world, task.share, n, m)
        found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for _ in range(task.audits):
            targets, control = pictures.draw(n, task.share, rng), pictures.draw(m, 0.0, rng)
            for score, (one, two) in scored(targets, control).items():
                told = storey(one, two, level=LEVEL)
                if told.estimate is not None and told.low is not None and told.high is not None:
                    found[score].append((told.estimate, told.low, told.high))
        for score, some in found.items():
            estimate, low, high = np.array(some).T
            rows.append(
                {
                    **described(task.world),
                    "memorized_share": task.share,
                    "n": n,
                    "control": m,
                    "score": score,
                    "audits": task.audits,
                    "measured": len(some) / task.audits,
                    "estimate": float(estimate.mean()),
                    "low": float(low.mean()),
                    "high": float(high.mean()),
                    "low_above_truth": float((low > task.share).mean()),
                    "holds_truth": float(((low <= task.share) & (task.share <= high)).mean()),
                }
            )
    return rows
