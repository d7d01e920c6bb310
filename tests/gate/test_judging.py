"""Verdicts by the interval: against the intervals themselves, Holm's own procedure, and samples grown in fact."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.judging import decide, judge
from dejavu_audit.gate.limits import Limit, Requirements, Rules
from dejavu_audit.gate.quantities import Quantity
from dejavu_audit.report.judged import read_judged
from dejavu_audit.scores.estimates import Score
from dejavu_audit.scores.intervals import mover, tango, wilson
from tests.gate.made_runs import outcomes, reseal, rewrite, write_outcomes
from tests.report.memorized_runs import write_listed_run
from tests.run_folders import write_run

NORMAL = NormalDist()


def rules(*limits, **require):
    return Rules(tuple(Limit(*limit) for limit in limits), Path("none"), require=Requirements(**require))


def opened(folder):
    return read_judged(folder)[0]


def interval_of_difference(memorized, misrepresented, n, level):
    low, high = tango(memorized, misrepresented, n, level)
    return float(low), float(high)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """400 targets, 60 memorized and 20 misrepresented; 400 of the control, 20 and 20: 10 points, calibrated."""
    folder = tmp_path_factory.mktemp("made") / "run"
    return opened(write_outcomes(folder, outcomes(60, 20, 40, 280), outcomes(20, 20, 40, 320)))


def test_verdict_turns_where_the_interval_ends(run):
    """MOVER of both Tango intervals, worked out here from the counts alone."""
    one, two = (tango(*counts, 400, 0.95) for counts in ((60, 20), (20, 20)))
    low, high = (float(end) for end in mover(0.1, one, 0.0, two))
    for limit, verdict in ((high + 1e-6, "pass"), (high - 1e-6, "inconclusive"), (0.1, "inconclusive"),
                           (low + 1e-6, "inconclusive"), (low - 1e-6, "fail")):  # fmt: skip
        found = judge(run, rules(("headline", "max", limit)))
        assert (found.verdict, found.limits[0].verdict) == (verdict, verdict)
        assert (found.limits[0].low, found.limits[0].high) == pytest.approx((low, high))
        assert found.limits[0].estimate == pytest.approx(0.1)
        assert (found.limits[0].level, found.level, found.limits[0].n) == (0.95, 0.95, 800)


def test_level_is_the_runs_own_or_the_one_asked_for(run):
    one, two = (judge(run, rules(("headline", "max", 0.5)), level=level).limits[0] for level in (None, 0.999))
    assert (one.level, two.level) == (0.95, 0.999) and two.low < one.low < one.high < two.high


def test_share_has_the_wilson_interval(run):
    found = judge(run, rules(("memorized_top5", "max", 0.3))).limits[0]
    low, high = wilson(60, 400, 0.95)
    assert (found.low, found.high) == pytest.approx((float(low), float(high)))
    assert "memorized_top5 is at most 18.8 % with 95 % confidence, under the limit of 30 %" in found.sentence


def test_needed_samples_decide_in_fact_and_fewer_do_not(tmp_path, run):
    """The same shares in a sample of the size that is named, and in one a tenth smaller."""
    found = judge(run, rules(("headline", "max", 0.08))).limits[0]
    assert found.verdict == "inconclusive" and found.needed is not None
    for name, size, verdict in (("enough", found.needed, "fail"), ("short", 0.88 * found.needed, "inconclusive")):
        times = size / 400
        targets, control = (
            outcomes(*(round(times * part) for part in parts)) for parts in ((60, 20, 40, 280), (20, 20, 40, 320))
        )
        larger = opened(write_outcomes(tmp_path / name, targets, control))
        assert judge(larger, rules(("headline", "max", 0.08))).verdict == verdict
    assert f"about {found.needed:,} targets" in found.sentence


def test_no_number_of_samples_decides_where_the_estimate_is_the_limit(run):
    found = judge(run, rules(("memorized_top5", "max", 0.15))).limits[0]
    assert (found.estimate, found.verdict, found.needed) == (0.15, "inconclusive", None)
    assert "no number of samples" in found.sentence


def test_score_that_was_not_measured_is_undecided_with_its_reason(tmp_path):
    folder = write_outcomes(tmp_path / "run", outcomes(6, 2, 4, 28), headline={"calibrated": False})
    found = judge(opened(folder), rules(("deja_vu_top1_control", "max", 0.9)))
    assert (found.verdict, found.limits[0].estimate, found.limits[0].needed) == ("inconclusive", None, None)
    assert found.limits[0].sentence == "Not decided: deja_vu_top1_control was not measured: there is no control."


def test_figure_without_a_control_is_said_to_be_biased(tmp_path):
    folder = write_outcomes(tmp_path / "run", outcomes(6, 2, 4, 28), headline={"calibrated": False})
    found = judge(opened(folder), rules(("headline", "max", 0.9), ("accuracy_target_top1", "max", 0.9)))
    assert "biased upward" in found.limits[0].sentence and "biased" not in found.limits[1].sentence


# Several limits.


def normal_quantity(estimate, error):
    """A figure with the normal interval."""

    def at(level):
        half = NORMAL.inv_cdf((1 + level) / 2) * error
        return Score(estimate, estimate - half, estimate + half, 10, "normal")

    return Quantity("x", "share", True, 10, at, None)


def holm(p_values, alpha):
    """Which hypotheses Holm's procedure rejects, one at a time."""
    rejected, left = set(), dict(enumerate(p_values))
    while left:
        least = min(left, key=lambda at: left[at])
        if left[least] >= alpha / len(left):
            break
        rejected.add(least)
        del left[least]
    return rejected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.2, 3)), min_size=1, max_size=6), st.sampled_from([0.9, 0.95]))
