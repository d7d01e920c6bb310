from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dejavu_audit.scores.bootstrap import Replicates, compress, resample
from dejavu_audit.scores.resampled import (
    Resampled,
    acceleration,
    bca_bounds,
    joined,
    percentile_bounds,
    studentised_bounds,
)


def drawn(*samples, replicates=20_000):
    cells = [compress(sample) for sample in samples]
    return joined([(each, resample(each, replicates, np.random.default_rng(i))) for i, each in enumerate(cells)])


def skewed(n, seed=0):
    return np.round(np.random.default_rng(seed).exponential(0.1, n), 2).clip(0, 1)


def slow_acceleration(*samples):
    """The textbook's: leave out one unit at a time; the second sample is subtracted."""
    cubes = squares = 0.0
    for sign, sample in zip((1, -1), samples, strict=False):
        n = len(sample)
        left = [np.delete(sample, i).mean() for i in range(n)]
        off = [sign * (np.mean(left) - one) * (n - 1) / n for one in left]
        cubes += sum(one**3 for one in off)
        squares += sum(one**2 for one in off)
    return cubes / (6 * squares**1.5)


def test_acceleration_is_the_slow_jackknifes():
    one, two = skewed(40), skewed(25, 1)
    assert acceleration([compress(one)]) == pytest.approx(slow_acceleration(one))
    assert acceleration([compress(one), compress(two)]) == pytest.approx(slow_acceleration(one, two))
    # That of the mean of outcomes by hand: a sixth of the skewness over the root of n.
    share = np.repeat([1, 0], [10, 90])
    assert acceleration([compress(share)]) == pytest.approx(stats.skew(share) / 6 / 10, rel=0.02)


def test_acceleration_leaves_out_whole_clusters():
    values, groups = np.array([1, 0, 1, 1, 0, 0]), np.array([0, 0, 1, 2, 2, 3])
    left = np.array([values[groups != group].mean() for group in range(4)])
    off = left.mean() - left
    expected = (off**3).sum() / (6 * (off**2).sum() ** 1.5)
    assert acceleration([compress(values, None, groups)]) == pytest.approx(expected)
    assert acceleration([compress([1, 1])]) == acceleration([compress([1])]) == 0


@pytest.mark.parametrize("samples", [(skewed(40),), (skewed(40), skewed(25, 1))])
def test_bca_is_scipys(samples):
    def statistic(*parts, axis=-1):
        return parts[0].mean(axis=axis) - sum(part.mean(axis=axis) for part in parts[1:])

    theirs = stats.bootstrap(samples, statistic, method="BCa", n_resamples=20_000, rng=np.random.default_rng(0))
    known = theirs.confidence_interval
    # 20,000 replicates know a quantile to about 1 % of the width.
    np.testing.assert_allclose(
        bca_bounds(drawn(*samples), 0.95), (known.low, known.high), atol=0.03 * (known.high - known.low)
    )


def test_bca_without_bias_and_skewness_is_percentile():
    values = np.tile([-1, 0, 1], 100)
    of = drawn(values)
    assert bca_bounds(of, 0.95) == pytest.approx(percentile_bounds(of, 0.95), abs=0.006)


def test_studentised_by_hand():
    # Estimate 1 with error 2. Five replicates, t = (mean - 1) / error: 0, 1, -1, 4, -0.5; of five the outermost are
    # the 95 % ends: 1 - 4 * 2 = -7 and 1 + 1 * 2 = 3.
    of = Resampled((), 1.0, 2.0, np.array([1, 2, 0, 3, 0.5]), np.array([1, 1, 1, 0.5, 1]))
    assert studentised_bounds(of, 0.95, -10, 10) == (-7, 3)
    assert studentised_bounds(of, 0.95, -1, 2) == (-1, 2)


def test_a_replicate_without_spread_is_infinitely_far_off_or_says_nothing():
    of = Resampled((), 1.0, 2.0, np.array([1, 2, 1, np.nan]), np.array([1, 0, 0, 1]))
    # Left: 0 and infinity, so that the interval goes down to the end of the range, and up to the estimate.
    assert studentised_bounds(of, 0.95, -1, 5) == (-1, 1)
    nothing = Resampled((), 1.0, 2.0, np.array([1.0]), np.array([0.0]))
    assert studentised_bounds(nothing, 0.95, -1, 5) == (-1, 5)


def test_studentised_is_the_slow_loops():
    values = skewed(60)
    cells = compress(values)
    of = joined([(cells, resample(cells, 2_000, np.random.default_rng(3)))])
    low, high = studentised_bounds(of, 0.95, 0, 1)
    rng, t = np.random.default_rng(9), []
    error = values.std(ddof=1) / 60**0.5
    for _ in range(4_000):
        again = rng.choice(values, 60)
        t.append((again.mean() - values.mean()) / (again.std(ddof=1) / 60**0.5))
    ends = values.mean() - np.quantile(t, [0.975, 0.025]) * error
    np.testing.assert_allclose((low, high), ends, atol=0.06 * (ends[1] - ends[0]))


def test_a_difference_subtracts_and_adds_errors_in_quadrature():
    one, two = compress([1, 0, 0]), compress([1, 1, 0, 0])
    of = joined(
        [
            (one, Replicates(np.array([0.5, 0.2]), np.array([3.0, 0]))),
            (two, Replicates(np.array([0.1, 0.1]), np.array([4.0, 1]))),
        ]
    )
    assert of.estimate == pytest.approx(1 / 3 - 1 / 2)
    assert of.means.tolist() == pytest.approx([0.4, 0.1])
    assert of.errors.tolist() == [5, 1]
    assert of.error == pytest.approx(np.hypot(one.error, two.error))


@pytest.mark.parametrize("bounds", ["percentile", "bca", "studentised"])
def test_every_bootstrap_covers_a_symmetric_mean(bounds):
    rng, covered = np.random.default_rng(1), 0
    for _ in range(300):
        of = drawn(rng.choice([-1, 0, 1], 200, p=[0.2, 0.5, 0.3]), replicates=400)
        low, high = {
            "percentile": lambda of=of: percentile_bounds(of, 0.95),
            "bca": lambda of=of: bca_bounds(of, 0.95),
            "studentised": lambda of=of: studentised_bounds(of, 0.95, -1, 1),
        }[bounds]()
        covered += low <= 0.1 <= high
    assert covered / 300 > 0.9
