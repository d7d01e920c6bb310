from __future__ import annotations

from types import SimpleNamespace

from dejavu_audit.report.sweep_record import SweepRecord
from tests.sweep_records import row, score, sweep_record


def waiting(x=3.0):
    done = row(x, 0.1)
    return done.model_copy(update={"state": "waiting", "verdict": None, "headline": None, "accuracies": {}})


def test_the_table_has_every_figure_with_its_bounds_and_null_for_what_was_not_measured():
    record = sweep_record(row(1, 0.25, "a", knn_top1=0.5, zero_shot_top1=None), waiting(2).failed("no file"))
    table = record.table()
    assert table["estimate"].to_pylist() == [0.25, None]
    assert table["knn_top1"].to_pylist() == [0.5, None]
    assert table["knn_top1_low"].to_pylist() == [0.45, None]
    assert table["accuracy_target_top1_high"].to_pylist() == [0.55, None]
    assert "zero_shot_top1" not in table.column_names  # measured in no row
    assert table["state"].to_pylist() == ["done", "failed"]
    assert table["error"].to_pylist() == [None, "no file"]
    assert table["series"].to_pylist() == ["a", None]
    assert table["pretrained"].to_pylist() == ["random", "random"]


def test_utilities_are_those_that_any_row_has_measured():
    record = sweep_record(row(1, 0.1, knn_top1=None), row(2, 0.1, linear_probe_top1=0.0, knn_top1=0.1), waiting())
    assert record.utilities == ["linear_probe_top1", "knn_top1"]


def test_a_finished_row_tells_what_both_tests_have():
    scores = {"accuracy_target_top1": score(0.1), "precision_reference_control": score(0.2), "memorized": score(0.3)}
    audit = SimpleNamespace(verdict="v", headline=row(1, 0.1).headline, scores=scores, utility=None)
    done = waiting().failed("before").finished(audit)
    assert (done.state, done.error, done.verdict) == ("done", None, "v")
    assert set(done.accuracies) == {"accuracy_target_top1", "precision_reference_control"}


def test_it_reads_what_it_writes():
    record = sweep_record(row(1, 0.25, "a", knn_top1=0.5, zero_shot_top1=None), waiting(2))
    assert SweepRecord.model_validate_json(record.model_dump_json()) == record
