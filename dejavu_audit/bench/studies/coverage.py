"""Coverage: how often the 95 % interval of a score holds the true value."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import cast

import numpy as np

from dejavu_audit.bench.object_outcomes import ObjectOutcomes
from dejavu_audit.bench.outcomes import LabelOutcomes
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.scores.bootstrap import Replicates
from dejavu_audit.scores.estimates import RARE, Draws, Interval, scores_of
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.label_test import Judged, label_samples
from dejavu_audit.scores.object_test import object_samples
from dejavu_audit.scores.samples import Sample

TITLE = "Coverage of the 95 % interval"
ABOUT = (
    "Outcomes of two models are drawn from worlds whose true scores are known exactly, and audited. The interval of "
    'every headline score is to hold the truth in 93 to 97 % of audits. "auto" is the default (Wilson, Tango, MOVER); '
    "the bootstraps with 2,000 replicates are run beside it where the control is as large as the targets. Rare: fewer "
    "than 10 samples of a set are discordant (or of an accuracy's less frequent answer), where more may be covered."
)
SIZES = (100, 300, 2_000)
RATIOS = (1, 5)
"""Control samples a target."""
MEMORIZED = (0.0, 0.01, 0.1, 0.5)
BASES = (0.02, 0.25, 0.9)
REFERENCE = 0.8
"""The reference's skill, as a part of the audited model's."""
BOOTSTRAPS: tuple[Interval, ...] = ("percentile", "bca", "studentised")

LABEL = (
    "deja_vu_top1",
    "deja_vu_top1_targets",
    "deja_vu_top5",
    "deja_vu_top5_targets",
    "accuracy_target_top1",
    "accuracy_reference_top1",
    "deja_vu_top1_confident20",
    "accuracy_target_top1_confident20",
)
OBJECTS = ("ppg", "ppg_targets", "prg", "prg_targets", "aucg", "aucg_targets")
TOPS = (
    "gap_recall_top10pct_max_pred_gap",
    "gap_recall_top10pct_max_pred_gap_targets",
    "gap_precision_top10pct_crct_pred",
    "gap_recall_top10pct_min_dist",
)
"""Looked at, but held to no bar."""
BOOTSTRAPPED = (
    "deja_vu_top1",
    "deja_vu_top1_targets",
    "accuracy_target_top1",
    "deja_vu_top1_confident20",
    "ppg",
    "ppg_targets",
    "aucg",
    "aucg_targets",
)
"""What the bootstraps are compared on: they take most of the time, and other scores are of the same kinds."""
LOWEST, HIGHEST = 0.93, 0.97


@dataclass(frozen=True)
class Setting:
    """One cell of the grid."""

    world: LabelOutcomes | ObjectOutcomes
    n: int
    control: int
    intervals: tuple[Interval, ...]

    @property
    def label(self) -> bool:
        """The label test; if not, the object test."""
        return isinstance(self.world, LabelOutcomes)

    @property
    def clustered(self) -> bool:
        """Whether samples come in clusters."""
        return isinstance(self.world, LabelOutcomes) and self.world.cluster > 1


@dataclass(frozen=True)
class _Task:
    setting: Setting
    audits: int
    seed: int


def settings() -> Iterator[Setting]:
    """Every cell of the study."""
    for n, ratio, memorized, base in product(SIZES, RATIOS, MEMORIZED, BASES):
        intervals: tuple[Interval, ...] = ("auto", *(BOOTSTRAPS if ratio == 1 else ()))
        yield Setting(LabelOutcomes(memorized, base, REFERENCE * base), n, n * ratio, intervals)
        yield Setting(ObjectOutcomes(memorized, base, REFERENCE * base), n, n * ratio, intervals)
    for n, memorized, base in product(SIZES[1:], (0.0, 0.1), BASES):
        yield Setting(LabelOutcomes(memorized, base, REFERENCE * base, cluster=3), n, n, ("auto", *BOOTSTRAPS))


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` audits a cell of the grid."""
    began = time.perf_counter()
    tasks = [_Task(setting, audits, seed) for setting in settings()]
    # The dearest first, so that no process is left with one at the end.
    order = sorted(range(len(tasks)), key=lambda at: -tasks[at].setting.n * len(tasks[at].setting.intervals))
    found = dict(zip(order, spread(covered, [tasks[at] for at in order], processes, say), strict=True))
    rows = [row for at in range(len(tasks)) for row in found[at]]
    return Finding(rows, checks(rows, audits), audits * len(tasks), time.perf_counter() - began)


