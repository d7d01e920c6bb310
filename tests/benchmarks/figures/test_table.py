from __future__ import annotations

from dataclasses import replace

from benchmarks.figures.table import Point, read, write

POINT = Point(2.0, "projector", 0.125, 0.0625, 0.1875, 0.25, 0.125, 0.3, 0.1, 0.9, None)


def test_what_is_written_is_read_and_what_was_not_measured_stays_so(tmp_path):
    points = [POINT, replace(POINT, x=16.0, series="backbone, pooled", low=None, high=None)]
    write(points, tmp_path / "one.csv")
    assert read(tmp_path / "one.csv") == points
    assert (tmp_path / "one.csv").read_text().splitlines()[1].endswith(",0.9,")


def test_a_point_is_above_another_only_where_the_intervals_do_not_meet():
    lower = replace(POINT, low=-0.01, high=0.0624)
    assert POINT.above(lower) and not lower.above(POINT)
    assert not POINT.above(replace(lower, high=0.0625))
    assert not POINT.above(replace(lower, high=None)) and not replace(POINT, low=None).above(lower)


def test_a_point_is_what_the_audit_says():
    def score(value):
        return {"estimate": value, "low": None, "high": None}

    record = {
        "headline": {"estimate": 0.2, "low": 0.1, "high": 0.3},
        "scores": {
            "deja_vu_top1_targets": score(0.25),
            "deja_vu_top1_control": score(0.05),
            "accuracy_target_top1": score(0.28),
            "accuracy_target_top1_control": score(0.07),
        },
        "utility": {"knn_top1": score(0.9), "linear_probe_top1": score(0.95)},
    }
    assert Point.from_audit(4, "a", record) == Point(4, "a", 0.2, 0.1, 0.3, 0.25, 0.05, 0.28, 0.07, 0.9, 0.95)
    without = Point.from_audit(4, "a", {**record, "utility": None})
    assert without.knn is None and without.probe is None
