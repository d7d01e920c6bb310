from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from dejavu_audit.scores.intervals import mover, tango, wilson

tables = st.integers(1, 200).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda b: st.tuples(st.just(b), st.integers(0, n - b), st.just(n)))
)


def score_test(b, c, n, delta):
    """Tango's statistic by brute force: maximise the likelihood under the hypothesis numerically, then divide."""

    def loss(q):
        cells = ((b, q + delta), (c, q), (n - b - c, 1 - 2 * q - delta))
        return -sum(k * math.log(p) if p > 0 else -math.inf for k, p in cells if k)

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
    q = min((low, q, high), key=loss)
    return (b - c - n * delta) / math.sqrt(n * (2 * q + delta - delta**2))


@pytest.mark.parametrize(
    ("b", "c", "n", "level", "low", "high"),
    [
        # Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009), 1 and 7 discordant of 21:
        # -0.517 to -0.026 in Fagerland, Lydersen and Laake, Statistical Analysis of Contingency Tables, 2017.
        (1, 7, 21, 0.95, -0.517, -0.026),
        # What R's PropCIs::scoreci.mp(25, 28, 618, 0.90) gives: (c - b) / n, hence turned round.
        (28, 25, 618, 0.90, -0.0148, 0.0247),
    ],
)
def test_tango_gives_published_bounds(b, c, n, level, low, high):
    digits = 3 if n == 21 else 4
    assert [round(float(x), digits) for x in tango(b, c, n, level)] == [low, high]


@pytest.mark.parametrize("n", [1, 20, 100, 5000])
def test_tango_without_discordant_pairs(n):
    # The likelihood puts nothing beside delta: the statistic is n delta / sqrt(n delta (1 - delta)) = z, so
    # n delta = z^2 (1 - delta) and delta = z^2 / (n + z^2).
    z = stats.norm.ppf(0.975)
    np.testing.assert_allclose(tango(0, 0, n), (-(z**2) / (n + z**2), z**2 / (n + z**2)), rtol=1e-9)


@pytest.mark.parametrize(("b", "c", "n"), [(9, 2, 100), (3, 1, 40), (5, 5, 30), (1, 8, 2000), (20, 3, 30), (4, 0, 60)])
def test_tango_inverts_the_score_test(b, c, n):
    low, high = tango(b, c, n)
    z = stats.norm.ppf(0.975)
    assert score_test(b, c, n, float(low)) == pytest.approx(z, abs=1e-4)
    assert score_test(b, c, n, float(high)) == pytest.approx(-z, abs=1e-4)


@settings(deadline=None)
@given(tables)
def test_tango_holds_the_estimate_and_turns_with_the_sides(table):
    b, c, n = table
    low, high = tango(b, c, n)
    assert -1 - 1e-12 <= low <= (b - c) / n + 1e-12
    assert (b - c) / n - 1e-12 <= high <= 1 + 1e-12
    np.testing.assert_allclose(tango(c, b, n), (-high, -low), atol=1e-9)


@settings(deadline=None)
@given(tables)
def test_more_confidence_is_wider(table):
    (low, high), (lower, higher) = tango(*table, 0.9), tango(*table, 0.99)
    assert lower <= low + 1e-12
    assert higher >= high - 1e-12


def test_tango_takes_arrays_and_broken_counts():
    low, high = tango(np.array([1, 7]), np.array([7, 1]), 21)
    np.testing.assert_allclose(low, -high[::-1])
    # Between the whole counts 2 and 3 lies what 2.5 gives.
    assert float(tango(2, 0, 50)[1]) < float(tango(2.5, 0, 50)[1]) < float(tango(3, 0, 50)[1])


def test_wilson_by_hand():
    # x = 5 of 10, z = 1.96: centre 1/2, half width z sqrt(0.25/10 + z^2/400) / (1 + z^2/10) = 0.2634 (to 4 digits).
    assert [round(float(x), 4) for x in wilson(5, 10)] == [0.2366, 0.7634]


def test_wilson_at_the_edges():
    z2 = stats.norm.ppf(0.975) ** 2
    # No success in 10: 0 to z^2 / (10 + z^2).
    np.testing.assert_allclose(wilson(0, 10), (0, z2 / (10 + z2)), atol=1e-12)
    # One success: at the lower bound a Poisson rate gives one or more with chance 5 %: -ln(0.95) / n.
    assert float(wilson(1, 1000)[0]) == pytest.approx(-math.log(0.95) / 1000)
    np.testing.assert_allclose(wilson(9, 10), tuple(1 - x for x in wilson(1, 10))[::-1])


@pytest.mark.parametrize("n", [20, 100, 1000])
def test_wilson_never_covers_much_too_little(n):
    """Exact coverage over a fine grid of rates, summed over the binomial."""
    low, high = wilson(np.arange(n + 1), n)
    for p in np.concatenate([np.linspace(1e-4, 8 / n, 150), np.linspace(0.05, 0.95, 50)]):
        covered = (low <= p) & (p <= high)
        assert stats.binom.pmf(np.arange(n + 1), n, p)[covered].sum() > 0.92


def test_mover_by_hand():
    # 0.5 in (0.2, 0.9) minus 0.1 in (-0.3, 0.5): 0.4, down by sqrt(0.3^2 + 0.4^2) = 0.5, up by sqrt(0.4^2 + 0.4^2).
    low, high = mover(0.5, (np.array(0.2), np.array(0.9)), 0.1, (np.array(-0.3), np.array(0.5)))
    assert float(low) == pytest.approx(-0.1)
    assert float(high) == pytest.approx(0.4 + math.sqrt(0.32))


@pytest.mark.parametrize(
    ("n", "up", "down"), [(100, 0.01, 0.01), (100, 0.03, 0.0), (300, 0.012, 0.01), (2000, 0.002, 0.001)]
)
def test_tango_and_mover_cover_rare_events(n, up, down):
    rng = np.random.default_rng(n)
    sims = 20_000
    t, h = rng.multinomial(n, [up, down, 1 - up - down], sims), rng.multinomial(n, [down, down, 1 - 2 * down], sims)
    on_t, on_h = tango(t[:, 0], t[:, 1], n), tango(h[:, 0], h[:, 1], n)
    both = mover((t[:, 0] - t[:, 1]) / n, on_t, (h[:, 0] - h[:, 1]) / n, on_h)
    for low, high in (on_t, both):
        assert np.mean((low <= up - down + 1e-12) & (up - down <= high + 1e-12)) > 0.935


@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize("share", [0.002, 0.02, 0.05, 0.1, 0.3])
def test_tango_keeps_its_level_exactly(n, share):
    """Coverage summed over the trinomial, for discordant samples of one side, mostly of one side, and of both alike."""
    most = int(stats.binom.ppf(1 - 1e-9, n, share))
    b, c = (each.ravel() for each in np.meshgrid(np.arange(most + 1), np.arange(most + 1), indexing="ij"))
    b, c = b[b + c <= n], c[b + c <= n]
    low, high = tango(b, c, n)
    for up in (share, 0.8 * share, 0.5 * share):
        down = share - up
        chance = stats.multinomial.pmf(np.stack([b, c, n - b - c], axis=1), n, [up, down, 1 - share])
        covered = chance[(low - 1e-9 <= up - down) & (up - down <= high + 1e-9)].sum()
        assert covered > 0.93
        if n * share >= 10:
            assert covered < 0.965
