from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores.estimates import NOTHING, Draws, calibrated, paired
from dejavu_audit.scores.intervals import tango
from dejavu_audit.scores.samples import observe
from dejavu_audit.scores.top_share import top_share

DRAWS = Draws()


def gaps(n, seed=0):
    """Recall gaps of samples with 1 to 8 objects: few distinct values, as in life."""
    rng = np.random.default_rng(seed)
    true = rng.integers(1, 9, n)
    return (rng.binomial(true, 0.4) - rng.binomial(true, 0.3)) / true


def bounds(score):
    return score.low, score.high


def score(values, weights=None, groups=None, *, signed=True, draws=DRAWS):
    return paired(observe(values, weights, groups, signed=signed), "a", draws)


def test_nothing_to_measure_is_not_zero():
    none = observe([], signed=True)
    assert paired(none, "a", DRAWS) == NOTHING
    assert calibrated(observe([0.5], signed=True), none, ("a", "b"), DRAWS) == NOTHING
    assert observe([0.5, 0.3], [0, 0], signed=True) is None


def test_outcomes_are_their_own_number():
    of = observe(np.repeat([1, -1, 0], [3, 2, 95]), signed=True)
    assert (of.size, of.n, of.sized(0.95)) == (100, 100, 100)


def test_the_effective_size_by_hand():
    # Halves on 4 of 10: mean 0.2, squared deviations 4 * 0.09 + 6 * 0.04 = 0.6, times 10 / 9. Outcomes of that mean
    # vary by 0.2 - 0.04 = 0.16 each, 1.6 in all. With one more sample on either side: 10 * (1.6 + 1) / (0.6667 + 1).
    of = observe([0.5] * 4 + [0] * 6, signed=True)
    assert of.size == pytest.approx(10 * 2.6 / (0.6 * 10 / 9 + 1))
    assert bounds(paired(of, "a", DRAWS)) == pytest.approx([float(x) for x in tango(0.2 * of.size, 0, of.size)])
    # Two clusters of 3 and 1 memorized of 4 samples that agree: mean 3/4, deviations 3 - 9/4 and -3/4, squares 9/8,
    # times 2; outcomes vary by 4 * 3/16; the one more sample counts as a cluster of (9 + 1) / 4.
    of = observe([1, 1, 1, 0], None, [7, 7, 7, 5], signed=True)
    assert of.size == pytest.approx(4 * (3 / 4 + 1) / (9 / 4 + 10 / 4))
    assert of.agreeing == pytest.approx(16 / 10)


def test_where_nothing_was_seen_the_unseen_is_allowed_for():
    # z^2 / (n + z^2) (Tango 1998).
    assert bounds(score(np.zeros(100))) == pytest.approx((-3.8415 / 103.8415, 3.8415 / 103.8415), rel=1e-4)
    # Few small ones do not promise that there are none greater: hardly narrower than if they were whole.
    few = np.concatenate([[0.1] * 2, np.zeros(98)])
    assert score(few).high > 0.8 * float(tango(0.2, 0, 100)[1])


def test_fractions_are_as_wide_as_theory_says():
    values = gaps(1000)
    known = 2 * 1.96 * values.std() / 1000**0.5
    for interval in ("auto", "percentile", "bca", "studentised"):
        got = score(values, draws=Draws(interval=interval))
        assert got.high - got.low == pytest.approx(known, rel=0.06)
    shares = np.abs(values)
    got = score(shares, signed=False)
    assert got.method == "wilson"
    assert got.high - got.low == pytest.approx(2 * 1.96 * shares.std() / 1000**0.5, rel=0.03)


def test_values_beyond_one_stretch_the_interval():
    # Halves of the values lie in [-1, 1]: of mean 0.1 and squares as one whole outcome of ten, and twice its interval.
    of = observe(np.concatenate([[2.0], np.zeros(9)]), signed=True)
    half = observe(np.concatenate([[1.0], np.zeros(9)]), [1.0] * 10, signed=True)
    assert (of.scale, of.up, of.size) == (2, 0.1, pytest.approx(half.size))
    low, high = tango(0.1 * of.size, 0, of.size)
    assert bounds(paired(of, "a", DRAWS)) == pytest.approx((2 * low, 2 * high))
    assert of.range == (-2, 2)


@pytest.mark.parametrize("n", [30, 200])
def test_duplicates_in_a_cluster_add_nothing(n):
    once = gaps(n)
    alone, copies = score(once), np.tile(once, 4)
    clustered = score(copies, None, np.tile(np.arange(n) * 7 - 3, 4))
    width = [s.high - s.low for s in (alone, clustered, score(copies))]
    assert clustered.n == 4 * n
    assert width[1] == pytest.approx(width[0], rel=0.1)
    assert width[2] < 0.75 * width[1]


def test_a_cluster_with_many_rare_events_counts_as_one():
    # 40 memorized samples, but all in 4 clusters of 10: as 4 of 100, a little wider with 99 degrees of freedom.
    values, groups = np.repeat([1, 0], [40, 960]), np.repeat(np.arange(100), 10)
    low, high = bounds(score(values, None, groups))
    known = tango(4, 0, 100)
    assert (low, high) == pytest.approx([float(x) for x in known], abs=7e-4)


