from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.scores import estimates
from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.estimates import NOTHING, Draws, calibrated, paired, proportion, sample, scores_of
from dejavu_audit.scores.intervals import mover, tango, wilson

DRAWS = Draws()
BOOTSTRAPS = ("percentile", "bca", "studentised")


def outcomes(up, down, n):
    return np.repeat([1, -1, 0], [up, down, n - up - down])


def bounds(score):
    return score.low, score.high


@pytest.mark.parametrize("interval", ["auto", *BOOTSTRAPS])
def test_nothing_to_measure_is_not_zero(interval):
    none, draws = sample([]), Draws(interval=interval)
    for score in (
        paired(none, "a", draws),
        proportion(none, "a", draws),
        calibrated(sample([1]), none, ("a", "b"), draws),
    ):
        assert score == NOTHING
        assert (score.estimate, score.low, score.high, score.n) == (None, None, None, 0)


@pytest.mark.parametrize(("up", "down"), [(0, 0), (5, 4), (60, 20), (95, 0), (100, 0)])
def test_a_paired_difference_has_tangos_interval_and_a_share_wilsons(up, down):
    of = sample(outcomes(up, down, 100))
    score = paired(of, "a", DRAWS)
    assert (score.method, score.n, score.estimate) == ("tango", 100, pytest.approx((up - down) / 100))
    np.testing.assert_allclose(bounds(score), tango(up, down, 100), atol=1e-12)
    if not down:
        share = proportion(of, "a", DRAWS)
        assert share.method == "wilson"
        np.testing.assert_allclose(bounds(share), wilson(up, 100), atol=1e-12)


def test_a_difference_is_movers_of_both_intervals():
    one, two = sample(outcomes(40, 10, 100)), sample(outcomes(2, 1, 60))
    score = calibrated(one, two, ("a", "b"), DRAWS)
    expected = mover(0.3, tango(40, 10, 100), 1 / 60, tango(2, 1, 60))
    assert (score.method, score.n, score.estimate) == ("mover-tango", 160, pytest.approx(0.3 - 1 / 60))
    np.testing.assert_allclose(bounds(score), expected, atol=1e-12)


@pytest.mark.parametrize("interval", ["auto", *BOOTSTRAPS])
def test_every_interval_is_as_wide_as_theory_says(interval):
    # 30 % up, 10 % down of 1,000: variance 0.4 - 0.2^2 = 0.36, so +-1.96 * 0.6 / sqrt(1000) = 0.0372.
    one, draws = sample(outcomes(300, 100, 1000)), Draws(interval=interval)
    score = paired(one, "a", draws)
    assert score.high - score.low == pytest.approx(2 * 0.0372, rel=0.08)
    # The difference of two such is sqrt(2) times as wide.
    both = calibrated(one, one, ("a", "b"), draws)
    assert both.high - both.low == pytest.approx(2 * 0.0372 * 2**0.5, rel=0.08)
    assert both.method == (interval if interval != "auto" else "mover-tango")


@pytest.mark.parametrize("interval", BOOTSTRAPS)
def test_where_nothing_varies_no_bootstrap_is_taken_for_certainty(interval):
    draws = Draws(interval=interval)
    still, moving = sample(np.zeros(50)), sample(outcomes(20, 10, 100))
    assert paired(still, "a", draws) == paired(still, "a", DRAWS)
    assert calibrated(still, still, ("a", "b"), draws).method == "mover-tango"
    # One side that varies is enough.
    assert calibrated(moving, still, ("a", "b"), draws).method == interval


def test_what_is_too_varied_to_be_resampled_gets_a_score_interval(monkeypatch):
    monkeypatch.setattr(estimates, "MANY", 2)
    assert paired(sample(outcomes(20, 10, 100)), "a", Draws(interval="bca")).method == "tango"
    assert paired(sample(outcomes(20, 0, 100)), "a", Draws(interval="bca")).method == "bca"


@pytest.mark.parametrize("interval", ["auto", *BOOTSTRAPS])
@pytest.mark.parametrize(("up", "down"), [(60, 20), (6, 3)])
def test_duplicates_in_a_cluster_add_nothing(up, down, interval):
    """Every sample four times over: as clusters the interval stays, as samples of their own it halves."""
    once, draws = outcomes(up, down, 200), Draws(interval=interval)
    alone = paired(sample(once), "a", draws)
    copies = np.tile(once, 4)
    clustered = paired(sample(copies, None, dense(np.tile(np.arange(200), 4))), "a", draws)
    blind = paired(sample(copies), "a", draws)
    width = [s.high - s.low for s in (alone, clustered, blind)]
    assert clustered.n == 800
    assert width[1] == pytest.approx(width[0], rel=0.02)
    assert width[2] < 0.7 * width[1]


def test_many_scores_at_once_are_those_one_by_one():
    seen = {"a": sample(outcomes(40, 10, 100)), "b": sample(outcomes(3, 0, 60)), "none": None}
    for interval in ("auto", "studentised"):
        draws = Draws(interval=interval)
        got = scores_of(seen, {"x": ("a",), "y": ("a", "b"), "z": ("none", "a")}, draws)
        assert got["x"] == paired(seen["a"], "a", draws)
        assert got["y"] == calibrated(seen["a"], seen["b"], ("a", "b"), draws)
        assert got["z"] == NOTHING


@pytest.mark.parametrize("interval", BOOTSTRAPS)
def test_streams_hang_on_seed_and_key_alone(interval):
    one, draws = sample(outcomes(60, 20, 300)), Draws(interval=interval)
    assert paired(one, "a", draws) == paired(one, "a", draws)
    assert bounds(paired(one, "a", draws)) != bounds(paired(one, "b", draws))
    assert bounds(paired(one, "a", draws)) != bounds(paired(one, "a", Draws(seed=1, interval=interval)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-1, 1), min_size=1, max_size=60),
    st.lists(st.integers(-1, 1), min_size=1, max_size=60),
    st.sampled_from(["auto", *BOOTSTRAPS]),
)
def test_intervals_hold_the_estimate_and_are_finite(one, two, interval):
    score = calibrated(sample(one), sample(two), ("a", "b"), Draws(replicates=60, interval=interval))
    assert -2 - 1e-9 <= score.low <= score.estimate <= score.high <= 2 + 1e-9


@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize("memorized", [0, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("base", [0.02, 0.25, 0.9])
def test_the_calibrated_interval_covers_the_truth(n, memorized, base):
    """The audited model is right by chance `base`, or since it memorized; the reference by `base`, independently."""
    rng = np.random.default_rng(n)
    sims, covered = 120, 0
    for _ in range(sims):
        honest = (rng.random((2, n)) < base).astype(int)
        lucky = (rng.random((2, n)) < base).astype(int)
        lucky[0] |= rng.random(n) < memorized
        one, two = (sample(gap) for gap in lucky - honest)
        score = calibrated(one, two, ("a", "b"), DRAWS)
        covered += score.low <= memorized * (1 - base) <= score.high
    assert covered / sims > 0.87  # 95 %, less four standard errors


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_clustered_intervals_cover_the_truth(share):
    """Clusters of 1 to 4 copies of one outcome: taken one by one they would cover about 80 %."""
    rng = np.random.default_rng(0)
    sims, covered = 300, 0
    for _ in range(sims):
        sizes = rng.integers(1, 5, 150)
        values = np.repeat((rng.random(150) < share).astype(int) - (rng.random(150) < 0.01), sizes)
        score = paired(sample(values, None, np.repeat(np.arange(150), sizes)), "a", DRAWS)
        covered += score.low <= share - 0.01 <= score.high
    assert covered / sims > 0.9
