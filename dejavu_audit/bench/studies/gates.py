"""Gates: how often a release is judged wrongly, its truth off the limits or on them, at one look or at several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dejavu_audit.bench.oracle import Population
from dejavu_audit.bench.oracle_label import LabelWorld
from dejavu_audit.bench.oracle_objects import ObjectWorld
from dejavu_audit.bench.simulated import LEVEL, Task, World, described, margin, number, population, rate_error, stream
from dejavu_audit.bench.study import Cell, Check, Finding
from dejavu_audit.bench.workers import spread
from dejavu_audit.gate.increases import Pairing
from dejavu_audit.gate.judging import decide, overall
from dejavu_audit.gate.outcomes import means_of, outcomes_of
from dejavu_audit.gate.quantities import Quantity, quantity_of
from dejavu_audit.gate.spending import look_sizes, spend
from dejavu_audit.report.judged import JudgedRun
from dejavu_audit.scores.changes import taken
from dejavu_audit.scores.estimates import Draws
from dejavu_audit.scores.label_test import Judged

if TYPE_CHECKING:
    from dejavu_audit.gate.record import LimitRecord, Verdict
    from dejavu_audit.report.reading import Run

TITLE = "Gates, right and wrong"
ABOUT = (
    "Releases whose true scores lie 2 points under their limits, 2 points over, or on them to the digit, judged as "
    "`dejavu-audit gate` judges a run: one limit, three limits that share the error by Holm, or the increase over an "
    "earlier release that answered half of the same pictures otherwise. Each is judged at one look at all samples, and "
    "at looks that double up to all of them (`max_targets`), which share the error too and are cheap where the case is "
    "clear, 6 points off the limit. A wrong verdict is a fail of what keeps its limits or a pass of what exceeds them; "
    "on the limit both are. Where the sample is too small to tell, the gate is inconclusive: mostly so on the limit."
)
SIZES = (1_000, 8_000)
"""Targets at most, and control pictures as many."""
OFFSETS = (-0.06, -0.02, 0.0, 0.02, 0.06)
"""True score less its limit; the outermost are clear cases."""
MEMORY = 0.05
"""True calibrated score, and of an increase: of the release before and what came on top."""
SCORES = {"label": ("deja_vu_top1", "deja_vu_top5", "accuracy_target_top1"), "objects": ("ppg", "prg", "aucg")}
"""The score that is limited alone, and two more."""
WORLDS: tuple[World, ...] = (
    LabelWorld(classes=100),
    LabelWorld(classes=10, skill=0.8, reference_skill=0.5),
    ObjectWorld(skill=0.8, reference_skill=0.7),
)
LIMITS = ("one", "three", "increase")
LOOKS = ("one", "growing")
WRONG = (
    ("fail", -0.02, "2 points under the limit"),
    ("pass", 0.02, "2 points over the limit"),
    ("fail", 0.0, "on the limit"),
    ("pass", 0.0, "on the limit"),
)
"""Verdicts that are wrong, by where the truth lies."""
BAR = 0.05


@dataclass(frozen=True)
class Release:
    """One simulated release, the baseline before it, and both as they were judged on all samples."""

    now: tuple[Any, Any]
    """Targets and control, `Judged` or `JudgedObjects`."""
    before: tuple[Any, Any]
    """The same samples."""


def run(audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
    """Simulate `audits` gates a world, size, kind of limit, number of looks and true score."""
    began = time.perf_counter()
    tasks = [(Task(world, audits, seed), size) for size in SIZES[::-1] for world in WORLDS]  # the long ones first
    found = spread(_judge, tasks, processes, say)
    rows = sorted((row for some in found for row in some), key=lambda row: number(row["n"]))
    return Finding(rows, _checks(rows, audits), audits * len(rows), time.perf_counter() - began)


def _judge(job: tuple[Task, int]) -> list[dict[str, Cell]]:
    """The rows of one world and size."""
    task, size = job
    pictures = population(task.world, task.seed)
    share = MEMORY / pictures.truth(1).calibrated
    truths = {limits: true_scores(pictures, share, limits) for limits in LIMITS}
    rng = stream(task.seed, "gates", task.world, size)
    counted = {setting: np.zeros(4) for setting in product(LIMITS, LOOKS, OFFSETS)}
    for _ in range(task.audits):
        release = draw(pictures, share, size, rng)
        for setting, (verdict, used) in _verdicts(truths, release, size).items():
            counted[setting] += (verdict == "pass", verdict == "fail", verdict == "inconclusive", used)
    rows: list[dict[str, Cell]] = []
    for (limits, looks, offset), sums in counted.items():
        passed, failed, undecided, targets = (float(mean) for mean in sums / task.audits)
        rows.append(
            {
                **described(task.world),
                "n": size,
                "limits": limits,
                "looks": looks,
                "truth_less_limit": offset,
                "gates": task.audits,
                "pass": passed,
                "fail": failed,
                "inconclusive": undecided,
                "mean_targets": targets,
            }
        )
    return rows


def draw(pictures: Population[Any], share: float, size: int, rng: np.random.Generator) -> Release:
    """A release that memorized twice the `share` of its targets, and the one before, which memorized the share.

    Both judge the same pictures, and the later one remembers what the earlier did. Half of the samples the earlier
    answered as it answers other pictures: encoders that were trained anew do not err alike.
    """
    sets = []
    for chance in (share, 0.0):
        same, other = (int(seed) for seed in rng.integers(2**63, size=2))
        now = pictures.draw(size, 2 * chance, np.random.default_rng(same)).judged
        # The same seed: the same pictures, and of their numbers those under the smaller chance are remembered.
        then = pictures.draw(size, chance, np.random.default_rng(same)).judged
        anew = pictures.draw(size, chance, np.random.default_rng(other)).judged
        sets.append((now, _mixed(rng.random(size) < 0.5, then, anew)))
    (targets, targets_before), (control, control_before) = sets
    return Release((targets, control), (targets_before, control_before))


def _mixed(first: np.ndarray[Any, np.dtype[np.bool_]], one: Any, other: Any) -> Any:
    """Of two judged sets the samples of `one` where `first` says so, else of `other`, place by place."""
    return replace(
        one,
        **{
            name: _mixed(first, value, getattr(other, name))
            if hasattr(value, "__dataclass_fields__")
            else np.where(first.reshape(-1, *[1] * (value.ndim - 1)), value, getattr(other, name))
            for name, value in vars(one).items()
            if value is not None
        },
    )


def _verdicts(
    truths: Mapping[str, Sequence[float]], release: Release, size: int
) -> Mapping[tuple[str, str, float], tuple[Verdict, int]]:
    """The verdict of every setting on one release, and the targets that it took."""
    growing = look_sizes(size)
    parts = {one: {kind: quantities(release, one, kind) for kind in LIMITS} for one in growing}
    found = {}
    for limits, looks, offset in product(LIMITS, LOOKS, OFFSETS):
        sizes = growing if looks == "growing" else (size,)
        at = [truth - offset for truth in truths[limits]]
        for used, spent in zip(sizes, spend(sizes, 1 - LEVEL), strict=True):
            decisions = decide(parts[used][limits], at, 1 - spent)
            verdict = overall(cast("Sequence[LimitRecord]", decisions), ())  # of which it reads the verdicts alone
            if verdict != "inconclusive":
                break
        found[limits, looks, offset] = (verdict, used)
    return found


def quantities(release: Release, size: int, limits: str) -> list[Quantity]:
    """What the limits are about, on the first `size` samples of both sets."""
    first = np.arange(size)
    now, before = ([taken(one, first) for one in sets] for sets in (release.now, release.before))
    run = _judged_run(now)
    keys = SCORES[run.test][: 3 if limits == "three" else 1]
    if limits == "increase":
        found = [_Same(run, now, before).increase(keys[0])]
    else:
        nothing = cast("Run", None)  # of the run only what its headline is and its list would be read
        found = [quantity_of(nothing, run, key) for key in keys]
    return [replace(one, at=cache(one.at)) for one in found]


def _judged_run(sets: Sequence[Any]) -> JudgedRun:
    targets, control = sets
    n, m = len(targets.difference()), len(control.difference())
    return JudgedRun(
        targets=targets,
        control=control,
        rows=(np.arange(n), np.arange(n, n + m)),
        test="label" if isinstance(targets, Judged) else "objects",
        symmetric=False,
        draws=Draws(LEVEL),
        compat=None,
    )


class _Same(Pairing):
    """A run beside a baseline of the very same samples in the same order: there is nothing to look up."""

    def __init__(self, run: JudgedRun, now: Sequence[Any], before: Sequence[Any]) -> None:
        self._judged, self._pairs = run, {}
        for control, of, then in zip((False, True), now, before, strict=True):
            at = np.arange(len(of.difference()))
            self._pairs[control] = (at, outcomes_of(then, run.test), outcomes_of(of, run.test))


def true_scores(pictures: Population[Any], share: float, limits: str) -> list[float]:
    """The expected value of each score that is limited; see `oracle` for why they are exact."""
    run = _judged_run([pictures.honest.judged] * 2)
    honest, remembered = (outcomes_of(one.judged, run.test) for one in (pictures.honest, pictures.remembered))
    found = []
    for key in SCORES[run.test][: 3 if limits == "three" else 1]:
        first, *less = means_of(run, key) or ()
        never, always = (float(first.values(of).mean()) for of in (honest, remembered))
        if limits == "increase":
            found.append(share * (always - never))
        else:
            found.append(never + 2 * share * (always - never) - sum(float(one.values(honest).mean()) for one in less))
    return found


def _checks(rows: list[dict[str, Cell]], audits: int) -> list[Check]:
    checks = []
    error = 100 * rate_error(BAR, audits)
    for looks, name in (("one", "one look"), ("growing", "growing looks")):
        for wrong, offset, where in WRONG:
            some = [row for row in rows if row["looks"] == looks and row["truth_less_limit"] == offset]
            rates = [100 * number(row[wrong]) for row in some]
            phrase = f"{wrong}, the truth {where}, {name}, %: worst of {len(rates)} settings"
            checks.append(Check(phrase, max(rates), 100 * BAR, "≤", margin(len(rates)) * error))
    return checks
