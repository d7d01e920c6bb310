"""The judged sets of a finished run, from its sample table: every score can be had again, at any confidence level."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.report.ranking import clusters, is_, numbers, strings
from dejavu_audit.report.reading import Run, columns_of, read_record, read_run, test_of
from dejavu_audit.scores.estimates import Draws, Score, scores_of
from dejavu_audit.scores.judged_objects import MEASURES, JudgedObjects
from dejavu_audit.scores.label_test import MEANINGS as LABEL
from dejavu_audit.scores.label_test import Judged, label_samples
from dejavu_audit.scores.object_test import MEANINGS as OBJECTS
from dejavu_audit.scores.object_test import object_samples
from dejavu_audit.scores.objects import PerSample
from dejavu_audit.scores.symmetric import symmetric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.scores.samples import Sample

Sets: TypeAlias = "Judged | JudgedObjects"
Samples: TypeAlias = "tuple[dict[str, Sample | None], dict[str, tuple[str, ...]]]"
TARGET, CONTROL, MEMBERS = "target", "control", "reference-member"
"""Names of the sets in the table; the reference's members stand for the control in the symmetric test."""
_SHARED = ("id", "set", "group")
_OF_TEST = {
    "label": (
        "label",
        *(f"{who}_{what}" for who in ("target", "reference") for what in ("top1", "top5", "confidence")),
    ),
    "objects": (
        *("objects", "target_objects", "reference_objects", "min_distance"),
        *(f"{who}_{what}" for who in ("target", "reference") for what in (*MEASURES, "correct")),
    ),
}
_WHERE_KEPT = ("caption", "cluster", "weight", "score", "p_value", "memorized")
"""Columns that not every run has."""


