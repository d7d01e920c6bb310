"""Two finished runs on the same samples: what changed from the first to the second, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_audit.report.changed_classes import changed_classes
from dejavu_audit.report.changed_samples import Side, listed_changes, listed_of, part_changes
from dejavu_audit.report.comparable import refuse_incomparable, settings_that_differ, warnings_of
from dejavu_audit.report.comparison_record import ChangeRecord, ChangeTestRecord, ComparisonRecord, RunRecord
from dejavu_audit.report.judged import CONTROL, TARGET, read_judged
from dejavu_audit.report.score_record import ScoreRecord
from dejavu_audit.report.verdict import points
from dejavu_audit.report.views import Shared, shared_samples
from dejavu_audit.scores.agreement import cross_table
from dejavu_audit.scores.changes import change_samples, means, parts_of, sample_values, taken
from dejavu_audit.scores.estimates import Draws, scores_of
from dejavu_audit.scores.label_test import PARTS
from dejavu_audit.scores.significance import mcnemar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.reading import Run

HEADLINES = {"label": "deja_vu_top1", "objects": "ppg"}
_RIGHT = {
    "label": ("accuracy_target_top1", "the encoder names the sample"),
    "objects": ("precision_target", "the encoder is more precise than in the other run"),
}
_NAMES = {"label": "déjà vu score", "objects": "precision gap (PPG)"}


@dataclass(frozen=True)
class Both:
    """A set as both runs judged it: the same samples in the same order."""

    old: Any
    """`Judged` or `JudgedObjects`."""
    new: Any
    shared: Shared


def compare_runs(old: Path, new: Path, *, top: int = 10) -> ComparisonRecord:
    """Compare two run folders; lists hold the `top` first.

    AuditError where either cannot be read, or the two are of other data or of another test.
    """
    if old.resolve() == new.resolve():
        raise AuditError(f"{old} is named twice; name two different runs")
    opened = [read_judged(path) for path in (old, new)]
    runs, judged = [run for run, _ in opened], [of for _, of in opened]
    names = names_of([old, new])
    refuse_incomparable(runs, names)
    targets = _both(runs, judged, names, TARGET)
    control = _both(runs, judged, names, CONTROL) if all(of.control is not None for of in judged) else None
    if runs[0].test == "objects" and not np.array_equal(targets.old.target.true, targets.new.target.true):
        raise AuditError(
            f"{names[0]} and {names[1]} know of other objects in the same samples, as with another --tagger; compare "
            "runs with the same objects"
        )
    test, draws = runs[0].test, _draws(judged)
    scores = _scores(targets, control, draws, judged[0].meanings)
    sides = [
        Side(run, one, of.rows[0][rows])
        for run, of, one, rows in zip(runs, judged, (targets.old, targets.new), targets.shared.rows, strict=True)
    ]
    listed = listed_of(sides)
    change = scores[HEADLINES[test]].change
    differences = settings_that_differ(runs[0].record, runs[1].record)
    sets = {TARGET: targets} | ({} if control is None else {CONTROL: control})
    sizes = {name: _sizes(both.shared) for name, both in sets.items()}
    return ComparisonRecord(
        verdict=_sentence(names, test, _finding(change), change, draws.level, _kind(control)),
        finding=_finding(change),
        headline=HEADLINES[test],
        calibrated=control is not None,
        test=test,
        level=draws.level,
        old=_run(runs[0], names[0], {name: of[0] for name, of in sizes.items()}),
        new=_run(runs[1], names[1], {name: of[1] for name, of in sizes.items()}),
        same_encoder=runs[0].record.model.fingerprint == runs[1].record.model.fingerprint,
        common={name: of[2] for name, of in sizes.items()},
        differences=differences,
        warnings=list(
            warnings_of(runs[0].record, runs[1].record, differences, sizes, weighed_alike=_weighed_alike(sets))
        ),
        scores=scores,
        tests=_tests(targets, control, listed),
        parts=_parts(targets),
        memorized=part_changes(targets.shared, sides, top),
        listed=None if listed is None else listed_changes(targets.shared, sides, listed, top),
        classes=changed_classes(targets.shared, targets.old, targets.new, draws.level, top),
    )


def _sizes(shared: Shared) -> tuple[int, int, int]:
    """Samples of the old run, of the new one, and of both."""
    old, new = shared.sizes.values()
    return old, new, len(shared.ids)


def _kind(control: Both | None) -> str:
    return "uncalibrated" if control is None else "calibrated"


def _weighed_alike(sets: Mapping[str, Both]) -> bool:
    for both in sets.values():
        old, new = both.old.weights, both.new.weights
        if (old is None) != (new is None) or (old is not None and not np.allclose(old, new)):
            return False
    return True


def names_of(paths: Sequence[Path]) -> list[str]:
    """What runs are called: their folders' names, or where these are not unique, their paths."""
    names = [path.resolve().name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _both(runs: Sequence[Run], judged: Sequence[JudgedRun], names: Sequence[str], set_: str) -> Both:
    shared = shared_samples(runs, names, set_)
    sets: list[Any] = [of.targets if set_ == TARGET else of.control for of in judged]
    old, new = (taken(one, rows) for one, rows in zip(sets, shared.rows, strict=True))
    return Both(old, new, shared)


def _draws(judged: Sequence[JudgedRun]) -> Draws:
    """The first run's level; its kind of interval where both have the same."""
    one, two = (of.draws for of in judged)
    return one if one.interval == two.interval else replace(one, interval="auto")


def _scores(targets: Both, control: Both | None, draws: Draws, meanings: Mapping[str, str]) -> dict[str, ChangeRecord]:
    """The change of every score that is a plain mean, by audit.json's keys."""
    pair = None if control is None else (control.old, control.new)
    changes = scores_of(*change_samples((targets.old, targets.new), pair), draws)
    like = (targets.old, None if control is None else control.old)
    old = means(*like, like)
    new = means(targets.new, None if control is None else control.new, like)
    return {
        key: ChangeRecord(
            meaning=meanings[key], old=_measured(old[key]), new=_measured(new[key]), change=ScoreRecord(**vars(change))
        )
        for key, change in changes.items()
    }


def _measured(value: float) -> float | None:
    return None if np.isnan(value) else value


def _tests(targets: Both, control: Both | None, listed: tuple[Any, Any] | None) -> dict[str, ChangeTestRecord]:
    """Exact tests of what changed, of targets, of control, and of the list of memorized samples."""
    key, question = _RIGHT[targets.shared.test]
    tests = {}
    for name, both in (("right_targets", targets), ("right_control", control)):
        if both is not None:
            old, new = (sample_values(one)[key] for one in (both.old, both.new))
            tests[name] = _test(f"{question}, {name.removeprefix('right_')}", new > old, old > new)
    old, new = (parts_of(one) == PARTS.index("memorized") for one in (targets.old, targets.new))
    tests["memorized_targets"] = _test("the part is memorized, targets", new & ~old, old & ~new)
    if listed is not None:
        old, new = listed
        tests["listed_targets"] = _test("it is on the list of memorized samples, targets", new & ~old, old & ~new)
    return tests


def _test(question: str, gained: Any, lost: Any) -> ChangeTestRecord:
    found = mcnemar(gained, lost)
    return ChangeTestRecord(question=question, gained=found.first_only, lost=found.second_only, p_value=found.two_sided)


def _parts(targets: Both) -> dict[str, dict[str, int]]:
    counted = cross_table(parts_of(targets.old), parts_of(targets.new), len(PARTS)).astype(int)
    order = [PARTS.index(name) for name in reversed(PARTS)]
    return {PARTS[old]: {PARTS[new]: int(counted[old, new]) for new in order} for old in order}


def _run(run: Run, name: str, sizes: Mapping[str, int]) -> RunRecord:
    record = run.record
    return RunRecord(
        name=name,
        path=str(run.path),
        family=record.model.family,
        model=record.model.name,
        pretrained=record.model.pretrained,
        weights=record.model.weights,
        reference=", ".join(one.name for one in record.references) or str(record.reference.get("name", "")),
        verdict=record.verdict,
        headline=record.headline,
        samples=dict(sizes),
    )


def _sentence(names: Sequence[str], test: str, found: str, change: ScoreRecord, level: float, kind: str) -> str:
    """The change of the headline in words."""
    score, ways = f"the {kind} {_NAMES[test]}", f"from {names[0]} to {names[1]}"
    if change.estimate is None or change.low is None or change.high is None:
        return f"Not measured: {score} cannot be compared {ways}."
    bounds = f"({100 * level:g} % interval {points(change.low)} to {points(change.high)})"
    if found == "no change shown":
        return (
            f"No change shown: {score} changed by {points(change.estimate)} points {bounds} {ways}; a rise of more "
            f"than {100 * max(change.high, 0.0):.1f} points can be ruled out."
        )
    return f"{score[0].upper()}{score[1:]} {found} {ways} by {100 * abs(change.estimate):.1f} points {bounds}."


def _finding(change: ScoreRecord) -> Any:
    if change.low is None or change.high is None:
        return "not measured"
    return "rose" if change.low > 0 else "fell" if change.high < 0 else "no change shown"
