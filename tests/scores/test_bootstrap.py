from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores import bootstrap
from dejavu_audit.scores.bootstrap import compress, dense, percentile, resample


def naive(values, weights, groups, replicates, rng):
    """The bootstrap as the textbook has it: draw unit numbers, gather their samples, take the weighted mean."""
    members = {}
    for i in range(len(values)):
        members.setdefault(i if groups is None else groups[i], []).append(i)
    units = list(members.values())
    means = []
    for _ in range(replicates):
        drawn = [i for u in rng.integers(0, len(units), len(units)) for i in units[u]]
        total = sum(weights[i] for i in drawn)
        means.append(sum(weights[i] * values[i] for i in drawn) / total if total else np.nan)
    return np.array(means)


def test_compress_by_hand():
    # Clusters: {0, 3} sums to (1 + -1, 2) = (0, 2); {1, 2} to (0 + 0.5, 1.5); {4} to (1, 1).
    cells = compress([1, 0, 1, -1, 1], [1, 1, 0.5, 1, 1], [0, 1, 1, 0, 2])
    assert list(zip(cells.numerator, cells.denominator, cells.count, strict=True)) == [
        (0, 2, 1),
        (0.5, 1.5, 1),
        (1, 1, 1),
    ]
    assert cells.mean == pytest.approx(1.5 / 4.5)
    # Kish: 4.5^2 / (4 + 2.25 + 1)
    assert cells.effective == pytest.approx(20.25 / 7.25)


def test_equal_samples_share_a_cell():
    cells = compress(np.tile([1, 0, 0, -1], 1000))
    assert cells.count.tolist() == [1000, 2000, 1000]
    assert cells.effective == cells.units == 4000


def test_clusters_of_one_are_samples():
    rng = np.random.default_rng(0)
    values = rng.integers(-1, 2, 50)
    alone, clusters = compress(values), compress(values, None, dense(rng.permutation(50) * 7 - 3))
    assert alone.count.tolist() == clusters.count.tolist()
    assert alone.numerator.tolist() == clusters.numerator.tolist()


def test_dense_numbers_clusters_of_any_name():
    assert dense([7, -1, 7, 3]).tolist() == [2, 0, 2, 1]
    assert dense(["b", "a", "b"]).tolist() == [1, 0, 1]


@pytest.mark.parametrize("kind", ["plain", "weighted", "clustered", "both"])
def test_draws_are_distributed_as_the_textbook_bootstraps(kind):
    rng = np.random.default_rng(3)
    n = 60
    values = rng.choice([-1, 0, 1], n, p=[0.1, 0.6, 0.3])
    weights = (
        np.where(np.arange(n) < 20, 1.0, np.where(np.arange(n) < 30, 0.3, 0))
        if kind in ("weighted", "both")
        else np.ones(n)
    )
    groups = rng.integers(0, 25, n) if kind in ("clustered", "both") else None
    slow = naive(values, weights, groups, 4000, rng)
    fast = resample(compress(values, weights, None if groups is None else dense(groups)), 40_000, rng).means
    # 4,000 replicates know a mean to sd / 63 and a standard deviation to 1.1 %: five of each.
    assert fast.mean() == pytest.approx(slow.mean(), abs=5 * slow.std() / 63)
    assert fast.std() == pytest.approx(slow.std(), rel=0.06)
    # Densities differ, so quantiles are compared by the share of the other sample below them (sd 0.25 % at 2.5 %).
    for q in (0.025, 0.25, 0.75, 0.975):
        at = np.quantile(fast, q)
        below, upto = (slow < at - 1e-9).mean(), (slow <= at + 1e-9).mean()
        assert below - 0.03 <= q <= upto + 0.03


@pytest.mark.parametrize("distinct", [3, 500])
def test_blocks_draw_what_one_piece_draws(monkeypatch, distinct):
    """Few distinct samples go by counts, many by their own numbers."""
    cells = compress(np.random.default_rng(0).integers(0, distinct, 500))
    whole = resample(cells, 100, np.random.default_rng(5)).means
    monkeypatch.setattr(bootstrap, "BLOCK", 21)
    np.testing.assert_array_equal(resample(cells, 100, np.random.default_rng(5)).means, whole)


def test_replicates_without_weight_are_undefined_and_left_out():
    cells = compress([1, 0, 0], [1, 0, 0])
    means = resample(cells, 1000, np.random.default_rng(0)).means
    # No draw of three hits the one weighted sample with chance (2/3)^3 = 0.296.
    assert np.isnan(means).mean() == pytest.approx(0.296, abs=0.06)
    assert percentile(means, 0.95, 1.0) == (1, 1)


def test_the_error_of_a_mean_is_the_textbooks():
    values = np.array([1, 0, 0, -1, 1, 0.5])
    assert compress(values).error == pytest.approx(values.std(ddof=1) / 6**0.5)
    assert compress([1, 1]).error == compress([1]).error == 0
    # A ratio of sums over the clusters {1, 0} and {1}: mean 2/3, deviations 1 - 4/3 and 1 - 2/3, so 2 * 2/9 / 3^2.
    assert compress([1, 0, 1], None, [0, 0, 1]).error == pytest.approx((2 * 2 / 9) ** 0.5 / 3)


@pytest.mark.parametrize("distinct", [3, 500])
def test_every_replicate_has_the_error_that_its_own_samples_claim(distinct):
    values = np.random.default_rng(0).integers(0, distinct, 400).astype(float)
    drawn = resample(compress(values), 500, np.random.default_rng(5))
    assert drawn.errors == pytest.approx(np.full(500, values.std(ddof=1) / 20), rel=0.25)
    # With the same numbers, drawn again by hand: the first replicate's own samples.
    if distinct == 500:
        own = np.sort(values)[np.random.default_rng(5).integers(0, 400, (500, 400))[0]]
        assert (drawn.means[0], drawn.errors[0]) == pytest.approx((own.mean(), own.std(ddof=1) / 20))


def test_percentile_by_hand():
    # Of 0, 1, ..., 100 the middle 90 % lies between 5 and 95; the estimate is always inside.
    assert percentile(np.arange(101.0), 0.9, 50) == pytest.approx((5, 95))
    assert percentile(np.arange(101.0), 0.9, 97) == pytest.approx((5, 97))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 1), st.sampled_from([1, 1 / 3, 0.0]), st.integers(0, 5)), min_size=1),
    st.randoms(),
)
def test_order_is_of_no_matter(rows, random):
    one, two = (
        compress(v, w, dense(g))
        for v, w, g in (zip(*each, strict=True) for each in (rows, random.sample(rows, len(rows))))
    )
    np.testing.assert_allclose(one.numerator, two.numerator, atol=2e-9)
    np.testing.assert_array_equal(one.count, two.count)
