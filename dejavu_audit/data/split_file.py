"""split.parquet: which picture was in which set, written by every run and taken back by `--split FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit.data.loading import SETS
from dejavu_audit.data.manifest import read_table, require
from dejavu_audit.data.splits import Split, finish
from dejavu_audit.errors import AuditError, unknown

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Dataset


def split_table(split: Split, dataset: Dataset) -> pa.Table:
    """Columns id, set and fold, a row a picture; the fold of public and fit pictures is null."""
    sets = split.sets()
    rows = np.concatenate(list(sets.values()))
    folds = [*split.fold_of_target.tolist(), *split.fold_of_control.tolist()]
    folds += [None] * (len(rows) - len(folds))
    return pa.table(
        {
            "id": dataset.table["id"].take(pa.array(rows)),
            "set": pa.array(np.repeat(list(sets), [len(of) for of in sets.values()]).tolist(), pa.string()),
            "fold": pa.array(folds, pa.int8()),
        }
    )


def read_split(file: str, dataset: Dataset, config: AuditConfig) -> Split:
    """The sets that a file with the columns id and set (and fold) names; AuditError where they cannot be had."""
    path = Path(file)
    table = read_table(path)
    ids = table[require(table, path, "id")].cast(pa.string()).to_pylist()
    names = table[require(table, path, "set")].cast(pa.string()).to_pylist()
    rows = dict(zip(dataset.table["id"].to_pylist(), range(dataset.table.num_rows), strict=True))
    strangers = [id_ for id_ in ids if id_ not in rows]
    if strangers:
        raise AuditError(
            f"{path} names {len(strangers):,} ids that {dataset.name} does not have, the first is {strangers[0]!r}; "
            "was it written for other data or another --root?"
        )
    set_of: dict[str, str] = {}
    for id_, name in zip(ids, names, strict=True):
        if name not in SETS:
            raise unknown("set", str(name), SETS, hint=f"(of {id_!r} in {path})")
        if id_ in set_of:
            also = f"in {set_of[id_]} and in {name}" if set_of[id_] != name else f"twice in {name}"
            raise AuditError(f"{path} has {id_!r} {also}; the sets must not overlap")
        set_of[id_] = name
    members = {
        wanted: np.array([rows[id_] for id_, name in set_of.items() if name == wanted], np.int64) for wanted in SETS
    }
    return finish(
        dataset,
        config,
        members["target"],
        members["public"],
        members["control"] if config.control != 0 else members["control"][:0],
        members["fit"],
        folds=_folds(table, ids, rows, config, path),
    )


def _folds(
    table: pa.Table, ids: list[str], rows: dict[str, int], config: AuditConfig, path: Path
) -> dict[int, int] | None:
    """Row -> fold, where two folds are asked for and the file knows of both."""
    if config.folds == 1:
        return dict.fromkeys(rows.values(), 0)
    if "fold" not in table.column_names:
        return None
    try:
        folds = [0 if fold is None else int(fold) for fold in table["fold"].to_pylist()]
    except ValueError:
        raise AuditError(f"the column 'fold' of {path} holds something that is not a number") from None
    if set(folds) - {0, 1}:
        raise AuditError(f"the column 'fold' of {path} must hold 0 and 1, not {sorted(set(folds) - {0, 1})[0]}")
    return {rows[id_]: fold for id_, fold in zip(ids, folds, strict=True)} if len(set(folds)) == 2 else None
