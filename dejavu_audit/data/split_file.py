"""split.parquet: which picture was in which set, written by every run and taken back by `--split FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.loading import SETS
from dejavu_audit.data.manifest import Manifest, read_manifest, user_path
from dejavu_audit.data.splits import Split, finish, prescribed_sets
from dejavu_audit.data.terms import Terms
from dejavu_audit.errors import AuditError, unknown

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Array, Dataset, Rows


def split_table(split: Split, dataset: Dataset) -> pa.Table:
    """Columns id, set and fold, a row a picture; fold is null of public and fit pictures, and of what is not judged."""
    parts = [*split.sets().items(), *split.unjudged.items()]
    rows = np.concatenate([of for _, of in parts])
    folds = np.zeros(len(rows), np.int8)
    judged = np.concatenate([split.fold_of_target, split.fold_of_control])  # these two sets come first
    folds[: len(judged)] = judged
    numbers = np.repeat([SETS.index(name) for name, _ in parts], [len(of) for _, of in parts])
    return pa.table(
        {
            "id": dataset.table["id"].take(pa.array(rows)),
            "set": pa.array(SETS).take(pa.array(numbers)),
            "fold": pa.array(folds, mask=np.arange(len(rows)) >= len(judged)),
        }
    )


def read_split(file: str, dataset: Dataset, config: AuditConfig, terms: Terms | None = None) -> Split:
    """The sets that a file with the columns id and set (and fold) names; AuditError where they cannot be had.

    The sizes of the configuration do not count, but for `control = 0`, which leaves the control out.
    """
    terms = terms or Terms.of(dataset, config)
    manifest = read_manifest(user_path(file), {"id", "set", "fold"})
    manifest.full("id")
    manifest.full("set")
    names = manifest.text("set")
    stranger = next((name for name in pc.unique(names).to_pylist() if name not in SETS), None)
    if stranger is not None:
        raise unknown("set", stranger, SETS, hint=f"(in {file})")
    rows = _rows(manifest, dataset)
    members = {name: rows[np.asarray(pc.equal(names, name)) & terms.possible[rows]] for name in SETS}
    if not len(members["target"]):
        raise AuditError(f"{file} names no targets; give it rows with set = target")
    if not terms.fit:
        members["fit"] = members["fit"][:0]
    if config.control == 0:
        members["control"] = members["control"][:0]
    asked = {"targets": config.targets, "public": config.public, "control": config.control or None, "fit": config.fit}
    notes = tuple(
        f"--{flag} {size:,} does not count: {file} says what is in which set" for flag, size in asked.items() if size
    )
    prescribed = prescribed_sets(dataset)[rows]
    moved = int(((prescribed >= 0) & (prescribed != np.asarray(pc.index_in(names, value_set=pa.array(SETS))))).sum())
    if moved:
        notes += (f"{file} puts {moved:,} pictures into other sets than {dataset.name} prescribes; the file counts",)
    folds = _folds(manifest, rows, config)
    return finish(
        dataset,
        config,
        terms,
        *(members[name] for name in ("target", "public", "control", "fit")),
        folds=folds,
        notes=notes,
    )


def _rows(manifest: Manifest, dataset: Dataset) -> Rows:
    """The row of each id; AuditError for ids that the data do not have, or that come twice."""
    ids = manifest.text("id").combine_chunks()
    at = pc.index_in(ids, value_set=dataset.table["id"].combine_chunks())
    if at.null_count:
        first = ids.filter(pc.is_null(at))[0].as_py()
        raise AuditError(
            f"{manifest.path} names {at.null_count:,} ids that {dataset.name} does not have, the first is {first!r}; "
            "was it written for other data or another --root?"
        )
    rows = np.asarray(at, dtype=np.int64)
    _, first_place, counts = np.unique(rows, return_index=True, return_counts=True)
    if (counts > 1).any():
        id_ = ids[int(first_place[counts > 1].min())]
        of = pc.unique(manifest.text("set").filter(pc.equal(ids, id_))).to_pylist()
        where = f"in {' and in '.join(of)}" if len(of) > 1 else f"twice in {of[0]}"
        raise AuditError(f"{manifest.path} has {id_.as_py()!r} {where}; the sets must not overlap")
    return rows


def _folds(manifest: Manifest, rows: Rows, config: AuditConfig) -> Array | None:
    """(rows of the data set,) folds, 0 where none is given; None: to be drawn, since the file does not know of two."""
    size = int(rows.max()) + 1
    if config.folds == 1:
        return np.zeros(size, np.int8)
    if not manifest.has("fold"):
        return None
    try:
        given = np.asarray(manifest.table["fold"].cast(pa.float64()).fill_null(0))
    except pa.ArrowException:
        raise AuditError(f"the column 'fold' of {manifest.path} holds something that is not a number") from None
    strange = given[(given != 0) & (given != 1)]
    if len(strange):
        raise AuditError(f"the column 'fold' of {manifest.path} must hold 0 and 1, not {strange[0]:g}")
    if not given.any():
        return None
    folds = np.zeros(size, np.int8)
    folds[rows] = given
    return folds
