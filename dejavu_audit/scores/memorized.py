"""The list of memorized samples with its false-discovery rate, and what it could have been (method: 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.conformal import Reach, benjamini_hochberg, p_values, reach
from dejavu_audit.scores.estimates import NOTHING, Score
from dejavu_audit.scores.membership import Figures, figures
from dejavu_audit.scores.storey import storey

RATES = (0.05, 0.1, 0.2)
"""False-discovery rates whose counts are always told."""


@dataclass(frozen=True)
class Compared:
    """What one score finds."""

    listed: Mapping[float, int] | None
    """Rate -> samples that are listed at it; None: no list can be made."""
    auc: Score


@dataclass(frozen=True)
class Memorized:
    """The list, sample by sample, and what surrounds it. n samples, targets and control together."""

    by: str
    """The score that ranks."""
    q: float
    """Bound on the expected share of false discoveries in the list."""
    score: NDArray[np.float64]
    """(n,) by that score; NaN where a sample has none."""
    p_value: NDArray[np.float64]
    """(n,) conformal; NaN for the control, and for targets that cannot be compared with it."""
    listed: NDArray[np.bool_]
    """(n,) whether a sample is on the list."""
    targets: int
    """Targets with a p-value."""
    control: int
    """Control samples that they were compared with."""
    counts: Mapping[float, int] | None
    """Rate -> samples that would be listed at it, RATES and q, ascending; None: no list could be made."""
    compared: Mapping[str, Compared]
    """The same of every score, by name."""
    share: Score
    """Storey's estimate of the share of targets that are memorized; None-valued where not measured."""
    reach: Reach | None
    """What so many targets and so large a control could reach; None: one of them is empty."""
    reason: str | None
    """Why there is no list, or why it is empty and whether it could have been otherwise; None: it has entries."""
    figures: Figures
    """Membership figures of the score."""
    notes: tuple[str, ...] = field(default=())
    """What the guarantee rests on beyond a control that is drawn like the targets."""

    @property
    def found(self) -> int:
        """How many samples are listed."""
        return int(self.listed.sum())


