"""Finished runs brought to one form and to their common samples, so that they can be compared one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.errors import AuditError
from dejavu_audit.report.ranking import clusters, measure, members, numbers, right, strings
from dejavu_audit.scores.label_test import PARTS, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.report.reading import Run, Test

    Floats = NDArray[np.float64]

COLUMNS = {
    "label": ("id", "set", "group", "label", "part", "target_top1", "reference_top1", "target_confidence",
              "reference_confidence", "reference_probability"),
    "objects": ("id", "set", "group", "part", "target_precision", "target_recall", "reference_precision",
                "reference_recall"),
}  # fmt: skip
"""What `common_views` reads of a run of each test."""
OPINIONS = "references"
"""The column of runs with several references."""


@dataclass(frozen=True)
class View:
    """What one run, or one reference of a run, says of n samples; all arrays are (n,)."""

    name: str
    reference_right: NDArray[np.bool_]
    """Label test: the reference's top-1 is the label. Object test: it finds at least one of the objects."""
    model_right: NDArray[np.bool_]
    """The same of the audited model."""
    part: NDArray[np.int64]
    """Place in `PARTS`."""
    measures: dict[str, Floats]
    """What is compared by rank; NaN: not measured."""
    strength: Floats
    """How strong a correlation the reference finds: probability of the label, or recall."""
    surplus: Floats
    """How much more the model knows: memorization confidence (of a reference without confidence, 1 less the
    probability of the label), or recall gap."""

    def take(self, rows: NDArray[np.int64]) -> View:
        """Some of the samples, in the order given."""
        measures = {name: values[rows] for name, values in self.measures.items()}
        some = (self.reference_right[rows], self.model_right[rows], self.part[rows])
        return View(self.name, *some, measures, self.strength[rows], self.surplus[rows])


@dataclass(frozen=True)
class Common:
    """Several views of the same n samples."""

    test: Test
    ids: pa.Array
    labels: pa.Array | None
    """(n,) class names; None in the object test."""
    groups: NDArray[np.int64] | None
    views: list[View]
    sizes: dict[str, int]
    """View -> samples that it has of the set, common or not."""


@dataclass(frozen=True)
class Shared:
    """The samples of a set that several runs have."""

    test: Test
    ids: pa.Array
    """(n,) in the order of the first run."""
    labels: pa.Array | None
    """(n,) class names; None in the object test."""
    rows: list[NDArray[np.int64]]
    """Of every run, the (n,) places of these samples among its own of the set."""
    sizes: dict[str, int]
    """Run -> samples that it has of the set, shared or not."""


def shared_samples(runs: Sequence[Run], names: Sequence[str], set_: str) -> Shared:
    """The samples of a set that all of several runs have, which are called `names`.

    Reads the columns "id", "set" and in the label test "label". AuditError where the runs are of different tests, have
    no sample in common, or disagree about a label.
    """
    test = runs[0].test
    for run, name in zip(runs, names, strict=True):
        if run.test != test:
            kinds = {"label": "a label test", "objects": "an object test"}
            raise AuditError(
                f"{names[0]} is {kinds[test]} and {name} is {kinds[run.test]}; compare runs of the same test"
            )
    tables = [_of_set(run, set_) for run in runs]
    ids = [strings(table, "id").combine_chunks() for table in tables]
    shared = np.ones(len(ids[0]), bool)
    for other in ids[1:]:
        shared &= np.asarray(pc.is_in(ids[0], value_set=other))
    if not shared.any():
        raise AuditError(
            f"{' and '.join(names)} have no {set_} sample in common; compare runs on the same data, with the same "
            "--seed or --split"
        )
    chosen = ids[0].filter(pa.array(shared))
    rows = [np.asarray(pc.index_in(chosen, value_set=of), np.int64) for of in ids]
    labels = _labels([table.take(pa.array(at)) for table, at in zip(tables, rows, strict=True)], names, chosen)
    sizes = {name: len(of) for name, of in zip(names, ids, strict=True)}
    return Shared(test, chosen, labels if test == "label" else None, rows, sizes)


