"""One set of samples whose inferred objects were compared with the true ones, for both models (method: 2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dejavu_audit.scores.confidence import checked
from dejavu_audit.scores.label_test import PARTS
from dejavu_audit.scores.objects import PerSample
from dejavu_audit.scores.top_share import checked_weights

Measure = Literal["precision", "recall", "f1"]
MEASURES: tuple[Measure, ...] = ("precision", "recall", "f1")


@dataclass(frozen=True)
class JudgedObjects:
    """One set of n samples, targets or control: the objects inferred by either model, compared with the true ones."""

    target: PerSample
    """Of the audited model."""
    reference: PerSample
    distance: NDArray[np.floating[Any]]
    """(n,) of the audited model's nearest public sample: what `min_dist` sorts by."""
    groups: NDArray[np.integer[Any]] | None = None
    """(n,) cluster of each sample; None: every one on its own."""
    weights: NDArray[np.floating[Any]] | None = None
    """(n,) of 0 or more, as of a control that is matched with the targets: every score is a weighted mean then, the
    weights held fixed. None: all 1."""
    strata: NDArray[np.integer[Any]] | None = None
    """(n,) what it was matched by; the permutation test deals samples out anew within strata only."""

    def __post_init__(self) -> None:
        n = len(self.target)
        for who in ("target", "reference"):
            for name, column in vars(getattr(self, who)).items():
                checked(column, n, f"{who}.{name}")
        if not np.array_equal(self.target.true, self.reference.true):
            raise ValueError("target and reference are compared with different true objects")
        if np.isnan(checked(self.distance, n, "distance")).any():
            raise ValueError("a distance is not a number")
        for name in ("groups", "strata"):
            if getattr(self, name) is not None:
                checked(getattr(self, name), n, name)
        if self.weights is not None:
            checked_weights(self.weights, n)

    def __len__(self) -> int:
        return len(self.target)

    def gap(self, measure: Measure) -> NDArray[np.float64]:
        """(n,) of the audited model less the reference, in [-1, 1]."""
        difference: NDArray[np.float64] = getattr(self.target, measure) - getattr(self.reference, measure)
        return difference

    def difference(self, measure: Measure = "precision") -> NDArray[np.int8]:
        """(n,) 1 where the audited model is better, -1 where the reference is, 0 where they are equal.

        Equal ratios of whole numbers give equal floats, so that no tolerance is needed.
        """
        return np.sign(self.gap(measure)).astype(np.int8)


def object_part(target: PerSample, reference: PerSample) -> NDArray[np.int8]:
    """(n,) place in PARTS of each sample, by the precision of the audited model and of the reference.

    Memorized where it is higher than the reference's, misrepresented where lower; correlated where both are equal and
    above 0, unassociated where both are 0. So `ppg` is memorized less misrepresented.
    """
    one, two = target.precision, reference.precision
    cases = {"memorized": one > two, "misrepresented": one < two, "correlated": one > 0}
    codes = [PARTS.index(name) for name in cases]
    names = np.select(list(cases.values()), codes, PARTS.index("unassociated"))
    return names.astype(np.int8)
