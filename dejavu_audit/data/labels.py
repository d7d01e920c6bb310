"""From a column of labels, as users write them, to class numbers and class names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.manifest import on_one_line
from dejavu_audit.errors import AuditError, unknown

WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
"""A whole number as one writes it: "007" is a name."""


def numbered(
    column: pa.ChunkedArray, classes: list[str] | None, where: Path, *, typed: bool
) -> tuple[pa.Array, list[str]]:
    """(n,) int32 class numbers and the class names.

    Text is a class name; without `classes`, the names that occur, sorted, are the classes. Whole numbers count into
    `classes`; without it they are sorted as numbers and named as they are written. AuditError for other types, a number
    out of range, a name that is not in `classes`, and, where the format does not know text from numbers (`typed` is
    False), for a mixture of both that `classes` does not explain.
    """
    if not typed:
        column = _told_apart(column, classes, where)
    kind = column.type
    if pa.types.is_integer(kind):
        return _counted(column, classes, where) if classes is not None else _sorted(column)
    if pa.types.is_floating(kind):
        whole = np.asarray(column) % 1 == 0  # False for NaN and the infinite
        place = int(whole.argmin()) if not whole.all() else 0  # all whole: one of them is too large to count with
        raise AuditError(
            f"the column 'label' of {where} is of type {kind}, and {column[place].as_py()} in row {place + 1:,} is no "
            "whole number; write class names or whole numbers"
        )
    if not pa.types.is_string(kind):
        raise AuditError(
            f"the column 'label' of {where} is of type {on_one_line(kind)}; write class names or whole numbers"
        )
    names = sorted(pc.unique(column).to_pylist())
    if classes is not None:
        known = set(classes)
        stranger = next((name for name in names if name not in known), None)
        if stranger is not None:
            raise unknown("class", stranger, classes, hint=f"(a label in {where})")
        names = classes
    return _positions(column, pa.array(names, pa.string())), names


def _told_apart(column: pa.ChunkedArray, classes: list[str] | None, where: Path) -> pa.ChunkedArray:
    if classes is not None and pc.all(pc.is_in(column, value_set=pa.array(classes, pa.string()))).as_py():
        return column
    whole = pc.match_substring_regex(column, WHOLE)
    if pc.all(whole).as_py():
        return column.cast(pa.int64())
    if pc.any(whole).as_py() and classes is None:
        place = int(pc.index(whole, not whole[0].as_py()).as_py())
        raise AuditError(
            f"the column 'label' of {where} mixes types: {column[0].as_py()!r} first, {column[place].as_py()!r} in row "
            f"{place + 1:,}; write all as numbers or all as names, or list the names in the description (classes = […])"
        )
    return column


def _counted(column: pa.ChunkedArray, classes: list[str], where: Path) -> tuple[pa.Array, list[str]]:
    least, most = pc.min_max(column).as_py().values()
    if least < 0 or most >= len(classes):
        wrong = least if least < 0 else most
        raise AuditError(
            f"the label {wrong} in {where} lies outside the {len(classes):,} classes of the description, "
            f"which are numbered from 0 to {len(classes) - 1:,}"
        )
    return column.cast(pa.int32()).combine_chunks(), classes


def _sorted(column: pa.ChunkedArray) -> tuple[pa.Array, list[str]]:
    numbers = pc.unique(column)
    numbers = numbers.take(pc.sort_indices(numbers))
    return _positions(column, numbers), [str(number) for number in numbers.to_pylist()]


def _positions(column: pa.ChunkedArray, values: pa.Array) -> pa.Array:
    return pa.array(np.asarray(pc.index_in(column, value_set=values)), pa.int32())