def common_views(runs: Sequence[Run], names: Sequence[str], set_: str) -> Common:
    """Bring runs to the samples of a set that all of them have, in the order of the first run.

    `runs` must be read with `COLUMNS`; `names` are what their views are called. AuditError as `shared_samples` has it.
    """
    shared = shared_samples(runs, names, set_)
    tables = [_of_set(run, set_) for run in runs]
    every = clusters(tables[0])
    return Common(
        test=shared.test,
        ids=shared.ids,
        labels=shared.labels,
        groups=None if every is None else every[shared.rows[0]],
        views=[
            _view(shared.test, table, name).take(at) for table, name, at in zip(tables, names, shared.rows, strict=True)
        ],
        sizes=shared.sizes,
    )


def _of_set(run: Run, set_: str) -> pa.Table:
    return run.samples.filter(pa.array(members(run.samples, set_)))


def _labels(tables: list[pa.Table], names: Sequence[str], ids: pa.Array) -> pa.Array | None:
    """The labels, which must be the same in all runs."""
    if "label" not in tables[0].column_names:
        return None
    first: pa.Array = strings(tables[0], "label").combine_chunks()
    for table, name in zip(tables[1:], names[1:], strict=True):
        other = strings(table, "label").combine_chunks()
        unlike = np.flatnonzero(~np.asarray(pc.equal(first, other).fill_null(False)))
        if len(unlike):
            at = int(unlike[0])
            raise AuditError(
                f"{names[0]} and {name} label {len(unlike):,} of their common samples otherwise, as {ids[at].as_py()!r}"
                f" {first[at].as_py()!r} and {other[at].as_py()!r}; compare runs on the same data"
            )
    return first


def _view(test: Test, table: pa.Table, name: str) -> View:
    parts = np.asarray(pc.index_in(strings(table, "part"), value_set=pa.array(PARTS)).fill_null(0), np.int64)
    if test == "label":
        probability, surplus = numbers(table, "reference_probability"), measure(table, "memorization")
        judged = right(table, "reference_top1"), right(table, "target_top1")
        measures = {"memorization_confidence": surplus, "reference_probability": probability}
        return View(name, *judged, parts, measures, probability, surplus)
    recall, gap = numbers(table, "reference_recall"), measure(table, "recall")
    judged = recall > 0, numbers(table, "target_recall") > 0
    return View(name, *judged, parts, {"recall_gap": gap, "reference_recall": recall}, recall, gap)


def opinions(run: Run, set_: str) -> Common:
    """The references of one run as views of its samples; `run` must be read with `COLUMNS` and `OPINIONS`."""
    table = run.samples.filter(pa.array(members(run.samples, set_)))
    lists = table[OPINIONS].combine_chunks()
    n, entries = len(lists), lists.flatten()
    names = entries.field("name").cast(pa.string())
    views = []
    for name in pc.unique(names).to_pylist():
        own = entries.filter(pc.equal(names, name))
        if len(own) != n:
            raise AuditError(f"in {run.path} the reference {name!r} judges {len(own):,} of {n:,} samples")
        views.append(_opinion(run.test, table, own, name))
    return Common(
        test=run.test,
        ids=strings(table, "id").combine_chunks(),
        labels=strings(table, "label").combine_chunks() if run.test == "label" else None,
        groups=clusters(table),
        views=views,
        sizes={view.name: n for view in views},
    )


def _opinion(test: Test, table: pa.Table, own: Any, name: str) -> View:
    def column(field: str) -> Floats:
        return numbers(pa.table({field: own.field(field)}), field)

    if test == "label":
        told, said = np.asarray(own.field("right").fill_null(False), bool), right(table, "target_top1")
        probability = column("probability")
        parts = part(said, told).astype(np.int64)
        return View(name, told, said, parts, {"reference_probability": probability}, probability, 1 - probability)
    precision, recall = numbers(table, "target_precision"), numbers(table, "target_recall")
    gap = precision - column("precision")
    codes = np.select(
        [gap > 0, gap < 0, precision > 0],
        [PARTS.index(of) for of in ("memorized", "misrepresented", "correlated")],
        PARTS.index("unassociated"),
    )
    own_recall = column("recall")
    measures = {"recall_gap": recall - own_recall, "reference_recall": own_recall}
    return View(name, own_recall > 0, recall > 0, codes.astype(np.int64), measures, own_recall, recall - own_recall)
