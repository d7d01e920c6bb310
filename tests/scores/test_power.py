from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dejavu_audit.scores import power as p
from dejavu_audit.scores.conformal import benjamini_hochberg, p_values, reach
from dejavu_audit.scores.estimates import Draws, calibrated, sample
from dejavu_audit.scores.intervals import mover, tango
from dejavu_audit.scores.outcomes import Outcomes, Sizes

AUDITS = 20_000
"""Simulated audits a setting: a share of one half has a standard error of 0.35 points."""


def simulated(base, n, m, effect, seed=1):
    """(AUDITS, 2) low and high, of counts drawn from the four kinds of samples with memorization put on top."""
    rng = np.random.default_rng(seed)
    kinds = [base.up, base.down, base.both, 1 - base.up - base.down - base.both]
    parts = []
    for size, share in ((n, effect / base.most), (m, 0.0)):
        up, down, _, neither = rng.multinomial(size, kinds, AUDITS).T
        lifted, freed = rng.binomial(neither, share), rng.binomial(down, share)  # f right whatever it would have said
        up, down = up + lifted, down - freed
        parts += [(up - down) / size, tango(up, down, size)]
    return np.stack(mover(*parts), axis=1)


@pytest.mark.parametrize(
    ("base", "n", "m", "effect"),
    [
        (Outcomes(0.01, 0.01), 200, 200, 0.06),  # rare: 4 discordant of the control expected
        (Outcomes(0.002, 0.006, 0.002), 300, 1_500, 0.03),
        (Outcomes(0.08, 0.05, 0.1), 300, 300, 0.08),
        (Outcomes(0.1, 0.3, 0.5), 100, 400, 0.2),
        (Outcomes(0.2, 0.1, 0.1), 9_000, 8_000, 0.015),  # plenty: normal counts and intervals
    ],
)
def test_widths_and_chances_are_those_of_simulated_audits(base, n, m, effect):
    seen, sizes = simulated(base, n, m, effect), Sizes(n, m)
    assert 2 * p.half_width(base, sizes, effect=effect) == pytest.approx((seen[:, 1] - seen[:, 0]).mean(), rel=0.01)
    for limit in (0.0, effect / 2):
        assert p.power(base, sizes, effect, limit=limit) == pytest.approx((seen[:, 0] > limit).mean(), abs=0.015)
    for limit in (1.5 * effect, 2 * effect):
        chance = p.pass_chance(base, sizes, effect, limit=limit)
        assert chance == pytest.approx((seen[:, 1] < limit).mean(), abs=0.015)


def test_the_interval_is_the_one_that_an_audit_makes():
    rng = np.random.default_rng(0)
    for n, m in ((40, 60), (300, 300)):
        targets, control = (
            rng.choice([-1, 0, 1], n, p=[0.05, 0.8, 0.15]),
            rng.choice([-1, 0, 1], m, p=[0.05, 0.9, 0.05]),
        )
        score = calibrated(sample(targets), sample(control), ("a", "b"), Draws())
        counts = [(np.array([(of == 1).sum()]), np.array([(of == -1).sum()])) for of in (targets, control)]
        one, two = (p._paired(some, size, 0.95) for some, size in zip(counts, (n, m), strict=True))
        low, high = mover(targets.mean(), one, control.mean(), two)
        assert (score.low, score.high) == pytest.approx((low.item(), high.item()), abs=1e-9)
        # What stands for Tango's interval where there is plenty is not far from it even here.
    plain, exact = (p._paired((np.array([3_000]), np.array([1_500])), 10_000, 0.95), tango(3_000, 1_500, 10_000))
    assert [bound.item() for bound in plain] == pytest.approx([float(bound) for bound in exact], abs=3e-5)


def test_for_common_outcomes_it_is_the_textbook_formula():
    # Discordance 0.2 of equal skill: variance 0.2 a sample. +-1.96 sqrt(0.2 / 10,000 + 0.2 / 10,000) = 0.012396.
    base, sizes = Outcomes.discordant(0.2), Sizes(10_000, 10_000)
    assert p.half_width(base, sizes) == pytest.approx(0.012396, rel=2e-3)
    # (1.96 + 0.8416) standard errors of 0.0063246 are 0.01772 and, as the targets' variance grows, a little more.
    assert p.detectable(base, sizes) == pytest.approx(0.01772, rel=0.03)
    assert p.detectable(base, sizes) > 0.01772


def test_the_normal_approximation_would_mislead_where_outcomes_are_rare():
    base, sizes = Outcomes.discordant(0.004), Sizes(100, 100)
    naive = 1.96 * (0.004 / 100 * 2) ** 0.5
    assert p.half_width(base, sizes) > 1.8 * naive


def test_what_is_detectable_has_the_power_that_was_asked_and_no_less_effect_has():
    for base, sizes in ((Outcomes(0.01, 0.01), Sizes(300, 300)), (Outcomes(0.2, 0.1, 0.2), Sizes(400, 1_000))):
        least = p.detectable(base, sizes, chance=0.8)
        assert p.power(base, sizes, least) >= 0.8
        assert p.power(base, sizes, 0.97 * least) < 0.8


def test_too_few_samples_detect_nothing():
    assert p.detectable(Outcomes.discordant(0.2), Sizes(2, 2)) is None
    assert p.detectable(Outcomes(0.5, 0.0, 0.5), Sizes(100, 100)) is None  # everything is right already
    assert "no memorization can be detected" in p.foresight(Outcomes.discordant(0.2), Sizes(2, 2))


def test_power_is_vectorised_rises_with_the_effect_and_falls_with_the_limit():
    base, sizes = Outcomes(0.02, 0.03, 0.1), Sizes(300, 500)
    effects = np.linspace(0, 0.3, 12).reshape(3, 4)
    chances = p.power(base, sizes, effects)
    assert chances.shape == (3, 4)
    assert np.all(np.diff(chances.ravel()) >= -0.005)
    assert chances[1, 2] == pytest.approx(p.power(base, sizes, effects[1, 2]))
    assert p.power(base, sizes, 0.1, limit=0.05) < p.power(base, sizes, 0.1)
    assert chances[0, 0] <= 0.025 + 0.02  # a false alarm at no memorization


def test_needed_for_a_width():
    base = Outcomes.discordant(0.2)
    # 2 * 1.96 sqrt(2 * 0.2 / n) = 0.02: n = 4 * 3.8415 * 0.4 / 0.0004 = 15,366.
    found = p.needed_for_width(base, 0.02, like=Sizes(100, 100))
    assert found.targets == found.control == pytest.approx(15_366, rel=0.01)
    assert 2 * p.half_width(base, found) <= 0.02
    # With 20,000 control samples: 4 * 3.8415 (0.2 / n + 0.00001) = 0.0004 gives n = 12,476.
    assert p.needed_for_width(base, 0.02, like=Sizes(1, 20_000), fixed="control").targets == pytest.approx(
        12_476, rel=0.01
    )
    assert p.needed_for_width(base, 0.02, like=Sizes(12_476, 1), fixed="targets").control == pytest.approx(
        20_000, rel=0.02
    )
    # A control of 1,000 alone is +-2.8 points: no number of targets makes up for it.
    assert p.needed_for_width(base, 0.02, like=Sizes(1, 1_000), fixed="control") is None
    # Without a control, half the variance; pairs of equal samples, twice the samples.
    alone = p.needed_for_width(base, 0.02, like=Sizes(1, 0))
    assert (alone.targets, alone.control) == (pytest.approx(15_366 / 2, rel=0.01), 0)
    pairs = p.needed_for_width(base, 0.02, like=Sizes(1, 1, 2.0, 2.0))
    assert pairs.targets == pytest.approx(2 * 15_366, rel=0.01)
    with pytest.raises(ValueError, match="nothing to look for"):
        p.needed_for_width(base, 0.02, like=Sizes(1, 0), fixed="targets")


def test_needed_for_a_gate():
    base = Outcomes.discordant(0.2)
    # (1.96 + 0.8416) sqrt(0.4 / n) = 0.03: n = 3,488.
    found = p.needed_for_limit(base, 0.03, effect=0.0, like=Sizes(1, 1))
    assert found.targets == pytest.approx(3_488, rel=0.02)
    assert p.pass_chance(base, found, 0.0, limit=0.03) >= 0.8
    # Nearer to the limit it takes more; at 90 % power too.
    assert p.needed_for_limit(base, 0.03, effect=0.015, like=Sizes(1, 1)).targets > 3.9 * found.targets
    assert p.needed_for_limit(base, 0.03, effect=0.0, like=Sizes(1, 1), chance=0.9).targets > 1.25 * found.targets


def test_clusters_count_as_the_independent_samples_that_they_are_worth():
    base = Outcomes.discordant(0.2)
    assert p.half_width(base, Sizes(600, 900, 3.0, 3.0)) == p.half_width(base, Sizes(200, 300))
    assert Sizes(1, 1, 5.0, 5.0).effective == (1, 1)


def test_the_symmetric_test_halves_the_difference():
    base, sizes = Outcomes(0.1, 0.1), Sizes(500, 500, symmetric=True)
    assert p.half_width(base, sizes) == pytest.approx(p.half_width(base, Sizes(500, 500)) / 2)
    # Both remember: at effect e the difference of both sets is 2 e, and half of it e again.
    low, high = p._bounds(base, sizes, np.asarray(0.1), 0.95)
    assert ((low + high) / 2).mean() == pytest.approx(0.1, abs=0.003)


def test_outcomes_from_accuracies():
    # f 0.4, g 0.2, independent: both 0.08, up 0.32, down 0.12. On the same samples: both 0.2, up 0.2, down 0.
    one, two, half = (Outcomes.of_accuracies(0.4, 0.2, overlap) for overlap in (0, 1, 0.5))
    assert (one.up, one.down, one.both) == pytest.approx((0.32, 0.12, 0.08))
    assert (two.up, two.down, two.both) == pytest.approx((0.2, 0.0, 0.2))
    assert half.discordance == pytest.approx(0.32)
    assert one.gap == two.gap == half.gap == pytest.approx(0.2)
    # Memorizing a tenth of the 0.6 that f gets wrong: 0.06. Of 0.48 neither and 0.12 down a tenth is taken.
    up, down = one.remembering(0.06)
    assert (float(up), float(down)) == pytest.approx((0.368, 0.108))
    with pytest.raises(ValueError, match="sum to at most 1"):
        Outcomes(0.7, 0.2, 0.2)
    with pytest.raises(ValueError, match=r"memorization must lie between 0 and 0\.6"):
        p.power(one, Sizes(10, 10), 0.7)


@pytest.mark.parametrize("q", [0.05, 0.1, 0.3, 1 / 3])
def test_with_the_control_for_a_list_it_can_have_an_entry_and_with_one_less_not(q):
    m = p.control_for_list(q)
    for control, filled in ((m, True), (m - 1, False)):
        if control:
            listed = benjamini_hochberg(p_values(np.ones(20), np.zeros(control), seed=0), q)
            assert listed.any() == filled == reach(20, q, control).possible


def test_control_for_a_rate():
    assert [p.control_for_rate(rate) for rate in (0.01, 0.001, 0.3)] == [100, 1_000, 4]


def test_one_sentence():
    said = p.foresight(Outcomes.discordant(0.2), Sizes(10_000, 10_000))
    assert said == (
        "with 20 % of the samples discordant the 95 % interval will be about +-1.2 points, "
        "and memorization of 1.8 points or more can be detected with 80 % power"
    )


def test_the_draws_of_counts_follow_the_trinomial():
    ups, downs = p._counts(40, np.asarray(0.05), np.asarray(0.2), *p._points()[:2])
    for drawn, share in ((ups, 0.05), (downs, 0.2)):
        expected = stats.binom.pmf(np.arange(41), 40, share)
        assert np.bincount(drawn.astype(int), minlength=41) / len(drawn) == pytest.approx(expected, abs=0.01)
    assert np.cov(ups, downs)[0, 1] == pytest.approx(-40 * 0.05 * 0.2, abs=0.08)
