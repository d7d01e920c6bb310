"""Which judged samples are targets and which control, alike for both tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Dataset, Rows

T = TypeVar("T")


class Design(NamedTuple):
    """How n samples came to be judged; each (n,), or None where it is of no matter."""

    groups: Rows | None = None
    """Clusters, resampled whole."""
    weights: NDArray[np.float64] | None = None
    strata: Rows | None = None
    """Cells within which targets and control are matched."""

    def taken(self, at: Rows) -> Design:
        """Of some of them."""
        return Design(
            None if self.groups is None else self.groups[at],
            None if self.weights is None else self.weights[at],
            None if self.strata is None else self.strata[at],
        )


def design_of(plan: Plan, seen: Seen) -> Design:
    """The design of the judged samples, in their order."""
    groups, matching = group_numbers(plan.dataset, seen.judged, seen.clusters), seen.matching
    return Design(groups) if matching is None else Design(groups, matching.weights, matching.strata)


def paired_sets(plan: Plan, seen: Seen, judged: Callable[[Rows, Design], T]) -> tuple[T, T | None]:
    """`judged` of the targets and, where there are any, of the control; it takes places among the judged."""
    rows, design = seen.judged, design_of(plan, seen)

    def of(some: Rows) -> T | None:
        at = np.flatnonzero(np.isin(rows, some))
        return judged(at, design.taken(at)) if len(at) else None

    targets = of(plan.split.targets)
    return judged(rows[:0], Design()) if targets is None else targets, of(plan.split.control)


def in_set(plan: Plan, rows: Rows) -> list[str]:
    """Of every row "target" or "control"; in the symmetric test "reference-member" stands for the latter."""
    other = "reference-member" if plan.symmetric else "control"
    named: list[str] = np.where(np.isin(rows, plan.split.targets), "target", other).tolist()
    return named


def group_numbers(dataset: Dataset, rows: Rows, clusters: Mapping[int, int] | None = None) -> Rows | None:
    """Number the groups of the (n,) rows, every row without one on its own; None where there is no group at all.

    Rows that share a group of the data or a cluster of near-duplicates are in one group, directly or through others.
    """
    n, clusters = len(rows), clusters or {}
    named = pc.fill_null(dataset.table["group"].take(rows).combine_chunks().dictionary_encode().indices, -1)
    labels = (np.asarray(named, np.int64), np.array([clusters.get(row, -1) for row in rows.tolist()], np.int64))
    edges, nodes = [np.zeros((2, 0), np.int64)], n
    for label in labels:
        at = np.flatnonzero(label >= 0)
        edges.append(np.stack([at, nodes + label[at]]))
        nodes += int(label.max(initial=-1)) + 1
    sample, name = np.concatenate(edges, axis=1)
    if not len(sample):
        return None
    graph = coo_array((np.ones(len(sample), np.int8), (sample, name)), shape=(nodes, nodes))
    _, component = connected_components(graph, directed=False)
    return np.unique(component[:n], return_inverse=True)[1].astype(np.int64)
