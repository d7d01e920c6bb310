"""The increase of a score over a baseline, paired: each sample's value now less its value then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.baseline import UPDATE
from dejavu_audit.gate.fingerprints import differences, fingerprints, sample_keys, truths
from dejavu_audit.gate.outcomes import means_of, outcomes_of, pairable
from dejavu_audit.gate.quantities import of_samples
from dejavu_audit.scores.bootstrap import Cells
from dejavu_audit.scores.samples import observe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.gate.baseline import Baseline
    from dejavu_audit.gate.outcomes import Mean, Outcomes
    from dejavu_audit.gate.quantities import Quantity
    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.reading import Run
    from dejavu_audit.scores.samples import Sample

ENOUGH = 0.5
"""Share of the smaller of two samples that both must have."""


class Pairing:
    """A run beside a baseline: which samples both have, and what became of them then and now."""

    def __init__(self, run: Run, judged: JudgedRun, baseline: Baseline) -> None:
        """AuditError, naming what differs, where the two cannot be compared."""
        found = list(differences(baseline.told.get("fingerprints", {}), fingerprints(run)))
        if found:
            raise _incomparable(baseline, found[0])
        self._judged = judged
        self._pairs: dict[bool, tuple[NDArray[np.intp], Outcomes, Outcomes]] = {}
        for control, rows, of in zip((False, True), judged.rows, (judged.targets, judged.control), strict=True):
            if of is not None:
                self._pairs[control] = _paired(run, baseline, rows, outcomes_of(of, judged.test), control=control)

    def common(self) -> tuple[int, int]:
        """Targets and control that both have."""
        return len(self._pairs[False][0]), len(self._pairs[True][0]) if True in self._pairs else 0

    def increase(self, key: str) -> Quantity:
        """The increase of a score; AuditError for one that is no mean over samples that both have."""
        base, factor = self._judged.made_of[key]
        means = means_of(self._judged, base)
        if means is None or key not in pairable(self._judged):
            can = pairable(self._judged)
            raise AuditError(
                f"{key} is no mean over the same samples, so that its increase cannot be paired; limit it by max, or "
                f"the increase of one of {', '.join(can[:8])}, … ({len(can):,} scores)"
            )
        seen = {("_control" if mean.control else "_targets"): self._difference(mean) for mean in means}
        return of_samples(key, seen, factor, self._judged, self.common())

    def _difference(self, mean: Mean) -> Sample | None:
        if mean.control not in self._pairs:
            return None
        at, then, now = self._pairs[mean.control]
        of: Any = self._judged.control if mean.control else self._judged.targets
        weights, groups = (None if column is None else column[at] for column in (of.weights, of.groups))
        rise = mean.values(now) - mean.values(then)
        same = mean.reference is not None and np.array_equal(mean.reference(now), mean.reference(then))
        if same or not mean.signed:
            return observe(rise, weights, groups, signed=True)
        # The difference of two values in [-1, 1] lies in [-2, 2]: it is looked at by halves, and doubled. Only where
        # the reference says the same in both runs, it is the model's own difference, in [-1, 1].
        half = observe(rise / 2, weights, groups, signed=True)
        return None if half is None else _doubled(half)


def _paired(
    run: Run, baseline: Baseline, rows: NDArray[np.intp], now: Outcomes, *, control: bool
) -> tuple[NDArray[np.intp], Outcomes, Outcomes]:
    """Places among `rows` of the samples that both have, and their outcomes then and now."""
    keys, truth, then = baseline.samples(control=control)
    own = sample_keys(run, rows)
    mine, yours = _places(own, keys)
    name = "control" if control else "target"
    least = min(len(own), len(keys))
    if not len(mine) or len(mine) < ENOUGH * least:
        raise _incomparable(
            baseline, f"it shares {len(mine):,} of {least:,} {name} samples with this run, fewer than half"
        )
    other = int((truths(run, rows)[mine] != truth[yours]).sum())
    if other:
        what = "labels" if run.test == "label" else "objects"
        raise _incomparable(
            baseline, f"the data set has other {what} now, of {other:,} of {len(mine):,} {name} samples"
        )
    return (
        mine,
        {key: column[yours] for key, column in then.items()},
        {key: column[mine] for key, column in now.items()},
    )


def _places(one: NDArray[np.int64], two: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where what both have is in each; what is there twice is left out."""
    alone = []
    for keys in (one, two):
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
        alone.append(first[counts == 1])
    _, mine, yours = np.intersect1d(one[alone[0]], two[alone[1]], assume_unique=True, return_indices=True)
    mine, yours = alone[0][mine], alone[1][yours]
    order = np.argsort(mine)
    return mine[order], yours[order]


def _doubled(sample: Sample) -> Sample:
    cells = Cells(2 * sample.cells.numerator, sample.cells.denominator, sample.cells.count)
    return replace(sample, mean=2 * sample.mean, cells=cells, scale=2 * sample.scale)


def _incomparable(baseline: Baseline, why: str) -> AuditError:
    return AuditError(
        f"the baseline {baseline.name} cannot be compared with this run: {why}; undo that, or make the baseline anew "
        f"from a run of the last release with {UPDATE}"
    )