def find_memorized(
    scores: Mapping[str, ArrayLike],
    targets: ArrayLike,
    *,
    by: str,
    q: float = 0.1,
    level: float = 0.95,
    seed: int = 0,
    weights: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Memorized:
    """List the targets that score too high for chance, at false-discovery rate `q` (Bates et al. 2023, 2104.08279).

    A sample without a score is neither listed nor compared with. Where the scores of targets and control can tell
    nothing (no control, all scores equal, the control's scores are the targets' own), no p-value is given, since by
    random tie-breaks alone some list would come out; `reason` says so.

    Args:
        scores: name -> (n,) scores of all judged samples, larger meaning more memorized; NaN: none.
        targets: (n,) who is a target; the rest is the control.
        by: name of the score that ranks.
        q: false-discovery rate, between 0 and 1.
        level: of the intervals.
        seed: breaks ties.
        weights: (n,) of a control that was matched to the targets; a sample of weight 0 is left out.
        strata: (n,) cell of each sample in that matching: a target weighs as much as the control of its cell.
        groups: (n,) clusters.

    """
    who = np.asarray(targets, bool)
    if by not in scores:
        raise ValueError(f"there is no score {by!r}: {', '.join(scores)}")
    rates = tuple(sorted({*RATES, q}))
    sets = {name: _sets(np.asarray(score, np.float64), who, weights, strata, groups) for name, score in scores.items()}
    compared = {name: Compared(_counts(one, rates, seed), one.auc(level)) for name, one in sets.items()}
    chosen = sets[by]
    p_value, listed = np.full(who.size, np.nan), np.zeros(who.size, bool)
    if chosen.nothing is None:
        p = chosen.p_values(seed)
        p_value[chosen.rows_targets] = p
        listed[chosen.rows_targets] = benjamini_hochberg(p, q)
    could = chosen.reach(q)
    return Memorized(
        by=by,
        q=q,
        score=np.asarray(scores[by], np.float64),
        p_value=p_value,
        listed=listed,
        targets=chosen.targets.size,
        control=chosen.control.size,
        counts=compared[by].listed,
        compared=compared,
        share=NOTHING
        if chosen.nothing is not None
        else storey(chosen.targets, chosen.control, level=level, weights=chosen.mass, groups=chosen.groups),
        reach=could,
        reason=chosen.nothing or (None if listed.any() or could is None else _why_empty(chosen, could, q)),
        figures=figures(chosen.targets, chosen.control, level=level, weights=chosen.mass, groups=chosen.groups),
        notes=_notes(chosen),
    )


@dataclass(frozen=True)
class _Sets:
    """The scores of the targets and of the control that have one."""

    targets: NDArray[np.float64]
    control: NDArray[np.float64]
    rows_targets: NDArray[np.intp]
    mass: NDArray[np.float64] | None
    """Weights of the control."""
    own_mass: NDArray[np.float64] | None
    """What the control would weigh where each target is."""
    groups: tuple[NDArray[np.generic], NDArray[np.generic]] | None

    @property
    def nothing(self) -> str | None:
        """Why no p-value can be had, in words."""
        n, m = self.targets.size, self.control.size
        if not n:
            return "no target has a score, so there is nothing to list"
        if not m:
            return (
                "there is no control: without pictures that were never trained on, nothing tells a memorized sample "
                "from an easy one"
            )
        ordered = np.sort(self.targets), np.sort(self.control)
        if ordered[0][0] == ordered[0][-1] == ordered[1][0] == ordered[1][-1]:
            return f"all {n + m:,} samples have the same score, which tells none from another"
        if np.array_equal(*ordered):
            return "the control's scores are the targets' own: both seem to be the same pictures"
        return None

    def p_values(self, seed: int) -> NDArray[np.float64]:
        return p_values(self.targets, self.control, seed=seed, weights=self.mass, target_weights=self.own_mass)

    def auc(self, level: float) -> Score:
        return figures(self.targets, self.control, level=level, weights=self.mass, groups=self.groups, rates=()).auc

    @property
    def relative_control(self) -> float:
        """Size of the control, in weights of a target: of the heaviest, whose p-value can be the least small."""
        if self.mass is None:
            return float(self.control.size)
        own = float(self.mass.max() if self.own_mass is None else self.own_mass.max())
        return float(self.mass.sum()) / own if own > 0 else float(self.control.size)

    def reach(self, q: float) -> Reach | None:
        if not self.targets.size or not self.control.size:
            return None
        return reach(self.targets.size, q, self.relative_control)


def _sets(
    score: NDArray[np.float64],
    who: NDArray[np.bool_],
    weights: ArrayLike | None,
    strata: ArrayLike | None,
    groups: ArrayLike | None,
) -> _Sets:
    if score.shape != who.shape:
        raise ValueError(f"{who.size} samples, and scores of shape {score.shape}")
    there = ~np.isnan(score)
    mass = None if weights is None else np.asarray(weights, np.float64)
    if mass is not None:
        there &= mass > 0
    one, two = np.flatnonzero(there & who), np.flatnonzero(there & ~who)
    own = None
    if mass is not None and strata is not None and two.size:
        cells = np.asarray(strata)
        by_cell = np.zeros(int(cells.max()) + 1)
        by_cell[cells[two]] = mass[two]  # all control samples of a cell weigh the same
        own = by_cell[cells[one]]
    clusters = None if groups is None else np.asarray(groups)
    return _Sets(
        targets=score[one],
        control=score[two],
        rows_targets=one,
        mass=None if mass is None else mass[two],
        own_mass=own,
        groups=None if clusters is None else (clusters[one], clusters[two]),
    )


def _counts(sets: _Sets, rates: tuple[float, ...], seed: int) -> dict[float, int] | None:
    if sets.nothing is not None:
        return None
    p = sets.p_values(seed)
    return {rate: int(benjamini_hochberg(p, rate).sum()) for rate in rates}


def _why_empty(sets: _Sets, could: Reach, q: float) -> str:
    """Whether an empty list could have had an entry, and what it would have taken."""
    n, m = sets.targets.size, sets.control.size
    bound = f"at a false-discovery rate of {100 * q:g} %"
    if not could.possible:
        least = ceil(1 / q * (1 - 1e-9)) - 1
        return (
            f"the list had to be empty: with {m:,} control samples no p-value is below {could.least_p:.2g}, and "
            f"{bound} {n:,} targets need one of {q:g} or less; {least:,} control samples are the fewest that could "
            f"list any, {could.control_needed:,} would list a single target above them all"
        )
    above = int((sets.targets > sets.control.max()).sum())
    needed = could.targets_needed
    return (
        f"the list is empty, and need not have been: {needed:,} target{'s' if needed > 1 else ''} above every one of "
        f"the {m:,} control samples would be listed {bound}, and {above:,} {'is' if above == 1 else 'are'}"
        + (f"; with {could.control_needed:,} control samples one would do" if needed > 1 else "")
    )


def _notes(sets: _Sets) -> tuple[str, ...]:
    notes = []
    if sets.mass is not None:
        notes.append(
            "The control is weighted: each p-value holds for weights that are right; that the whole list keeps its "
            "rate is not proven for weighted p-values."
        )
    if sets.groups is not None:
        sizes = [np.unique(some).size for some in sets.groups]
        if sizes[0] < sets.targets.size or sizes[1] < sets.control.size:
            notes.append(
                "Samples of one group are alike, and the rate of the list is proven for independent ones: it holds "
                "approximately."
            )
    return tuple(notes)
