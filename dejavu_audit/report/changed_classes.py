"""The déjà vu score class by class in two runs on the same samples (label test)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.report.class_ranking import LEAST
from dejavu_audit.report.comparison_record import ChangedClassesRecord, ChangedClassRecord
from dejavu_audit.scores.changes import joined_groups, sample_values
from dejavu_audit.scores.estimates import score_bounds
from dejavu_audit.scores.samples import Sample, observe

if TYPE_CHECKING:
    from dejavu_audit.report.views import Shared
    from dejavu_audit.scores.label_test import Judged

KEY = "deja_vu_top1"


def changed_classes(shared: Shared, old: Judged, new: Judged, level: float, top: int) -> ChangedClassesRecord | None:
    """The `top` classes that rose and fell the most, of those with `LEAST` common targets; None: there are no classes.

    The score of a class is that of its targets, not calibrated; its change is paired, clusters are taken whole.
    """
    if shared.labels is None:
        return None
    encoded = shared.labels.dictionary_encode()
    names, class_ = encoded.dictionary.to_pylist(), np.asarray(encoded.indices)
    values = [sample_values(one)[KEY].astype(np.float64) for one in (old, new)]
    weights, groups = old.weights, joined_groups(old.groups, new.groups)
    order = np.argsort(class_, kind="stable")
    ends = np.flatnonzero(np.diff(class_[order])) + 1
    seen: dict[str, Sample] = {}
    means: dict[str, tuple[float, float]] = {}
    for rows in np.split(order, ends):
        if len(rows) < LEAST:
            continue
        some, member = (None if of is None else of[rows] for of in (weights, groups))
        sample = observe(values[1][rows] - values[0][rows], some, member, signed=True)
        if sample is not None:
            name = names[class_[rows[0]]]
            seen[name] = sample
            means[name] = _mean(values[0][rows], some), _mean(values[1][rows], some)
    bounds = score_bounds(seen, level)
    found = [
        ChangedClassRecord(
            name=name,
            n=sample.n,
            old=means[name][0],
            new=means[name][1],
            change=sample.mean,
            low=min(bounds[name][0], sample.mean),
            high=max(bounds[name][1], sample.mean),
        )
        for name, sample in seen.items()
    ]
    return ChangedClassesRecord(
        compared=len(found),
        least=LEAST,
        apart=sum(one.low > 0 or one.high < 0 for one in found),
        by_chance=len(found) * (1 - level),
        risen=sorted((one for one in found if one.change > 0), key=lambda one: (-round(one.change, 10), one.name))[
            :top
        ],
        fallen=sorted((one for one in found if one.change < 0), key=lambda one: (round(one.change, 10), one.name))[
            :top
        ],
    )


def _mean(values: Any, weights: Any | None) -> float:
    return float(np.average(values, weights=weights))