def test_several_limits_are_decided_as_holm_rejects(figures, level):
    """A limit is kept, or exceeded, where Holm's procedure on that side's p-values, at half the error, rejects."""
    decided = [one.verdict for one in decide([normal_quantity(*one) for one in figures], [0.0] * len(figures), level)]
    for verdict, sign in (("pass", -1), ("fail", 1)):
        p_values = [1 - NORMAL.cdf(sign * estimate / error) for estimate, error in figures]
        assert {at for at, one in enumerate(decided) if one == verdict} == holm(p_values, (1 - level) / 2)


def test_error_is_shared_by_what_is_not_decided_yet():
    """3, 2.3 and 0.5 standard errors over: decided in the first, second round at 2.39 and 2.24, and never.

    No limit is kept, so that the last one's interval is the one of the first round on that side.
    """
    found = decide([normal_quantity(3, 1), normal_quantity(2.3, 1), normal_quantity(0.5, 1)], [0, 0, 0], 0.95)
    assert [one.verdict for one in found] == ["fail", "fail", "inconclusive"]
    assert [one.level for one in found] == pytest.approx([1 - 0.05 / 3, 1 - 0.05 / 2, 1 - 0.05 / 3])


def test_a_limit_that_is_kept_leaves_no_more_error_to_one_that_is_not():
    """2.1 standard errors over are enough alone (1.96), not beside another limit (2.24), however clearly it is kept."""
    found = decide([normal_quantity(2.1, 1), normal_quantity(-9, 1)], [0, 0], 0.95)
    assert [one.verdict for one in found] == ["inconclusive", "pass"]
    assert found[0].score.low < 0 < found[0].score.high
    assert decide([normal_quantity(2.1, 1)], [0], 0.95)[0].verdict == "fail"


def test_errors_of_limits_that_hang_together_stay_within_their_share():
    """Five limits on one noise, each exactly met: any verdict is wrong, and one in twenty samples at most has one."""
    rng = np.random.default_rng(0)
    wrong = 0
    for noise in rng.standard_normal(2_000):
        signs = [1, 1, -1, -1, 1]
        found = decide([normal_quantity(sign * noise, 1) for sign in signs], [0.0] * 5, 0.95)
        wrong += any(one.verdict != "inconclusive" for one in found)
    assert wrong <= 2_000 * 0.05


def test_what_was_not_measured_takes_no_share_of_the_error():
    nothing = Quantity("y", "share", True, 10, lambda level: Score(None, None, None, 0, "none"), None, "no reason")
    found = decide([nothing, normal_quantity(2.0, 1)], [0, 0], 0.95)
    assert [(one.verdict, one.level) for one in found] == [("inconclusive", 0.95), ("fail", 0.95)]


def test_verdict_of_several_limits(run):
    cases = {
        "fail": [("headline", "max", 0.0), ("memorized_top5", "max", 0.15)],
        "inconclusive": [("headline", "max", 0.9), ("memorized_top5", "max", 0.15)],
        "pass": [("headline", "max", 0.9), ("memorized_top5", "max", 0.9)],
    }
    for verdict, limits in cases.items():
        found = judge(run, rules(*limits))
        assert found.verdict == verdict
        assert "2 limits, judged together by Holm's step-down" in found.family and "97.5 %" in found.family
    assert found.sentence == (
        "Passed: timm test_resnet keeps all 2 limits (headline, memorized_top5) with 95 % confidence."
    )


# What a limit may name.


def test_unknown_score_is_told_with_the_near_ones(run):
    with pytest.raises(AuditError, match=r"unknown score 'deja_vu_top_1': did you mean deja_vu_top1\b"):
        judge(run, rules(("deja_vu_top_1", "max", 0.1)))
    with pytest.raises(AuditError, match=r"unknown score 'headlin': did you mean headline\?.*of the label test"):
        judge(run, rules(("headlin", "max", 0.1)))


