"""The one number of a test, with its p-value (method: sections 4.1 and 4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dejavu_audit.scores.significance import mcnemar, permutation_test

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dejavu_audit.scores.estimates import Score


@dataclass(frozen=True)
class Headline:
    """The one number of a test."""

    metric: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float
    calibrated: bool
    """Less the control's; if not, the number is biased upward where the audited model is the more skilful one."""
    p_value: float | None
    """One-sided, of "no memorization"; None where there was nothing to measure."""
    p_value_test: str
    """"permutation" (calibrated), or "mcnemar" and in the object test "sign" (exact, take samples as independent)."""


class Paired(Protocol):
    """A judged set: which of two models did better on each of its n samples."""

    @property
    def groups(self) -> NDArray[np.integer[Any]] | None:
        """(n,) cluster of each sample; None: every one on its own."""
        ...

    @property
    def weights(self) -> NDArray[np.floating[Any]] | None:
        """(n,) of 0 or more; None: all 1."""
        ...

    @property
    def strata(self) -> NDArray[np.integer[Any]] | None:
        """(n,) what samples are matched by, integers of one numbering for both sets; None: nothing."""
        ...

    def difference(self) -> NDArray[np.int8]:
        """(n,) 1 where the audited model did better, -1 where the reference did, 0 where neither."""
        ...


def headline_of(
    metric: str,
    score: Score,
    targets: Paired,
    control: Paired | None,
    *,
    exact: str,
    level: float,
    draws: int = 10_000,
    seed: int = 0,
) -> Headline:
    """The score `metric` as the headline, at the score's own `level`, with a one-sided p-value.

    With a control it is that of a permutation test of the differences between targets and control, by whole clusters,
    within strata and with weights where there are any; without, that of the exact McNemar (sign) test on the targets,
    called `exact`, which counts every sample once.
    """
    p_value = None
    if score.estimate is not None and control is not None:
        p_value = permutation_test(
            targets.difference(),
            control.difference(),
            target_groups=targets.groups,
            control_groups=control.groups,
            target_strata=targets.strata,
            control_strata=control.strata,
            target_weights=targets.weights,
            control_weights=control.weights,
            draws=draws,
            seed=seed,
        )
    elif score.estimate is not None:
        p_value = mcnemar(targets.difference() > 0, targets.difference() < 0).greater
    test = exact if control is None else "permutation"
    return Headline(metric, score.estimate, score.low, score.high, level, control is not None, p_value, test)
