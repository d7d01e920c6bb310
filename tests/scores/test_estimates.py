from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.estimates import NOTHING, Draws, calibrated, paired, proportion, sample
from dejavu_audit.scores.intervals import mover, tango, wilson

DRAWS = Draws()


def outcomes(up, down, n):
    return np.repeat([1, -1, 0], [up, down, n - up - down])


def bounds(score):
    return score.low, score.high


def test_nothing_to_measure_is_not_zero():
    none = sample([])
    for score in (
        paired(none, "a", DRAWS),
        proportion(none, "a", DRAWS),
        calibrated(sample([1]), none, ("a", "b"), DRAWS),
    ):
        assert score == NOTHING
        assert (score.estimate, score.low, score.high, score.n) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("up", "down", "method"), [(5, 4, "tango"), (6, 4, "bootstrap"), (95, 0, "tango"), (0, 90, "bootstrap")]
)
def test_ten_samples_off_the_commonest_outcome_are_enough_for_the_bootstrap(up, down, method):
    score = paired(sample(outcomes(up, down, 100)), "a", DRAWS)
    assert (score.method, score.n) == (method, 100)
    if method == "tango":
        np.testing.assert_allclose(bounds(score), tango(up, down, 100))


@pytest.mark.parametrize(
    ("right", "method"), [(9, "wilson"), (10, "bootstrap"), (90, "bootstrap"), (91, "wilson"), (0, "wilson")]
)
def test_ten_successes_and_failures_are_enough_for_the_bootstrap(right, method):
    score = proportion(sample(outcomes(right, 0, 100)), "a", DRAWS)
    assert (score.method, score.estimate) == (method, right / 100)
    if method == "wilson":
        np.testing.assert_allclose(bounds(score), wilson(right, 100))


def test_few_samples_get_a_score_interval():
    assert paired(sample(outcomes(20, 9, 49)), "a", DRAWS).method == "tango"
    assert paired(sample(outcomes(20, 9, 50)), "a", DRAWS).method == "bootstrap"


def test_a_difference_falls_back_where_either_side_is_rare():
    many, rare = sample(outcomes(40, 10, 100)), sample(outcomes(2, 1, 100))
    for one, two in ((many, rare), (rare, many)):
        score = calibrated(one, two, ("a", "b"), DRAWS)
        expected = mover(one.mean, one.tango(0.95), two.mean, two.tango(0.95))
        assert score.method == "mover-tango"
        np.testing.assert_allclose(bounds(score), expected)
    both = calibrated(many, many, ("a", "b"), DRAWS)
    assert (both.method, both.estimate, both.n) == ("bootstrap", 0, 200)


def test_the_bootstrap_is_as_wide_as_theory_says():
    # 30 % up, 10 % down of 1,000: variance 0.4 - 0.2^2 = 0.36, so +-1.96 * 0.6 / sqrt(1000) = 0.0372.
    score = paired(sample(outcomes(300, 100, 1000)), "a", DRAWS)
    assert score.high - score.low == pytest.approx(2 * 0.0372, rel=0.06)
    # The difference of two such is sqrt(2) times as wide.
    one = sample(outcomes(300, 100, 1000))
    both = calibrated(one, one, ("a", "b"), DRAWS)
    assert both.high - both.low == pytest.approx(2 * 0.0372 * 2**0.5, rel=0.06)


@pytest.mark.parametrize(("up", "down"), [(60, 20), (1, 1)])
def test_duplicates_in_a_cluster_add_nothing(up, down):
    """Every sample four times over: as clusters the interval stays, as samples of their own it halves."""
    once = outcomes(up, down, 200)
    alone = paired(sample(once), "a", DRAWS)
    copies = np.tile(once, 4)
    clustered = paired(sample(copies, None, dense(np.tile(np.arange(200), 4))), "a", DRAWS)
    blind = paired(sample(copies), "a", DRAWS)
    width = [s.high - s.low for s in (alone, clustered, blind)]
    assert clustered.method == alone.method
    assert clustered.n == 800
    assert width[1] == pytest.approx(width[0], rel=1e-6)
    assert width[2] < 0.7 * width[1]


def test_a_cluster_with_many_rare_events_counts_as_one():
    # 40 memorized samples, but all in 4 clusters of 10.
    values, groups = outcomes(40, 0, 1000), np.repeat(np.arange(100), 10)
    score = paired(sample(values, None, groups), "a", DRAWS)
    assert score.method == "tango"
    np.testing.assert_allclose(bounds(score), tango(4, 0, 100))


def test_equal_weights_change_nothing():
    for values in (outcomes(2, 1, 100), outcomes(50, 10, 200)):
        plain, light = (paired(sample(values, w), "a", DRAWS) for w in (None, np.full(values.size, 0.5)))
        assert light.n == values.size // 2
        assert light.estimate == pytest.approx(plain.estimate)
        if plain.method == light.method:
            np.testing.assert_allclose(bounds(light), bounds(plain), atol=1e-9)


def test_streams_hang_on_seed_and_key_alone():
    one = sample(outcomes(60, 20, 300))
    assert paired(one, "a", DRAWS) == paired(one, "a", DRAWS)
    assert bounds(paired(one, "a", DRAWS)) != bounds(paired(one, "b", DRAWS))
    assert bounds(paired(one, "a", DRAWS)) != bounds(paired(one, "a", Draws(seed=1)))


@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize("memorized", [0, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("base", [0.02, 0.25, 0.9])
def test_the_calibrated_interval_covers_the_truth(n, memorized, base):
    """The audited model is right by chance `base`, or since it memorized; the reference by `base`, independently."""
    rng = np.random.default_rng(n)
    sims, covered = 120, 0
    for i in range(sims):
        honest = (rng.random((2, n)) < base).astype(int)
        lucky = (rng.random((2, n)) < base).astype(int)
        lucky[0] |= rng.random(n) < memorized
        one, two = (sample(gap) for gap in lucky - honest)
        score = calibrated(one, two, ("a", "b"), Draws(replicates=500, seed=i))
        covered += score.low <= memorized * (1 - base) <= score.high
    assert covered / sims > 0.87  # 95 %, less four standard errors


@pytest.mark.parametrize(("share", "method"), [(0.02, "tango"), (0.3, "bootstrap")])
def test_clustered_intervals_cover_the_truth(share, method):
    """Clusters of 1 to 4 copies of one outcome: taken one by one they would cover about 80 %."""
    rng = np.random.default_rng(0)
    sims, covered, methods = 300, 0, []
    for i in range(sims):
        sizes = rng.integers(1, 5, 150)
        values = np.repeat((rng.random(150) < share).astype(int) - (rng.random(150) < 0.01), sizes)
        score = paired(sample(values, None, np.repeat(np.arange(150), sizes)), "a", Draws(replicates=500, seed=i))
        covered += score.low <= share - 0.01 <= score.high
        methods.append(score.method)
    assert covered / sims > 0.9
    assert max(set(methods), key=methods.count) == method