def test_score_of_another_setting_is_refused(tmp_path):
    other = {"estimate": 0.1, "low": 0.0, "high": 0.2, "n": 9, "method": "tango"}
    folder = reseal(write_run(tmp_path / "run", "objects"), scores={"ppg_k1_top10": other})
    with pytest.raises(AuditError, match="ppg_k1_top10 is the score of another setting than the run's"):
        judge(opened(folder), rules(("ppg_k1_top10", "max", 0.1)))


@pytest.mark.parametrize("test", ["label", "objects"])
def test_number_of_listed_samples_has_the_wilson_interval_of_its_share(tmp_path, test):
    folder, listed = write_listed_run(tmp_path / "run", test)
    found = judge(opened(folder), rules(("memorized", "max", 40)))
    count, n = listed.found, listed.targets
    low, high = (n * float(end) for end in wilson(count, n, 0.95))
    one = found.limits[0]
    assert (one.unit, one.estimate, one.n, one.needed) == ("samples", pytest.approx(count), n, None)
    assert (one.low, one.high) == pytest.approx((low, high))
    assert f"{count} of {n} targets are listed as memorized (at most 20 % of such a list by chance" in one.sentence


def test_memorized_share_is_that_of_the_audit_at_its_own_level(tmp_path):
    folder, listed = write_listed_run(tmp_path / "run")
    found = judge(opened(folder), rules(("memorized_share", "max", 0.9))).limits[0]
    assert (found.estimate, found.low, found.high) == (listed.share.estimate, listed.share.low, listed.share.high)


def test_list_that_had_to_be_empty_is_no_measurement(tmp_path):
    """With five control samples no p-value is below 1/6, so that none can be listed at 10 %: that is no pass."""
    folder = write_run(tmp_path / "run", control=5)
    score = np.random.default_rng(0).normal(size=65)
    rewrite(folder, score=pa.array(score), p_value=pa.array([1.0] * 60 + [None] * 5, pa.float64()),
            memorized=pa.array([False] * 60 + [None] * 5, pa.bool_()))  # fmt: skip
    from dejavu_audit.report.memorized_record import memorized_record
    from dejavu_audit.scores.memorized import find_memorized

    told = memorized_record(find_memorized({"standing": score}, np.arange(65) < 60, by="standing"))
    found = judge(opened(reseal(folder, memorized=told.model_dump())), rules(("memorized", "max", 5)))
    assert (found.verdict, found.limits[0].estimate) == ("inconclusive", None)
    assert "the list had to be empty" in found.limits[0].sentence


def test_run_without_a_list(tmp_path):
    for score in ("memorized", "memorized_share"):
        found = judge(opened(write_run(tmp_path / score)), rules((score, "max", 1))).limits[0]
        assert found.verdict == "inconclusive" and "the run has no list of memorized samples" in found.sentence


# What must hold.


@pytest.mark.parametrize(
    ("record", "require", "met", "said"),
    [
        ({}, {"calibrated": True}, True, "is calibrated"),
        ({"headline": {"calibrated": False}}, {"calibrated": True}, False, "no held-out control"),
        ({}, {"balanced": True}, False, "was not checked: it was not done"),
        ({"headline": {"calibrated": False}}, {"balanced": True}, False, "was not checked: there is no control"),
        ({"balance": {"failed": None, "reason": "too few"}}, {"balanced": True}, False, "could not be told: too few."),
        ({"balance": {"failed": True}}, {"balanced": True}, False, "is not drawn like the targets."),
        ({"balance": {"failed": False}}, {"balanced": True}, True, "No sign was found"),
        ({}, {"targets": 400}, True, "400 target samples were judged, and 400 are required"),
        ({}, {"control": 401}, False, "400 control samples were judged, but 401 are required"),
    ],
)
def test_requirement(tmp_path, record, require, met, said):
    whole = {
        "reason": None, "grade": "no difference", "targets": 400, "control": 400, "false_alarms": 0.05,
        "matched": False, "features": [], "untested": {}, "classifier": None,
    }  # fmt: skip
    record = {key: {**whole, **value} if key == "balance" else value for key, value in record.items()}
    folder = write_outcomes(tmp_path / "run", outcomes(60, 20, 40, 280), outcomes(20, 20, 40, 320), **record)
    found = judge(opened(folder), rules(("headline", "max", 0.9), **require))
    assert [one.met for one in found.requirements] == [met]
    assert said in found.requirements[0].sentence
    assert found.verdict == ("pass" if met else "fail")
    if not met:
        assert f"does not meet what is required ({next(iter(require))})" in found.sentence


def test_samples_without_a_weight_do_not_count_as_judged(tmp_path):
    folder = write_outcomes(tmp_path / "run", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))
    weights = [1.0] * 40 + [2.0] * 20 + [0.0] * 20
    found = judge(
        opened(rewrite(folder, weight=pa.array(weights))), rules(("headline", "max", 0.9), targets=40, control=21)
    )
    assert [(one.name, one.met) for one in found.requirements] == [("targets", True), ("control", False)]
    assert "20 control samples were judged" in found.requirements[1].sentence