def test_few_clusters_are_hardly_known_but_no_worse_than_whole():
    # Two clusters of 10 that are mixed alike: estimated, they say as much as many samples; Student's t takes it back,
    # down to Kish's 2, which is what two clusters that agree throughout would be.
    of = observe(np.tile([1, 0], 10), None, np.repeat([0, 1], 10), signed=True)
    assert of.size > of.agreeing == 2
    assert of.sized(0.95) == pytest.approx(max(of.size * (1.95996 / 12.7062) ** 2, 2), rel=1e-4)
    assert observe(np.tile([1, 0], 10), None, np.zeros(20, int), signed=True).sized(0.95) == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.sampled_from([1.0, 0.3, 3e-6, 0.0]), st.integers(0, 9)), min_size=1, max_size=120
    ),
    st.booleans(),
    st.sampled_from(["auto", "percentile", "bca", "studentised"]),
    st.randoms(),
)
def test_the_estimate_is_the_weighted_mean_and_order_is_of_no_matter(rows, clustered, interval, random):
    def of(rows):
        values, weights, groups = (np.array(column) for column in zip(*rows, strict=True))
        return score(values, weights, groups if clustered else None, draws=Draws(replicates=50, interval=interval))

    got, again = of(rows), of(random.sample(rows, len(rows)))
    total = sum(w for _, w, _ in rows)
    if total == 0:
        assert got == NOTHING
        return
    assert got.estimate == pytest.approx(sum(v * w for v, w, _ in rows) / total, abs=1e-12)
    assert got.low <= got.estimate <= got.high
    assert got.method == again.method
    assert bounds(got) == pytest.approx(bounds(again), abs=1e-6)
    assert got.n == sum(w > 0 for _, w, _ in rows)


def test_only_the_ratio_of_weights_counts():
    for values in (gaps(30), gaps(300), np.repeat([1, 0], [3, 97])):
        plain, light = score(values), score(values, np.full(values.size, 1e-7))
        assert light.n == plain.n
        np.testing.assert_allclose(bounds(light), bounds(plain), atol=2e-3)
        weights = np.arange(values.size) % 3 + 1.0
        np.testing.assert_allclose(bounds(score(values, weights)), bounds(score(values, 5 * weights)), atol=1e-9)


def test_weights_that_differ_widen():
    # Weight 9 on a tenth, 1/9 on the rest: Kish's size is n^2 / (0.1 n * 81 + 0.9 n / 81) = n / 8.1 for n of mean 1.
    values = np.tile(np.repeat([1, 0], [3, 7]), 60)
    weights = np.where(np.arange(600) % 60 < 6, 9.0, 1 / 9)
    plain, weighted = score(values), score(values, weights)
    assert weighted.high - weighted.low > 2 * (plain.high - plain.low)


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
    for _ in range(300):
        got = score(world(kind, n, rng))
        covered += got.low <= TRUTH[kind] <= got.high
    assert covered / 300 > 0.9


def test_the_first_share_allows_for_its_cut():
    """The mean of the first 20 % varies by 7.2e-4 more than at a fixed cut; resampled with its cut, that is seen."""
    rng = np.random.default_rng(0)
    order = rng.standard_normal(2000)
    values = (rng.random(2000) < 1 / (1 + np.exp(-3 * order))).astype(float)
    top = top_share(order, 0.2)
    of = observe(values, signed=False, top=top)
    assert of.mean == pytest.approx(values[np.argsort(-order)[:400]].mean())
    found = []
    for _ in range(1000):
        again = rng.integers(0, 2000, 2000)
        found.append(values[again[np.argsort(-order[again])[:400]]].mean())
    assert of.cells.error == pytest.approx(np.std(found), rel=0.08)
    assert of.cells.mean == pytest.approx(of.mean)
    fixed = observe(values, top.taken, signed=False)
    assert of.size < 0.97 * fixed.size


def test_the_first_share_of_ties_is_the_mean_over_all_ways_to_break_them():
    # 100 of 1,000 have 2, of mean 0.5; 300 have 1, of mean 0.2: the first 20 % are the 100 and a third of the 300.
    order = np.repeat([2, 1, 0], [100, 300, 600])
    values = np.concatenate([np.tile([1, 0], 50), np.tile([1, 0, 0, 0, 0], 60), np.ones(600)])
    of = observe(values, signed=False, top=top_share(order, 0.2))
    assert of.mean == pytest.approx(0.5 * 0.5 + 0.5 * 0.2)
    rng, found = np.random.default_rng(0), []
    for _ in range(2000):
        again = rng.integers(0, 1000, 1000)
        o, v = order[again], values[again]
        two, one = v[o == 2], v[o == 1]
        found.append((two.sum() + (200 - len(two)) * one.mean()) / 200)
    assert of.cells.error == pytest.approx(np.std(found), rel=0.06)
