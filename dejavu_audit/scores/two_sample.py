"""Two-sample tests of targets against control by permutation: clusters move whole, and only within their cell.

Under the null the targets and the control are one population (within each cell, after matching), so that who is a
target could be dealt out anew. A permutation p-value holds its level at any size, with ties, rare categories, weights
and clusters. Permuted labels are drawn once for all features: a statistic is then a matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from dejavu_audit.scores.bootstrap import dense

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TIES = 1e-9
"""Statistics closer than this are equal: sums in another order differ in their last bits."""
BLOCK = 4_000_000
"""Labels dealt at a time: bounds the memory."""


@dataclass(frozen=True)
class Exchange:
    """Who is a target, and what may be exchanged with what. n samples in u units."""

    targets: NDArray[np.bool_]
    """(n,)"""
    units: Ints
    """(n,) unit of each sample, 0 to u - 1; a unit lies in one set."""
    cells: Ints
    """(u,) cell of each unit: units change places within their cell alone."""
    as_control: Floats
    """(n,) what each sample weighs when it stands for a control; as a target it weighs 1."""

    @classmethod
    def of(
        cls,
        targets: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        cells: ArrayLike | None = None,
        as_control: ArrayLike | None = None,
    ) -> Exchange:
        """From (n,) columns; `groups` are clusters of any name, `cells` and `as_control` come of matching.

        A cluster with samples in both sets is taken as two, which is on the safe side: its halves are alike. One that
        lies in several cells is exchanged in that of most of its samples (ties: the lower number).
        """
        who = np.asarray(targets, bool)
        n = who.size
        units = np.arange(n) if groups is None else dense(2 * dense(groups) + who).astype(np.int64)
        cell = np.zeros(n, np.int64) if cells is None else dense(cells).astype(np.int64)
        return cls(
            who,
            units,
            _commonest(units, cell),
            np.ones(n) if as_control is None else np.asarray(as_control, np.float64),
        )

    @cached_property
    def unit_is_target(self) -> NDArray[np.bool_]:
        """(u,) of each unit."""
        found = np.zeros(self.cells.size, bool)
        found[self.units] = self.targets
        return found

    @property
    def sizes(self) -> tuple[int, int]:
        """Units of the targets, and of the control."""
        count = int(self.unit_is_target.sum())
        return count, self.cells.size - count

    @property
    def weights(self) -> Floats:
        """(n,) as things are."""
        return np.where(self.targets, 1.0, self.as_control)

    def shuffled(self, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
        """Blocks (u, b) of labels dealt anew, 1 for a target and 0 for a control, `draws` columns in all."""
        order = np.argsort(self.cells, kind="stable")
        labels, cells = self.unit_is_target[order], self.cells[order].astype(np.float64)
        one_cell = cells.size == 0 or cells[0] == cells[-1]
        step = max(1, BLOCK // max(labels.size, 1))
        for start in range(0, draws, step):
            size = min(step, draws - start)
            if one_cell:
                dealt = rng.permuted(np.broadcast_to(labels, (size, labels.size)), axis=1)
            else:
                dealt = labels[np.argsort(cells + rng.random((size, labels.size)), axis=1)]
            block = np.empty((labels.size, size))
            block[order] = dealt.T
            yield block


def _commonest(units: Ints, cell: Ints) -> Ints:
    """(u,) the cell in which most samples of each unit lie."""
    pairs, count = np.unique(np.stack([units, cell], axis=1), axis=0, return_counts=True)
    first = np.lexsort((pairs[:, 1], -count, pairs[:, 0]))
    _, at = np.unique(pairs[first, 0], return_index=True)
    found: Ints = pairs[first[at], 1]
    return found


@dataclass(frozen=True)
class Coded:
    """A feature as whole numbers: (n, d) codes from 0, of d components that are tested as one."""

    codes: Ints
    ordered: bool
    """Numbers (compared by their cumulative shares) or categories (by their shares)."""


@dataclass(frozen=True)
class Compared:
    """How far the two sets are apart in one feature."""

    distance: float
    """Largest difference of the cumulative shares (Kolmogorov-Smirnov), or total variation; of the `component`."""
    chance: float
    """Mean of that distance when the labels are dealt out anew: what chance alone gives."""
    threshold: float
    """Its quantile at 1 - `alpha`."""
    p_value: float
    component: int
    """The one that differs the most."""


def quantile_codes(values: ArrayLike, most: int) -> Ints:
    """(n,) numbers to codes of at most `most` + 1 ordered bins of like size; NaN is 0, the rest from 1.

    Equal values get equal codes. With up to `most` different values each has a code of its own, and nothing is lost.
    """
    v = np.asarray(values, np.float64)
    there = ~np.isnan(v)
    codes = np.zeros(v.size, np.int64)
    distinct, place = np.unique(v[there], return_inverse=True)
    if distinct.size > most:
        # Cut at quantiles of the samples; a value that repeats beyond a bin's share fills a bin alone.
        share = np.cumsum(np.bincount(place)) / place.size
        bins = np.minimum((share * most).astype(np.int64), most - 1)
        place = dense(bins)[place]
    codes[there] = place + 1
    return codes


def compare(
    features: Sequence[Coded], exchange: Exchange, *, draws: int, seed: int, alpha: float = 0.05
) -> list[Compared]:
    """Test every feature: are its codes distributed alike in targets and control?

    Numbers: the largest difference of the cumulative shares over the root of the largest F (1 - F), which makes
    components of rare and of common values comparable; the largest over the components is the statistic. Categories:
    the chi-square distance of the shares. p = (1 + draws at least as large) / (1 + draws), which never reads 0.
    """
    if min(exchange.sizes) == 0:
        raise ValueError("a two-sample test needs samples in both sets")
    tallies = [_Tally(one, exchange) for one in features]
    held = exchange.unit_is_target[:, None].astype(np.float64)
    seen = [tally.look(held) for tally in tallies]
    found: list[list[tuple[Floats, Floats]]] = [[] for _ in tallies]
    for block in exchange.shuffled(draws, np.random.default_rng(seed)):
        for tally, blocks in zip(tallies, found, strict=True):
            statistics, distances = tally.look(block)
            blocks.append((statistics.max(0), distances))
    return [_conclude(*one, blocks, alpha) for one, blocks in zip(seen, found, strict=True)]


def _conclude(statistics: Floats, distances: Floats, blocks: list[tuple[Floats, Floats]], alpha: float) -> Compared:
    component = int(statistics[:, 0].argmax())
    observed = float(statistics[component, 0])
    null = np.concatenate([largest for largest, _ in blocks])
    chance = np.concatenate([of[component] for _, of in blocks])
    reached = int((null >= observed - TIES).sum())
    return Compared(
        distance=round(float(distances[component, 0]), 12),  # 0, where sums leave it in the last bits
        chance=round(float(chance.mean()), 12),
        threshold=round(float(np.quantile(chance, 1 - alpha)), 12),
        p_value=(1 + reached) / (1 + null.size),
        component=component,
    )


class _Tally:
    """Counts the codes of one feature in both sets, for many labellings at a time."""

    def __init__(self, feature: Coded, exchange: Exchange) -> None:
        n, self.components = feature.codes.shape
        self.ordered = feature.ordered
        sizes = feature.codes.max(0, initial=0) + 1
        self.starts = np.concatenate([[0], np.cumsum(sizes)])
        rows = (feature.codes + self.starts[:-1]).ravel()
        columns = np.repeat(exchange.units, self.components)
        shape = (int(self.starts[-1]), exchange.cells.size)

        def counted(weights: Floats) -> sparse.csr_array:
            return sparse.csr_array((np.repeat(weights, self.components), (rows, columns)), shape=shape)

        self.as_target = counted(np.ones(n))
        self.plain = bool((exchange.as_control == 1).all())
        self.as_control = self.as_target if self.plain else counted(exchange.as_control)
        self.all_control = np.asarray(self.as_control.sum(axis=1)).reshape(-1, 1)
        pooled = np.asarray(self.as_target.sum(axis=1)).ravel() / n
        self.scale = [self._scale(pooled[a:b]) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def _scale(self, share: Floats) -> float:
        """Root of the largest F (1 - F) of an ordered component; 1 of a constant one, whose distance is 0 anyway."""
        cumulative = np.cumsum(share)
        widest = float((cumulative * (1 - cumulative)).max())
        return widest**0.5 if self.ordered and widest > TIES else 1.0

    def look(self, labels: Floats) -> tuple[Floats, Floats]:
        """(u, b) labels to statistics and distances, both (d, b)."""
        mine = self.as_target @ labels
        taken = mine if self.plain else self.as_control @ labels
        theirs = self.all_control - taken
        statistics, distances = np.empty((2, self.components, labels.shape[1]))
        for at, (a, b) in enumerate(zip(self.starts[:-1], self.starts[1:], strict=True)):
            one, two = _shares(mine[a:b]), _shares(theirs[a:b])
            if self.ordered:
                distances[at] = np.abs(np.cumsum(one - two, axis=0)).max(0)
                statistics[at] = distances[at] / self.scale[at]
            else:
                distances[at] = np.abs(one - two).sum(0) / 2
                both = np.maximum(one + two, np.finfo(np.float64).tiny)
                statistics[at] = ((one - two) ** 2 / both).sum(0)
        return statistics, distances


def _shares(counts: Floats) -> Floats:
    # A set of clusters can weigh nothing only where it is empty, which `compare` refuses.
    shares: Floats = counts / counts.sum(axis=0)
    return shares


def holm(p_values: ArrayLike) -> Floats:
    """(m,) p-values adjusted by Holm's step-down: rejecting those <= alpha errs anywhere with at most alpha."""
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted
