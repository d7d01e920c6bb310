"""How a gate that looks several times at growing samples spends its error: so much at each look, all of it in all.

An interval that is looked at four times misses more often than one that is looked at once. So look k has intervals of
confidence 1 - a_k, and a_1 + … + a_K = a, the error of a single look: by the union bound the chance that any look goes
wrong is at most a, whether the samples of the looks are nested, fresh or anything between.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

LOOKS = 4
"""At most: the first at an eighth of the largest sample. A fifth look saves next to nothing (see POWER)."""
LEAST = 100
"""Targets of a first look at least: fewer decide next to nothing."""
POWER = 1.5
"""Of the share of the largest sample that a look has: the share of the error that is spent until then.

By simulation of normal means at four nested looks: a truth 2.8 standard errors of the whole sample off the limit, which
a single look at all of it judges rightly in 80 % of audits, is judged rightly in 73 % for 81 % of the samples with the
power 1, in 76 % for 83 % with 1.5, in 77 % for 85 % with 2. A clear case (6 standard errors) takes 33, 36 and 39 % of
the samples, a very clear one (12) 13, 14 and 15 %. Equal shares would judge 66 % rightly, for 30 % in a clear case.
"""


def look_sizes(most: int, *, looks: int = LOOKS, least: int = LEAST) -> tuple[int, ...]:
    """Sizes of at most `looks` looks, each twice the one before, the last `most`; only that may be under `least`."""
    if most < 1:
        raise ValueError(f"a look needs a sample, not {most}")
    # Rounded up, so that each is at most twice the one before.
    halves = [-(-most // 2**times) for times in range(looks)]
    return tuple(sorted({size for size in halves if size >= least} | {most}))


def spend(sizes: Sequence[int], alpha: float, *, power: float = POWER) -> tuple[float, ...]:
    """The error of each look at samples of growing `sizes`, `alpha` in all.

    After the look at n of N samples alpha (n / N) ** power is spent. ValueError where the sizes do not grow.
    """
    if not sizes or sizes[0] < 1 or any(one >= two for one, two in pairwise(sizes)):
        raise ValueError(f"the looks must be at growing samples, not at {list(sizes)}")
    spent = [alpha * (size / sizes[-1]) ** power for size in sizes]
    return tuple(now - before for before, now in zip([0.0, *spent], spent, strict=False))