@dataclass(frozen=True)
class JudgedRun:
    """Targets and control of a finished run, as its audit judged them."""

    targets: Any
    """`Judged` or `JudgedObjects`."""
    control: Any | None
    """None: there is none. In the symmetric test, what the reference was trained on."""
    rows: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Rows of the sample table that targets and control are, in their order."""
    test: str
    symmetric: bool
    draws: Draws
    """How the audit made its intervals."""
    compat: str | None

    @property
    def meanings(self) -> Mapping[str, str]:
        """What the scores are that the table gives, by the key that a test without symmetry has for them."""
        return LABEL if self.test == "label" else OBJECTS

    @property
    def made_of(self) -> dict[str, tuple[str, float]]:
        """Every score that can be had again, by audit.json's key: a key of `meanings`, and how many times its score.

        The latter is 1 but in the symmetric test, which halves some scores and turns others round.
        """
        if not self.symmetric:
            return {key: (key, 1.0) for key in self.meanings}
        one = symmetric(dict.fromkeys(self.meanings, Score(1.0, 1.0, 1.0, 0, "")))
        return {
            key: (base, score.estimate or 0.0) for base, (key, score) in zip(self.meanings, one.items(), strict=True)
        }


def read_judged(path: Path) -> tuple[Run, JudgedRun]:
    """A run folder with no more of its table than its scores need; AuditError as `read_run` and `judged_sets` say."""
    test = test_of(read_record(path))
    there = columns_of(path)
    run = read_run(path, [*_SHARED, *_OF_TEST[test], *(name for name in _WHERE_KEPT if name in there)])
    return run, judged_sets(run)


def judged_sets(run: Run) -> JudgedRun:
    """The judged sets of a run, their clusters and weights as they were, from its sample table.

    Strata are not in the table: p-values of a matched control cannot be had again, all intervals can. AuditError where
    the table lacks a column.
    """
    test, table = run.test, run.samples
    lacking = [name for name in (*_SHARED, *_OF_TEST[test]) if name not in table.column_names]
    if lacking:
        raise AuditError(f"samples.parquet of {run.path} lacks the column {lacking[0]!r}; run the audit again")
    config = run.record.config
    paired = run.record.headline.metric.endswith("_symmetric")
    make = _label if test == "label" else _objects
    groups, weights = _groups(table), numbers(table, "weight") if "weight" in table.column_names else None
    targets, others = (np.flatnonzero(is_(table, "set", name)) for name in (TARGET, MEMBERS if paired else CONTROL))

    def judged(rows: NDArray[np.intp]) -> Sets:
        return make(
            table.take(pa.array(rows)),
            None if groups is None else groups[rows],
            None if weights is None else weights[rows],
        )

    return JudgedRun(
        targets=judged(targets),
        control=judged(others) if len(others) else None,
        rows=(targets, others),
        test=test,
        symmetric=paired,
        draws=Draws(
            level=run.level,
            replicates=config.get("replicates", Draws.replicates),
            seed=config.get("seed", Draws.seed),
            interval=config.get("interval", Draws.interval),
        ),
        compat=config.get("compat"),
    )


def samples_of(judged: JudgedRun, keys: Collection[str]) -> Samples:
    """The samples that the scores `keys` rest on, and of which each is made: what `scores_of` takes.

    AuditError for a key that the table does not give, and for the symmetric test, whose scores are parts of others:
    `scores_at` has them.
    """
    if judged.symmetric:
        raise AuditError(
            "the scores of the symmetric two-model test are means of two directions and rest on no single sample; "
            "audit one model with --reference and without --reference-members"
        )
    refuse_unknown(judged, keys)
    return _samples(judged, keys)


def scores_at(judged: JudgedRun, keys: Collection[str], level: float | None = None) -> dict[str, Score]:
    """Scores of a run at another confidence `level` (None: its own), by key; at its own they are audit.json's.

    AuditError for a key that the table does not give.
    """
    refuse_unknown(judged, keys)
    draws = judged.draws if level is None else replace(judged.draws, level=level)
    made_of = judged.made_of
    found = scores_of(*_samples(judged, {made_of[key][0] for key in keys}), draws)
    return {key: times(found[made_of[key][0]], made_of[key][1]) for key in keys}


def parts_of(judged: JudgedRun, key: str) -> tuple[dict[str, Sample | None], float]:
    """The one or two samples (the first less the second) that a score rests on, and how many times their figure it is.

    AuditError for a key that the table does not give.
    """
    refuse_unknown(judged, [key])
    base, factor = judged.made_of[key]
    seen, made_of = _samples(judged, [base])
    return {part: seen.get(part) for part in made_of[base]}, factor


def times(score: Score, factor: float) -> Score:
    """A score and its interval, so many times."""
    if factor == 1 or score.estimate is None or score.low is None or score.high is None:
        return score
    low, high = sorted((score.low * factor, score.high * factor))
    return replace(score, estimate=score.estimate * factor, low=low, high=high)


def refuse_unknown(judged: JudgedRun, keys: Collection[str]) -> None:
    """AuditError, with near matches, for the first of the keys that cannot be had from the table."""
    known = judged.made_of
    for key in keys:
        if key not in known:
            raise unknown("score", key, known, hint=f"(of the {len(known):,} that samples.parquet of this run gives)")


def _samples(judged: JudgedRun, keys: Collection[str]) -> Samples:
    if judged.test == "label":
        return label_samples(judged.targets, judged.control, keys)
    return object_samples(judged.targets, judged.control, keys, compat=judged.compat)


def _label(table: pa.Table, groups: NDArray[np.int64] | None, weights: NDArray[np.float64] | None) -> Judged:
    labels = strings(table, "label").combine_chunks()

    def right(who: str) -> NDArray[np.bool_]:
        first = _true(pc.equal(strings(table, f"{who}_top1").combine_chunks(), labels))
        among = table[f"{who}_top5"].combine_chunks()
        at = pc.list_parent_indices(among)
        hit = _true(pc.equal(among.flatten().cast(pa.string()), labels.take(at)))
        return np.stack([first, np.bincount(np.asarray(at)[hit], minlength=len(labels)) > 0], axis=1)

    return Judged(
        right("target"),
        right("reference"),
        numbers(table, "target_confidence"),
        numbers(table, "reference_confidence"),
        groups,
        weights,
    )


def _true(answers: pa.Array) -> NDArray[np.bool_]:
    """(n,) whether an answer is true; null is not."""
    return np.asarray(answers.to_numpy(zero_copy_only=False), bool)


def _objects(table: pa.Table, groups: NDArray[np.int64] | None, weights: NDArray[np.float64] | None) -> JudgedObjects:
    def lengths(column: str) -> NDArray[np.int64]:
        return np.asarray(pc.list_value_length(table[column].combine_chunks()), np.int64)

    def compared(who: str) -> PerSample:
        precision, recall, f1 = (numbers(table, f"{who}_{name}") for name in MEASURES)
        correct = numbers(table, f"{who}_correct").astype(np.int64)
        return PerSample(precision, recall, f1, correct, lengths(f"{who}_objects"), lengths("objects"))

    distance = numbers(table, "min_distance")
    return JudgedObjects(compared("target"), compared("reference"), distance, groups, weights)


def _groups(table: pa.Table) -> NDArray[np.int64] | None:
    """(n,) clusters, as the audit took them; None where every sample was on its own.

    The column `cluster` leaves out those of one sample; runs of before it had the data's own groups only.
    """
    if "cluster" not in table.column_names:
        return clusters(table)
    cluster = numbers(table, "cluster")
    alone = np.isnan(cluster)
    if alone.all() and strings(table, "group").null_count == len(table):
        return None
    numbered = np.where(alone, -1, cluster).astype(np.int64)
    numbered[alone] = numbered.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return numbered
