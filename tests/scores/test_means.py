from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dejavu_audit.scores.estimates import NOTHING, Draws
from dejavu_audit.scores.intervals import mover, tango, wilson
from dejavu_audit.scores.means import difference, mean, observe

DRAWS = Draws()


def gaps(n, seed=0):
    """Recall gaps of samples with 1 to 8 objects: few distinct values, as in life."""
    rng = np.random.default_rng(seed)
    true = rng.integers(1, 9, n)
    return (rng.binomial(true, 0.4) - rng.binomial(true, 0.3)) / true


def bounds(score):
    return score.low, score.high


def score(values, weights=None, groups=None, *, signed=True, draws=DRAWS):
    return mean(observe(values, weights, groups, signed=signed), "a", draws)


def test_nothing_to_measure_is_not_zero():
    none = observe([], signed=True)
    assert mean(none, "a", DRAWS) == NOTHING
    assert difference(observe([0.5], signed=True), none, ("a", "b"), DRAWS) == NOTHING
    assert observe([0.5, 0.3], [0, 0], signed=True) is None


@pytest.mark.parametrize(
    ("values", "method"),
    [
        (gaps(49), "tango-bound"),  # few
        (gaps(60), "bootstrap"),
        (np.repeat([0.0, 0.5], [500, 9]), "tango-bound"),  # many, but all variance comes from nine
        (np.repeat([0.0, 0.5], [500, 12]), "bootstrap"),
        (np.repeat([0.3], 100), "tango-bound"),  # no variance at all
        # None is equal to another, and still the variance comes from five.
        (np.concatenate([np.linspace(0, 0.01, 500), np.linspace(0.9, 1, 5)]), "tango-bound"),
        (np.random.default_rng(0).random(1500), "t"),  # over 1,000 different ones
    ],
)
def test_which_interval_suits(values, method):
    assert score(values).method == method
    assert score(np.abs(values), signed=False).method == method.replace("tango", "wilson")


def test_the_bootstrap_and_t_are_as_wide_as_theory_says():
    values = gaps(1000)
    known = 2 * 1.96 * values.std() / 1000**0.5
    assert score(values).high - score(values).low == pytest.approx(known, rel=0.06)
    # A nudge makes all values different, and the interval Student's.
    nudged = values + np.linspace(-1e-4, 1e-4, 1000)
    student = score(np.concatenate([nudged, nudged[:100] + 1e-5]))
    assert student.method == "t"
    assert student.high - student.low == pytest.approx(known * (1000 / 1100) ** 0.5, rel=0.03)


def test_t_is_the_textbooks():
    values = np.random.default_rng(0).normal(0.1, 0.2, 2000).clip(-1, 1)
    expected = stats.t.interval(0.95, 1999, values.mean(), stats.sem(values))
    np.testing.assert_allclose(bounds(score(values)), expected, rtol=1e-9)


def test_a_bound_counts_parts_as_outcomes():
    # Positive parts sum to 2.5 + 0.4, negative ones to 0.3: Tango's interval for so many of 100.
    values = np.concatenate([[0.5] * 5, [0.4], [-0.3], np.zeros(93)])
    np.testing.assert_allclose(bounds(score(values)), tango(2.9, 0.3, 100))
    np.testing.assert_allclose(bounds(score(np.abs(values), signed=False)), wilson(3.2, 100))
    # Where nothing at all was seen, the unseen is still allowed for: z^2 / (n + z^2) (Tango 1998).
    assert bounds(score(np.zeros(100))) == pytest.approx((-3.8415 / 103.8415, 3.8415 / 103.8415), rel=1e-4)


def test_a_bound_stretches_where_values_go_beyond_one():
    # Halves of the values lie in [-1, 1]: one whole outcome of ten, and twice its interval.
    low, high = tango(1, 0, 10)
    assert bounds(score(np.concatenate([[2.0], np.zeros(9)]))) == pytest.approx((2 * low, 2 * high))


