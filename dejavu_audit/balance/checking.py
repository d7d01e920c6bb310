"""Is the control drawn like the targets? Every feature tested alone, and all of them by a blind classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.balance.design import coded, columns
from dejavu_audit.balance.differences import GRADES, Difference, Grade, describe, graded_auc
from dejavu_audit.scores.blind import Blind, blind, blind_auc
from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.two_sample import Exchange, compare, holm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dejavu_audit.balance.features import Feature
    from dejavu_audit.balance.matching import Matching

    Ints = NDArray[np.int64]

MOST = 10_000
"""Samples of either set that are looked at, drawn by the seed: more would find trifles only, and take minutes."""
FEWEST = 20
"""Fewer units (samples or clusters) of either set than this cannot show that nothing differs."""
FAMILIES = 2
"""The features' tests, and the classifier's: each is held to half the false alarms."""
DRAWS = 1_999
_BLIND_DRAWS, _BLIND_WORK, _SORTING = (199, 999), 1.5e9, 200
"""Refits at the least and at the most, and what bounds them: samples times columns; sorting costs as 200 columns do."""


@dataclass(frozen=True)
class Balance:
    """What the check found."""

    failed: bool | None
    """True: the control is not drawn like the targets; False: no sign of it; None: too few to tell."""
    reason: str | None
    """Why it could not be told."""
    targets: int
    """Targets that were looked at."""
    control: int
    differences: tuple[Difference, ...]
    """Of every feature that could be tested, those that differ the most first."""
    untested: Mapping[str, str]
    """Feature -> why it was not tested."""
    blind: Blind | None
    blind_p_adjusted: float | None
    level: float
    """One less the chance of a false alarm."""
    matched: bool = False
    """Whether the control was weighed."""

    @property
    def differing(self) -> tuple[Difference, ...]:
        """The features that differ beyond chance."""
        return tuple(one for one in self.differences if one.differs)

    @property
    def classified(self) -> bool:
        """Whether the classifier tells the sets apart beyond chance."""
        return self.blind_p_adjusted is not None and self.blind_p_adjusted <= 1 - self.level + 1e-12

    @property
    def drivers(self) -> tuple[Difference, ...]:
        """What the classifier tells them by: those that alone reach half of the best one's lead over chance.

        Empty where it tells nothing; the strongest first.
        """
        ranked = sorted((one for one in self.differences if one.auc is not None), key=lambda one: -(one.auc or 0))
        if not self.classified or not ranked:
            return ()
        best = max((ranked[0].auc or 0) - 0.5, 0)
        return tuple(one for one in ranked if (one.auc or 0) - 0.5 >= best / 2 and (one.auc or 0) > 0.5)

    @property
    def grade(self) -> Grade:
        """The strongest word for what was found: of the features that differ, and of the classifier."""
        return max((*(one.grade for one in self.differing), self.classifier_grade), key=GRADES.index)

    @property
    def classifier_grade(self) -> Grade:
        """The word for how well the classifier tells them apart."""
        return graded_auc(self.blind.auc) if self.classified and self.blind is not None else "no difference"


def sample(targets: ArrayLike, *, groups: ArrayLike | None = None, seed: int, most: int = MOST) -> Ints:
    """Rows to look at, sorted: all, or of each set at most `most` samples, in whole clusters that are drawn by seed."""
    who = np.asarray(targets, bool)
    unit = np.arange(who.size) if groups is None else dense(groups)
    keys = np.random.default_rng(seed).random(int(unit.max(initial=-1)) + 1)[unit]
    kept = []
    for side in (True, False):
        own = np.flatnonzero(who == side)
        own = own[np.lexsort((own, keys[own]))]
        kept.append(_first_whole(own, unit, most))
    return np.sort(np.concatenate(kept))


def _first_whole(rows: Ints, unit: NDArray[np.intp], most: int) -> Ints:
    """The first rows up to `most`, less a cluster that the end would cut (unless it is the first)."""
    if rows.size <= most:
        return rows
    member = unit[rows]
    cut = int(np.flatnonzero(member[: most + 1] == member[most])[0])
    return rows[: cut or most]


def check(
    features: Mapping[str, Feature],
    targets: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    matching: Matching | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> Balance:
    """Compare targets and control in every feature, and in all at once.

    False alarms of `failed` are at most 1 - `level`: half of it for the features (permutation tests, Holm), half for
    the blind classifier (permutation test). Adjusted p-values have both corrections in them.

    Args:
        features: of n samples, as `gather` makes them.
        targets: (n,) who is a target; the others are control.
        groups: (n,) clusters of any name, exchanged and cross-fitted as wholes.
        matching: weigh the control so: targets and control are then compared within the cells of the matching.
        seed: of the permutations, of the folds, and of the draw where there are more than MOST samples.
        level: one less the chance of a false alarm.

    """
    who = np.asarray(targets, bool)
    group = None if groups is None else dense(groups)
    there = np.ones(who.size, bool) if matching is None else matching.weights > 0
    rows = np.flatnonzero(there)
    rows = rows[sample(who[rows], groups=None if group is None else group[rows], seed=seed)]
    who, group = who[rows], None if group is None else group[rows]
    empty = Balance(None, None, int(who.sum()), int((~who).sum()), (), {}, None, None, level, matching is not None)
    if not who.any() or who.all():
        return replace(empty, reason=f"there {'are no targets' if not who.any() else 'is no control'}")
    taken = {name: one.take(rows) for name, one in features.items()}
    untested = {name: why for name, one in taken.items() if (why := _useless(one)) is not None}
    tested = {name: one for name, one in taken.items() if name not in untested}
    if not tested:
        return replace(empty, untested=untested, reason="nothing is known of the samples in which they could differ")
    exchange = _exchange(who, group, matching, rows)
    return _judge(replace(empty, untested=untested), tested, exchange, group, seed)


def _useless(feature: Feature) -> str | None:
    """Why a feature tells nothing, if so."""
    missing = feature.values < 0 if feature.kind == "category" else np.isnan(feature.values)
    if missing.all():
        return "known of no sample"
    first = feature.values[:1]
    if feature.kind == "category":
        same = feature.values == first
    else:
        same = (feature.values == first) | (missing & np.isnan(first))
    return "the same in every sample" if same.all() else None


def _exchange(
    who: NDArray[np.bool_], group: NDArray[np.intp] | None, matching: Matching | None, rows: Ints
) -> Exchange:
    if matching is None:
        return Exchange.of(who, groups=group)
    cells = dense(matching.strata[rows])
    # What a control of each cell weighs: known in the matching of all samples, also where the draw has no control.
    weight = np.zeros(int(matching.strata.max()) + 1)
    weight[matching.strata[rows[~who]]] = matching.weights[rows[~who]]
    as_control = weight[matching.strata[rows]]
    return Exchange.of(who, groups=group, cells=cells, as_control=np.where(as_control > 0, as_control, 1.0))


def _judge(
    empty: Balance, tested: Mapping[str, Feature], exchange: Exchange, group: NDArray[np.intp] | None, seed: int
) -> Balance:
    alpha = 1 - empty.level
    # The least p-value must be able to pass Holm's first step with room to spare.
    draws = max(DRAWS, int(np.ceil(3 * FAMILIES * len(tested) / alpha)))
    compared = compare(
        [coded(one) for one in tested.values()],
        exchange,
        draws=draws,
        seed=seed,
        alpha=alpha / FAMILIES / len(tested),
    )
    adjusted = np.minimum(FAMILIES * holm([one.p_value for one in compared]), 1)
    made = {name: columns(one) for name, one in tested.items()}
    classified = min(exchange.sizes) >= 2
    differences = [
        describe(
            feature,
            found,
            exchange,
            p_adjusted=float(p),
            alpha=alpha,
            auc=blind_auc(made[name], exchange, groups=group, seed=seed) if classified and made[name].size else None,
        )
        for (name, feature), found, p in zip(tested.items(), compared, adjusted, strict=True)
    ]
    differences.sort(key=lambda one: (not one.differs, -one.excess if one.differs else one.p_value))
    judged = _blind(np.concatenate(list(made.values()), axis=1), exchange, group, seed, empty.level)
    p_blind = None if judged is None else min(FAMILIES * judged.p_value, 1.0)
    found_any = any(one.differs for one in differences) or (p_blind is not None and p_blind <= alpha)
    few = _few(exchange)
    return replace(
        empty,
        failed=True if found_any else None if few else False,
        reason=None if found_any else few,
        differences=tuple(differences),
        blind=judged,
        blind_p_adjusted=p_blind,
    )


def _blind(
    made: NDArray[np.float64], exchange: Exchange, group: NDArray[np.intp] | None, seed: int, level: float
) -> Blind | None:
    if min(exchange.sizes) < 2 or not made.size:
        return None
    alpha = (1 - level) / FAMILIES
    draws = int(np.clip(_BLIND_WORK / (len(made) * (made.shape[1] + _SORTING)), *_BLIND_DRAWS))
    return blind(
        made, exchange, groups=group, seed=seed, level=level, alpha=alpha, draws=max(draws, int(np.ceil(3 / alpha)))
    )


def _few(exchange: Exchange) -> str | None:
    """Why a silent check would mean nothing, if so."""
    for name, size, units in zip(("target", "control"), exchange.sizes, _samples(exchange), strict=True):
        if size < FEWEST:
            what = f"{size} {name} sample{'' if size == 1 else 's'}"
            if units > size:
                what = f"{size} cluster{'' if size == 1 else 's'} of {name} samples"
            return f"there are only {what}, and at least {FEWEST} are needed"
    return None


def _samples(exchange: Exchange) -> tuple[int, int]:
    count = int(exchange.targets.sum())
    return count, exchange.targets.size - count
