from __future__ import annotations

import pytest

from dejavu_audit.audit import run_audit
from dejavu_audit.planning import Wishes, plan_audit
from dejavu_audit.progress import Silent
from dejavu_audit.report.plan_record import PlanRecord
from tests.planning.conftest import config, contents


def stage(record, name):
    return next(one.seconds for one in record.time.stages if one.name == name)


def test_a_plan_leaves_nothing_behind(tmp_path):
    cache = tmp_path / "cache" / "embeddings"
    record = plan_audit(config(tmp_path), Silent(), Wishes(seconds=1))
    assert contents(tmp_path) == {}
    assert cache.is_dir() and not (tmp_path / "run").exists()
    assert [(view.who, view.asked, view.embed) for view in record.views] == [
        ("encoder", 40, 40), ("encoder", 44, 44), ("image-classifier", 104, 104)
    ]  # fmt: skip
    assert [one.name for one in record.time.stages] == [
        "prepare", "look up", "inspect", "embed", "neighbours", "fit image-classifier", "checks, scores and files"
    ]  # fmt: skip
    assert stage(record, "checks, scores and files") is None
    assert record.time.total == pytest.approx(sum(one.seconds or 0 for one in record.time.stages), abs=0.01)
    assert stage(record, "embed") == pytest.approx(sum(pace.seconds for pace in record.time.paces), abs=0.01)
    assert (record.targets, record.control) == (24, 20)
    assert PlanRecord.model_validate_json(record.model_dump_json()) == record


def test_where_all_is_cached_embedding_and_fitting_take_no_time(tmp_path):
    run_audit(config(tmp_path), Silent())
    record = plan_audit(config(tmp_path), Silent(), Wishes(seconds=2))
    assert (stage(record, "embed"), stage(record, "fit image-classifier")) == (0, 0)
    assert [view.embed for view in record.views] == [0, 0, 0]
    assert record.time.paces == []


def test_what_an_earlier_run_of_other_targets_left_is_taken_off(tmp_path):
    run_audit(config(tmp_path, targets=10, out=str(tmp_path / "pilot")), Silent())
    record = plan_audit(config(tmp_path), Silent(), Wishes(seconds=0.5))
    assert [view.embed for view in record.views] == [0, 14, 14]
    assert stage(record, "fit image-classifier") == 0  # the fit set is the same


def test_without_measuring_no_time_is_told(tmp_path):
    record = plan_audit(config(tmp_path), Silent(), Wishes(seconds=0))
    assert [one.name for one in record.time.stages if one.seconds is None] == [
        "inspect", "embed", "neighbours", "checks, scores and files"
    ]  # fmt: skip
    assert "time was not measured (--seconds 0)" in record.notes
    assert record.views[1].unusable is None


def test_backgrounds_that_cannot_be_used_make_fewer_samples(tmp_path):
    record = plan_audit(config(tmp_path, min_side=46), Silent(), Wishes(seconds=2))
    lost = record.views[1].unusable
    assert 0 < lost < 1
    assert record.targets == round(24 * (1 - lost))


def test_without_a_control_it_says_what_that_means(tmp_path):
    record = plan_audit(config(tmp_path, control=0), Silent(), Wishes(seconds=0, width=0.5))
    assert record.memorized is None
    assert any("not calibrated" in note for note in record.notes)
    assert record.sureness[0].for_width.equal.control == 0
