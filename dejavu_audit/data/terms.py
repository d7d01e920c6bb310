"""What a test asks of a picture before any is opened: who can be in a set, who can be judged, what is drawn evenly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Dataset, Rows

NO_CAPTION = "no caption"
NO_OBJECTS = "no objects"


@dataclass(frozen=True)
class Terms:
    """The terms on which pictures are drawn, as masks over the rows of the data set."""

    possible: NDArray[np.bool_]
    """Rows that can be in a set at all."""
    judgeable: NDArray[np.bool_]
    """Rows that can be targets, control or fit set."""
    strata: Rows
    """What the draw is even over: class numbers; zeros where classes are of no matter."""
    fit: bool
    """Whether a reference learns from a fit set."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason -> rows that are not possible."""

    @classmethod
    def of(cls, dataset: Dataset, config: AuditConfig, *, fit: bool = True, tagged: bool = False) -> Terms:
        """The terms of the test that is asked for; AuditError where the data cannot have it.

        `fit`: a reference learns from a fit set. `tagged`: a tagger will find the objects.
        """
        if config.test == "objects":
            return _objects(dataset, config, tagged=tagged)
        return _label(dataset, config, fit=fit)


def _label(dataset: Dataset, config: AuditConfig, *, fit: bool) -> Terms:
    if not len(dataset.classes):
        raise AuditError(
            f"--test label needs a label for every picture, and {dataset.name} has none; "
            "give the data a column 'label', or ask --test objects"
        )
    table = dataset.table
    every = np.ones(table.num_rows, bool)
    boxed = np.asarray(table["boxed"]) | (config.crop == "corner")
    return Terms(every, boxed, np.asarray(table["label"], dtype=np.int64), fit)


def _objects(dataset: Dataset, config: AuditConfig, *, tagged: bool) -> Terms:
    table, name = dataset.table, dataset.name
    if config.folds == 2:
        raise AuditError("--folds 2 halves what a reference is fitted on, and no reference of --test objects is fitted")
    if "caption" not in table.column_names or table["caption"].null_count == table.num_rows:
        raise AuditError(f"--test objects asks about captions, and {name} has none; give the data a column 'caption'")
    told = np.asarray(table["caption"].is_valid())
    named = np.ones(table.num_rows, bool)
    if not tagged:
        if "objects" not in table.column_names:
            raise AuditError(
                f"--test objects needs to know what is on a picture, and {name} has no column 'objects'; "
                "give it one, or have them found by --tagger NAME:MODEL"
            )
        named = np.asarray(pc.greater(pc.list_value_length(table["objects"]), 0).fill_null(False))
    possible = told & named
    left_out = {NO_CAPTION: int((~told).sum()), NO_OBJECTS: int((told & ~named).sum())}
    if not possible.any():
        raise AuditError(
            f"no picture of {name} has both a caption and objects ({left_out[NO_CAPTION]:,} without a caption, "
            f"{left_out[NO_OBJECTS]:,} without objects); look at these two columns"
        )
    reasons = {reason: count for reason, count in left_out.items() if count}
    return Terms(possible, possible, np.zeros(table.num_rows, np.int64), fit=False, left_out=reasons)