def covered(task: _Task) -> list[dict[str, Cell]]:
    """The rows of one cell: a score and a kind of interval each."""
    setting, truth = task.setting, task.setting.world.truth
    keys = LABEL if setting.label else OBJECTS + TOPS
    rng = np.random.default_rng([task.seed, zlib.crc32(repr(setting).encode())])
    hits = {(interval, key): 0 for interval in setting.intervals for key in keys}
    widths, rare = dict.fromkeys(hits, 0.0), dict.fromkeys(keys, 0)
    for audit in range(task.audits):
        targets = setting.world.draw(setting.n, rng, target=True)
        control = setting.world.draw(setting.control, rng, target=False)
        seen, made_of = _samples(targets, control, keys)
        for key in keys:
            rare[key] += min(_discordant(seen[part]) for part in made_of[key]) < RARE
        drawn: dict[str, Replicates] = {}
        for interval in setting.intervals:
            some = {key: parts for key, parts in made_of.items() if interval == "auto" or key in BOOTSTRAPPED}
            draws = Draws(seed=task.seed + audit, interval=interval)
            for key, score in scores_of(seen, some, draws, drawn).items():
                low, high = cast(float, score.low), cast(float, score.high)
                hits[interval, key] += low - 1e-9 <= truth[key] <= high + 1e-9
                widths[interval, key] += high - low
    return [
        {
            "test": "label" if setting.label else "objects",
            "score": key,
            "interval": interval,
            "targets": setting.n,
            "control": setting.control,
            "clusters": "yes" if setting.clustered else "no",
            "memorized": setting.world.memorized,
            "base": setting.world.skill,
            "truth": truth[key],
            "coverage": hits[interval, key] / task.audits,
            "width": widths[interval, key] / task.audits,
            "rare": rare[key] / task.audits,
        }
        for interval, key in hits
        if interval == "auto" or key in BOOTSTRAPPED
    ]


def _samples(
    targets: Judged | JudgedObjects, control: Judged | JudgedObjects, keys: Sequence[str]
) -> tuple[dict[str, Sample | None], dict[str, tuple[str, ...]]]:
    if isinstance(targets, Judged):
        return label_samples(targets, cast(Judged, control), keys)
    return object_samples(targets, cast(JudgedObjects, control), keys)


def _discordant(of: Sample | None) -> float:
    """Samples that are off the commonest outcome; of fractions and clusters, outcomes that say as much."""
    if of is None:
        return 0.0
    return of.size * (1 - max(of.up, of.down, 1 - of.up - of.down))


def checks(rows: Sequence[dict[str, Cell]], audits: int) -> list[Check]:
    """The bars of the default interval: for each score the worst cells of either side."""
    found = []
    for clusters, scores in (("no", LABEL + OBJECTS), ("yes", LABEL)):
        where = " of samples in clusters" if clusters == "yes" else ""
        for score in scores:
            some = [
                (cast(float, row["coverage"]), cast(float, row["rare"]))
                for row in rows
                if (row["score"], row["interval"], row["clusters"]) == (score, "auto", clusters)
            ]
            if not some:
                continue
            lowest = min(coverage for coverage, _ in some)
            found.append(Check(f"{score}{where}: lowest coverage", lowest, LOWEST, "≥", _slack(LOWEST, audits)))
            common = [coverage for coverage, rare in some if rare < 0.5]
            if common:
                name = f"{score}{where}: highest coverage where not rare"
                found.append(Check(name, max(common), HIGHEST, "≤", _slack(HIGHEST, audits)))
    return found


def _slack(rate: float, audits: int) -> float:
    """Two standard errors of a rate."""
    return float(2 * (rate * (1 - rate) / audits) ** 0.5)
