"""The stage of an audit that asks whether the control is drawn like the targets, and weighs it if that is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.balance.checking import Balance, check, sample
from dejavu_audit.balance.features import gather
from dejavu_audit.balance.matching import Matching, match
from dejavu_audit.errors import AuditError
from dejavu_audit.inference.control import design_of
from dejavu_audit.inspection.statistics import STATISTICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.balance.features import Feature
    from dejavu_audit.inspection.looks import Looks
    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Rows

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """Targets and control side by side."""

    balance: Balance
    """As they were drawn."""
    matching: Matching | None
    """How the control is weighed; None: it is not."""
    matched: Balance | None
    """The check once more, weighed so."""

    @property
    def last(self) -> Balance:
        """The check that speaks of what is reported."""
        return self.matched or self.balance


def compare_sets(plan: Plan, seen: Seen, looks: Looks) -> Compared | None:
    """Look for differences between targets and control that have nothing to do with the encoder; None: no control.

    AuditError where --match leaves nothing to compare.
    """
    config, rows = plan.config, seen.judged
    targets = np.isin(rows, plan.split.targets)
    if targets.all():
        return None
    groups = design_of(plan, seen).groups
    at = sample(targets, groups=groups, seed=config.seed)
    at = at[np.isin(rows[at], looks.rows)]
    features = _features(plan, seen, looks, rows[at])
    checked = partial(check, features, targets[at], groups=None if groups is None else groups[at], seed=config.seed)
    balance = checked()
    if not config.match:
        return Compared(balance, None, None)
    columns = match_columns(plan, seen)
    matching = match(columns.categories, columns.sizes, targets, groups=groups, by=columns.names)
    if not matching.cells:
        raise AuditError(
            f"--match finds no control with the targets' {' and '.join(columns.names)}, so that nothing is left to "
            "compare; leave it out, or give a control that is drawn like the targets"
        )
    return Compared(balance, matching, checked(matching=matching.take(at)))


def _features(plan: Plan, seen: Seen, looks: Looks, rows: Rows) -> dict[str, Feature]:
    """What is known of some of the judged without any encoder."""
    label, table = plan.config.test == "label", plan.dataset.table
    return gather(
        labels=plan.labels[rows] if len(plan.dataset.classes) else None,
        classes=plan.dataset.classes,
        crops=seen.views["crops"].crops_of(rows) if label else None,
        looks=looks.of(rows),
        statistics=STATISTICS,
        captions=None if label else table["caption"].take(rows).to_pylist(),
        objects=None if label or plan.tagger is not None else _lengths(plan, rows),
    )


@dataclass(frozen=True)
class Columns:
    """What the control is matched by."""

    categories: NDArray[np.int64] | None
    sizes: Floats
    names: tuple[str, str]


def match_columns(plan: Plan, seen: Seen) -> Columns:
    """Label and crop size of the judged; in the object test the number of objects and the caption's length."""
    rows = seen.judged
    if plan.config.test == "label":
        crops = seen.views["crops"].crops_of(rows).astype(np.float64)
        return Columns(plan.labels[rows], crops[:, 2] * crops[:, 3], ("label", "crop size"))
    words = [len(caption.split()) for caption in plan.dataset.table["caption"].take(rows).to_pylist()]
    objects = None if plan.tagger is not None else _lengths(plan, rows).astype(np.int64)
    return Columns(objects, np.array(words, np.float64), ("number of objects", "caption length"))


def _lengths(plan: Plan, rows: NDArray[np.int64]) -> Floats:
    """(n,) number of objects."""
    import pyarrow.compute as pc

    return np.asarray(pc.list_value_length(plan.dataset.table["objects"].take(rows)).fill_null(0), np.float64)
