"""Which judged samples are targets and which control, alike for both tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Dataset, Rows

T = TypeVar("T")


def paired_sets(plan: Plan, rows: Rows, judged: Callable[[Rows, Rows | None], T]) -> tuple[T, T | None]:
    """`judged` of the targets and, where there are any, of the control; it takes places in `rows` and their groups."""
    groups = group_numbers(plan.dataset, rows)

    def of(some: Rows) -> T | None:
        at = np.flatnonzero(np.isin(rows, some))
        return judged(at, None if groups is None else groups[at]) if len(at) else None

    targets = of(plan.split.targets)
    return judged(rows[:0], None) if targets is None else targets, of(plan.split.control)


def in_set(plan: Plan, rows: Rows) -> list[str]:
    """Of every row "target" or "control"; in the symmetric test "reference-member" stands for the latter."""
    other = "reference-member" if plan.symmetric else "control"
    named: list[str] = np.where(np.isin(rows, plan.split.targets), "target", other).tolist()
    return named


def group_numbers(dataset: Dataset, rows: Rows) -> Rows | None:
    """Number the groups of the rows, every row without one on its own; None where there is no group at all."""
    column = dataset.table["group"].take(rows)
    if column.null_count == len(rows):
        return None
    names = np.array(
        [
            f"row {row}" if group is None else f"group {group}"
            for row, group in zip(rows, column.to_pylist(), strict=True)
        ]
    )
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
