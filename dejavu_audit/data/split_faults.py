"""What must be said of a split, and what a split is refused for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.data.terms import Terms
    from dejavu_audit.types import Dataset, Rows


def shortfalls(config: AuditConfig, targets: Rows, public: Rows, control: Rows, fit: Rows | None) -> tuple[str, ...]:
    """What was asked for by a flag and is not there; `fit` is None where nobody needs one."""
    asked = {
        "targets": (config.targets, targets),
        "public": (config.public, public),
        "control": (config.control, control),
    }
    if config.folds == 1 and fit is not None:
        asked["fit"] = (config.fit, fit)
    return tuple(
        f"--{flag} {size:,} was asked for, but the data have only {len(rows):,} to give"
        for flag, (size, rows) in asked.items()
        if size is not None and len(rows) < size
    )


def torn_groups(dataset: Dataset, sets: tuple[Rows, ...]) -> tuple[str, ...]:
    """Say so where pictures that belong together are in different sets: the draw does not look at groups."""
    groups = dataset.table["group"].cast(pa.string())
    if groups.null_count == len(groups):
        return ()
    numbers = np.asarray(pc.index_in(groups, value_set=pc.unique(groups.drop_null())).fill_null(-1))
    inside = np.concatenate([np.unique(numbers[rows]) for rows in sets])
    torn = int((np.unique(inside[inside >= 0], return_counts=True)[1] > 1).sum())
    if not torn:
        return ()
    return (
        f"{torn:,} groups have pictures in more than one set, where likeness can pass for memory or hide it; "
        "to keep them together, prescribe their sets (column 'set')",
    )


def refuse_if_empty(
    dataset: Dataset, config: AuditConfig, terms: Terms, asked: Rows, targets: Rows, public: Rows, fit: Rows
) -> None:
    """AuditError for a split that cannot be audited; of the targets `asked` for, `targets` can be judged."""
    where = f"in {dataset.name} ({dataset.root})"
    if config.k and len(public) < config.k:
        raise AuditError(
            f"--k {config.k} neighbours are to vote, but {where} there are only {len(public):,} public pictures; "
            "choose a smaller --k or give more public pictures"
        )
    if config.test == "objects":
        if not len(targets):
            raise AuditError(
                f"no picture {where} is left to be a target; give more pictures with captions and objects, or "
                "prescribe some (set = target)"
            )
        return
    if len(asked) and not len(targets):
        raise AuditError(f"none of the {len(asked):,} targets {where} is of a class that has a public picture")
    table, corner = dataset.table, config.crop == "corner"
    usable = int(np.count_nonzero((np.asarray(table["boxed"]) | corner) & np.asarray(table["set"].is_null())))
    if not len(targets) and (usable or corner):
        raise AuditError(
            f"{usable:,}{'' if corner else ' with boxes'}, of the pictures {where} without a prescribed set, "
            "are too few for targets beside "
            "the public set, which needs some of each class; annotate more, or prescribe targets (set = target)"
        )
    if not len(targets):
        raise AuditError(
            f"there is no picture {where} that can be a target: targets need boxes around their foreground; "
            "annotate some, prescribe them (set = target), or use --crop corner, which needs no boxes"
        )
    if terms.fit and config.folds == 1 and not len(fit):
        raise AuditError(
            f"no picture is left {where} to fit the baseline on; choose fewer --targets, or --folds 2, "
            "where each half of the targets is the other's fit set"
        )
    if config.folds == 2 and len(targets) < 2:
        raise AuditError(f"--folds 2 needs at least two targets; {where} there is {len(targets)}")