def test_a_difference_is_mover_unless_both_are_bootstrapped():
    many, few = observe(gaps(300), signed=True), observe(gaps(20, 1), signed=True)
    both = difference(many, many, ("a", "b"), DRAWS)
    assert (both.method, both.estimate, both.n) == ("bootstrap", 0, 600)
    one = score(gaps(300))
    assert both.high - both.low == pytest.approx(2**0.5 * (one.high - one.low), rel=0.08)
    mixed = difference(many, few, ("a", "b"), DRAWS)
    a, b = mean(many, "a", DRAWS), mean(few, "b", DRAWS)
    assert mixed.method == "mover"
    np.testing.assert_allclose(bounds(mixed), mover(a.estimate, bounds(a), b.estimate, bounds(b)))


@pytest.mark.parametrize("n", [30, 200, 1500])
def test_duplicates_in_a_cluster_add_nothing(n):
    once = gaps(n) if n < 1500 else np.random.default_rng(0).random(n)
    alone, copies = score(once), np.tile(once, 4)
    clustered = score(copies, None, np.tile(np.arange(n) * 7 - 3, 4))
    width = [s.high - s.low for s in (alone, clustered, score(copies))]
    assert clustered.method == alone.method
    assert clustered.n == 4 * n
    assert width[1] == pytest.approx(width[0], rel=1e-6)
    assert width[2] < 0.75 * width[1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.sampled_from([1.0, 0.3, 3e-6, 0.0]), st.integers(0, 9)), min_size=1, max_size=120
    ),
    st.booleans(),
    st.randoms(),
)
def test_the_estimate_is_the_weighted_mean_and_order_is_of_no_matter(rows, clustered, random):
    def of(rows):
        values, weights, groups = (np.array(column) for column in zip(*rows, strict=True))
        return score(values, weights, groups if clustered else None, draws=Draws(replicates=50))

    got, again = of(rows), of(random.sample(rows, len(rows)))
    total = sum(w for _, w, _ in rows)
    if total == 0:
        assert got == NOTHING
        return
    assert got.estimate == pytest.approx(sum(v * w for v, w, _ in rows) / total, abs=1e-12)
    assert got.low <= got.estimate <= got.high
    assert got.method == again.method
    assert bounds(got) == pytest.approx(bounds(again), abs=1e-7)


@pytest.mark.parametrize("method", ["tango-bound", "bootstrap", "t"])
def test_equal_weights_change_nothing(method):
    values = {"tango-bound": gaps(30), "bootstrap": gaps(300), "t": np.random.default_rng(0).random(1500)}[method]
    plain, light = score(values), score(values, np.full(values.size, 1e-7))
    assert plain.method == light.method == method
    np.testing.assert_allclose(bounds(light), bounds(plain), atol=1e-7)


def world(kind, n, rng):
    if kind == "recall":
        true = rng.integers(1, 9, n)
        return (rng.binomial(true, 0.35) - rng.binomial(true, 0.3)) / true
    if kind == "rare":
        return (rng.random(n) < 0.03) * rng.choice([0.2, 0.5, 1.0], n) - (rng.random(n) < 0.01) * 0.3
    return np.where(rng.random(n) < 0.05, 1.0, rng.normal(0, 0.02, n).clip(-1, 1))


TRUTH = {"recall": 0.05, "rare": 0.03 * 1.7 / 3 - 0.003, "skewed": 0.05}


@pytest.mark.parametrize("n", [12, 60, 200, 1200])
@pytest.mark.parametrize("kind", TRUTH)
def test_intervals_cover_the_truth(kind, n):
    """95 %, less what 300 simulations may be off; where values are rare or few, more."""
    rng = np.random.default_rng(n)
    covered = 0
    for i in range(300):
        got = score(world(kind, n, rng), draws=Draws(replicates=300, seed=i))
        covered += got.low <= TRUTH[kind] <= got.high
    assert covered / 300 > 0.9
