from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.planning.sureness import assumptions, memorized_list, planned_sizes, rates, sureness
from dejavu_audit.planning.wishes import Wishes
from dejavu_audit.scores import power
from dejavu_audit.scores.outcomes import Outcomes, Sizes
from tests.run_folders import write_run


def test_guesses_where_nothing_is_known():
    label, objects = (assumptions(Wishes(), test, 0.95) for test in ("label", "objects"))
    assert [(name, base.discordance) for name, _, base in label] == [("typical", 0.2), ("cautious", 0.4)]
    assert [(name, base.discordance) for name, _, base in objects] == [("typical", 0.8), ("cautious", 1.0)]
    assert all("a guess" in basis for _, basis, _ in label + objects)


def test_expected_accuracies_and_a_pilot_take_their_place(tmp_path):
    typical, cautious = assumptions(Wishes(expect_accuracy=(0.4, 0.2)), "label", 0.95)
    assert (typical[2].discordance, cautious[2].discordance) == pytest.approx((0.32, 0.44))
    with pytest.raises(AuditError, match="this is the object test"):
        assumptions(Wishes(expect_accuracy=(0.4, 0.2)), "objects", 0.95)
    run = write_run(tmp_path / "run", part=["memorized"] * 75 + ["unassociated"] * 15)
    typical, cautious = assumptions(Wishes(pilot=str(run)), "label", 0.95)
    assert "30 control samples of" in typical[1]
    assert cautious[2].discordance > typical[2].discordance == pytest.approx(0.5)


def test_what_is_lost_and_clusters_make_fewer_samples(planned, monkeypatch):
    plan, _ = planned()
    sizes = planned_sizes(plan, 0.25)
    assert (sizes.targets, sizes.control, sizes.target_design) == (18, 15, 1.0)
    # Pairs of two: of 24 targets 12 independent ones.
    module = "dejavu_audit.planning.sureness.group_numbers"
    monkeypatch.setattr(module, lambda dataset, rows: np.arange(len(rows)) // 2)
    assert planned_sizes(plan, 0.0).effective == (12, 10)


def test_wishes_are_answered_by_the_formulas():
    base, sizes = Outcomes.discordant(0.2), Sizes(2_000, 3_000)
    told = sureness("typical", "", base, sizes, Wishes(width=0.04, limit=0.03, below=0.02), 0.95)
    assert told.half_width == power.half_width(base, sizes)
    assert told.detectable == power.detectable(base, sizes)
    assert told.passes == power.pass_chance(base, sizes, 0.01, limit=0.03)
    equal = power.needed_for_width(base, 0.04, like=sizes)
    assert (told.for_width.equal.targets, told.for_width.equal.control) == (equal.targets, equal.control)
    assert told.for_width.with_this_control.control == 3_000
    found = told.for_limit.equal
    assert power.pass_chance(base, Sizes(found.targets, found.control), 0.01, limit=0.03) >= 0.8
    plain = sureness("typical", "", base, Sizes(2_000, 0), Wishes(width=0.04), 0.95)
    assert plain.for_width.with_this_control is None
    assert plain.for_width.equal.control == 0
    assert (plain.passes, plain.for_limit) == (None, None)


def test_a_width_that_no_number_reaches_is_refused():
    with pytest.raises(AuditError, match=r"--width 1e-06 cannot be reached.*ask for a wider one"):
        sureness("typical", "", Outcomes.discordant(0.2), Sizes(10, 10), Wishes(width=1e-6), 0.95)


def test_the_list_and_the_rates():
    told = memorized_list(Sizes(300, 1_500), 0.1)
    # 1 / 1,501 <= j 0.1 / 300 from j = 2 on; j = 1 needs 1 + m >= 3,000.
    assert (told.possible, told.targets_needed, told.control_for_one, told.control_needed) == (True, 2, 2_999, 9)
    assert not memorized_list(Sizes(300, 8), 0.1).possible
    assert memorized_list(Sizes(300, 0), 0.1) is None
    assert [(one.rate, one.control_needed, one.measurable) for one in rates(Sizes(10, 500))] == [
        (0.01, 100, True), (0.001, 1_000, False)
    ]  # fmt: skip
