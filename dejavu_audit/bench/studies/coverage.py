"""Coverage: how often the 95 % interval of a score holds the true value."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import cast

import numpy as np

from dejavu_audit.bench.object_outcomes import ObjectOutcomes
from dejavu_audit.bench.outcomes import LabelOutcomes
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.scores.bootstrap import Replicates
from dejavu_audit.scores.estimates import RARE, Draws, Interval, Score, scores_of
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.label_test import Judged, label_samples
from dejavu_audit.scores.object_test import object_samples
from dejavu_audit.scores.samples import Sample

TITLE = "Coverage of the 95 % interval"
ABOUT = (
    "Outcomes of two models are drawn from worlds whose true scores are known exactly, and audited. The interval of "
    'every headline score is to hold the truth in 93 to 97 % of audits. "auto" is the default (Wilson, Tango, MOVER); '
    "the bootstraps with 1,000 replicates are run beside it where the control is as large as the targets. Rare: fewer "
    "than 10 samples of a set are discordant (or of an accuracy's less frequent answer), where more may be covered."
)
SIZES = (100, 300, 2_000)
RATIOS = (1, 5)
"""Control samples a target."""
MEMORIZED = (0.0, 0.01, 0.1, 0.5)
BASES = (0.02, 0.25, 0.9)
BATCH = 50
"""Audits that are looked at together."""
REPLICATES = 1_000
"""Of the bootstraps; half of an audit's, which leaves the ends of an interval to 5 % of its half-width."""
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
    setting = task.setting
    keys = LABEL if setting.label else OBJECTS + TOPS
    counts = _Counts(setting.world.truth)
    rng = np.random.default_rng([task.seed, zlib.crc32(repr(setting).encode())])
    for start in range(0, task.audits, BATCH):
        # Score intervals are vectorised over scores: those of many audits at once take little more than those of one.
        seen: dict[str, Sample | None] = {}
        made_of: dict[str, tuple[str, ...]] = {}
        for audit in range(start, min(start + BATCH, task.audits)):
            targets = setting.world.draw(setting.n, rng, target=True)
            control = setting.world.draw(setting.control, rng, target=False)
            own, parts = _samples(targets, control, keys)
            seen |= {f"{key} {audit}": one for key, one in own.items()}
            made_of |= {f"{key} {audit}": tuple(f"{part} {audit}" for part in some) for key, some in parts.items()}
        few = {name: some for name, some in made_of.items() if name.split()[0] in BOOTSTRAPPED}
        drawn: dict[str, Replicates] = {}
        for interval in setting.intervals:
            draws = Draws(replicates=REPLICATES, seed=task.seed, interval=interval)
            found = scores_of(seen, made_of if interval == "auto" else few, draws, drawn)
            for name, score in found.items():
                rare = min(_discordant(seen[part]) for part in made_of[name]) < RARE
                counts.add(name.split()[0], interval, score, rare=rare)
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
            **sums,
        }
        for (interval, key), sums in counts.shares(task.audits).items()
    ]


class _Counts:
    """What is counted over the audits of a cell, for every kind of interval and score."""

    def __init__(self, truth: Mapping[str, float]) -> None:
        self._truth = truth
        self._sums: dict[tuple[str, str], list[float]] = {}

    def add(self, key: str, interval: str, score: Score, *, rare: bool) -> None:
        """One audit's interval of a score."""
        low, high = cast(float, score.low), cast(float, score.high)
        sums = self._sums.setdefault((interval, key), [0.0, 0.0, 0.0])
        sums[0] += low - 1e-9 <= self._truth[key] <= high + 1e-9
        sums[1] += high - low
        sums[2] += rare

    def shares(self, audits: int) -> dict[tuple[str, str], dict[str, float]]:
        """Columns of the rows, by interval and score."""
        names = ("coverage", "width", "rare")
        return {
            (interval, key): {"truth": self._truth[key]} | dict(zip(names, [one / audits for one in sums], strict=True))
            for (interval, key), sums in self._sums.items()
        }


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
