"""One feature of targets and control side by side: how far apart, how sure, and what that is in its own terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.balance.features import Feature, Kind
    from dejavu_audit.scores.two_sample import Compared, Exchange

    Floats = NDArray[np.float64]

Grade: TypeAlias = Literal["no difference", "by little", "clearly", "by much"]
GRADES: tuple[Grade, ...] = ("no difference", "by little", "clearly", "by much")
LITTLE, MUCH = 0.1, 0.3
"""Distances beyond chance below which a feature differs "by little", and from which "by much".

Of normal values, 0.1 is a shift of a quarter of a standard deviation (AUC 0.57), 0.3 one of 0.77 (AUC 0.71). A feature
at distance d in total variation can move the calibrated number by at most d times the range that the uncalibrated one
has over the feature's values.
"""
LITTLE_AUC, MUCH_AUC = 0.57, 0.71
"""The same of the blind classifier's AUC."""
SHOWN = 3
"""Categories that are told: those whose shares differ the most."""
MISSING = "(missing)"


@dataclass(frozen=True)
class Side:
    """A number, or one component of a vector, in one set; None where it is missing of all samples."""

    mean: float | None
    median: float | None
    missing: float
    """Share of samples without it."""


@dataclass(frozen=True)
class Difference:
    """One feature, compared."""

    name: str
    kind: Kind
    component: str | None
    """Of a vector, the component that differs the most; all figures but the p-values and `auc` are of it."""
    unit: str
    distance: float
    """Kolmogorov-Smirnov distance of numbers, total variation of categories: 0 to 1."""
    chance: float
    """What chance alone gives on average."""
    threshold: float
    """Above it with the probability that Holm's first step allows, by chance alone."""
    p_value: float
    p_adjusted: float
    """For all features and for the classifier beside them."""
    differs: bool
    grade: Grade
    auc: float | None
    """What the blind classifier reaches with this feature alone."""
    targets: Side | None
    control: Side | None
    shares: tuple[tuple[str, float, float], ...]
    """Of a category: name, share of the targets, share of the control, of those farthest apart."""

    @property
    def excess(self) -> float:
        """The distance beyond what chance gives."""
        return max(self.distance - self.chance, 0.0)


def describe(
    feature: Feature, found: Compared, exchange: Exchange, *, p_adjusted: float, alpha: float, auc: float | None
) -> Difference:
    """Put together what the test found of a feature and what it is in the feature's own terms."""
    differs = p_adjusted <= alpha
    category = feature.kind == "category"
    values = feature.values if feature.kind != "vector" else feature.values[:, found.component]
    sides = [None, None] if category else [_side(values, exchange, side) for side in (True, False)]
    return Difference(
        name=feature.name,
        kind=feature.kind,
        component=feature.names[found.component] if feature.kind == "vector" else None,
        unit=feature.unit,
        distance=found.distance,
        chance=found.chance,
        threshold=found.threshold,
        p_value=found.p_value,
        p_adjusted=p_adjusted,
        differs=differs,
        grade=graded(max(found.distance - found.chance, 0.0)) if differs else "no difference",
        auc=auc,
        targets=sides[0],
        control=sides[1],
        shares=_farthest(feature, exchange) if category else (),
    )


def graded(distance: float) -> Grade:
    """The word for a distance beyond chance."""
    return "by little" if distance < LITTLE else "by much" if distance >= MUCH else "clearly"


def graded_auc(area: float) -> Grade:
    """The word for an AUC."""
    return "by little" if area < LITTLE_AUC else "by much" if area >= MUCH_AUC else "clearly"


def _side(values: NDArray[np.floating], exchange: Exchange, side: bool) -> Side:
    own = exchange.targets == side
    v, w = np.asarray(values[own], np.float64), exchange.weights[own]
    there = ~np.isnan(v)
    missing = float(w[~there].sum() / w.sum())
    if not there.any():
        return Side(None, None, missing)
    v, w = v[there], w[there]
    return Side(float(np.average(v, weights=w)), _median(v, w), missing)


def _median(values: Floats, weights: Floats) -> float:
    """The weighted median: the middle of the values at which half the weight is reached."""
    order = np.argsort(values, kind="stable")
    v, share = values[order], np.cumsum(weights[order]) / weights.sum()
    below = int(np.searchsorted(share, 0.5 - 1e-9))
    above = min(int(np.searchsorted(share, 0.5 + 1e-9)), v.size - 1)
    return float((v[below] + v[above]) / 2)


def _farthest(feature: Feature, exchange: Exchange) -> tuple[tuple[str, float, float], ...]:
    codes, place = np.unique(feature.values, return_inverse=True)
    shares = []
    for side in (True, False):
        own = exchange.targets == side
        counted = np.bincount(place[own], exchange.weights[own], codes.size)
        shares.append(counted / counted.sum())
    order = np.lexsort((codes, -np.abs(shares[0] - shares[1])))[:SHOWN]

    def named(code: int) -> str:
        if code < 0:
            return MISSING
        return feature.names[code] if code < len(feature.names) else str(code)

    return tuple((named(int(codes[at])), float(shares[0][at]), float(shares[1][at])) for at in order)
