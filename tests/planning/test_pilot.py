from __future__ import annotations

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.planning.pilot import read_pilot
from dejavu_audit.scores.intervals import wilson
from tests.run_folders import write_run

PARTS = ["memorized"] * 3 + ["misrepresented"] * 6 + ["correlated"] * 12 + ["unassociated"] * 9


def test_the_control_of_a_run_says_what_to_expect(tmp_path):
    # 60 targets, all memorized, which must not count; then 30 control samples.
    run = write_run(tmp_path / "run", part=["memorized"] * 60 + PARTS)
    pilot = read_pilot(str(run), "label")
    assert (pilot.where, pilot.n) == ("control", 30)
    assert (pilot.outcomes.up, pilot.outcomes.down, pilot.outcomes.both) == pytest.approx((0.1, 0.2, 0.4))
    cautious = pilot.cautious(0.95)
    assert cautious.discordance == pytest.approx(float(wilson(9, 30)[1]))
    assert cautious.up / cautious.down == pytest.approx(0.5)


def test_without_a_control_its_targets_do(tmp_path):
    run = write_run(tmp_path / "run", n=30, control=0, part=PARTS)
    pilot = read_pilot(str(run), "label")
    assert (pilot.where, pilot.n) == ("targets", 30)
    assert pilot.outcomes.up == pytest.approx(0.1)


def test_no_discordant_sample_is_not_taken_for_none_to_come(tmp_path):
    run = write_run(tmp_path / "run", n=30, control=0, part=["correlated"] * 10 + ["unassociated"] * 20)
    pilot = read_pilot(str(run), "label")
    assert pilot.outcomes.discordance == 0
    cautious = pilot.cautious(0.95)
    assert cautious.up == cautious.down == pytest.approx(float(wilson(0, 30)[1]) / 2)


def test_of_the_object_test_ties_can_still_be_remembered(tmp_path):
    run = write_run(tmp_path / "run", "objects", part=["memorized"] * 60 + PARTS)
    assert read_pilot(str(run), "objects").outcomes.both == 0


def test_what_is_no_pilot_is_refused(tmp_path):
    run = write_run(tmp_path / "run", "objects")
    with pytest.raises(AuditError, match="is a run of the object test and the plan is one of the label test"):
        read_pilot(str(run), "label")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuditError, match="is not an audit's"):
        read_pilot(str(tmp_path / "empty"), "label")
    with pytest.raises(AuditError, match="there is no run"):
        read_pilot(str(tmp_path / "nowhere"), "label")
