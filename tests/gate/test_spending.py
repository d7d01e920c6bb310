"""Alpha-spending: exact in all, worked by hand, and as good as its docstring says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dejavu_audit.gate.spending import LEAST, LOOKS, POWER, look_sizes, spend


@pytest.mark.parametrize(
    ("most", "sizes"),
    [
        (8_000, (1_000, 2_000, 4_000, 8_000)),
        (10_001, (1_251, 2_501, 5_001, 10_001)),
        (300, (150, 300)),  # 75 would be under 100
        (400, (100, 200, 400)),
        (199, (100, 199)),
        (150, (150,)),  # half of it would be under 100
        (1, (1,)),
    ],
)
def test_sizes_double_up_to_the_most(most, sizes):
    assert look_sizes(most) == sizes


@given(st.integers(1, 10**7))
def test_each_look_is_at_most_twice_the_one_before(most):
    sizes = look_sizes(most)
    assert sizes[-1] == most and len(sizes) <= LOOKS
    assert all(one < two <= 2 * one for one, two in pairwise(sizes))
    assert all(size >= LEAST for size in sizes[:-1])


def test_shares_by_hand():
    # After n of N, 0.05 (n / N) ** 1.5: of a quarter 1 / 8, of a half 1 / sqrt(8), of all 1.
    first, second, third = spend((100, 200, 400), 0.05, power=1.5)
    assert first == pytest.approx(0.05 / 8)
    assert second == pytest.approx(0.05 * (8**-0.5 - 1 / 8))
    assert third == pytest.approx(0.05 * (1 - 8**-0.5))
    assert spend((1, 2, 4), 0.08, power=1) == pytest.approx((0.02, 0.02, 0.04))
    assert spend((7,), 0.05) == (0.05,)


@given(st.integers(1, 10**7), st.floats(1e-4, 0.5), st.floats(0.2, 4))
def test_all_is_spent_and_no_more(most, alpha, power):
    shares = spend(look_sizes(most), alpha, power=power)
    assert math.fsum(shares) == pytest.approx(alpha, rel=1e-12)
    assert min(shares) > 0


@pytest.mark.parametrize("sizes", [(), (0, 1), (2, 2), (3, 2)])
def test_looks_that_do_not_grow_are_refused(sizes):
    with pytest.raises(ValueError, match="growing"):
        spend(sizes, 0.05)


def judged(distance: float, power: float, audits: int = 40_000) -> tuple[float, float, float]:
    """Share judged rightly, share judged wrongly, mean share of the samples used: nested looks at a normal mean that
    is `distance` standard errors of the whole sample under the limit."""
    sizes = (1, 2, 4, 8)
    times = np.array(sizes) / 8
    steps = np.random.default_rng(0).standard_normal((audits, 4)) * np.sqrt(np.diff([0, *times]))
    seen = steps.cumsum(axis=1) / times - distance
    ends = stats.norm.isf(np.array(spend(sizes, 0.05, power=power)) / 2) / np.sqrt(times)
    decided = np.abs(seen) > ends
    first = np.where(decided.any(axis=1), decided.argmax(axis=1), 3)
    under = seen[np.arange(audits), first] < 0
    return (decided.any(axis=1) & under).mean(), (decided.any(axis=1) & ~under).mean(), times[first].mean()


def test_the_power_chosen_is_as_its_docstring_says():
    assert judged(2.8, POWER)[::2] == pytest.approx((0.76, 0.83), abs=0.01)
    assert judged(6, POWER)[::2] == pytest.approx((1.0, 0.36), abs=0.01)
    assert judged(12, POWER)[::2] == pytest.approx((1.0, 0.14), abs=0.01)
    assert judged(2.8, 1)[::2] == pytest.approx((0.73, 0.81), abs=0.01)
    assert judged(2.8, 2)[::2] == pytest.approx((0.77, 0.85), abs=0.01)


def test_at_the_limit_itself_either_wrong_verdict_keeps_to_half_of_alpha():
    passed, failed, _ = judged(0, POWER)
    assert max(passed, failed) < 0.025
