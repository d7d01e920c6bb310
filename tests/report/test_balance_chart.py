from __future__ import annotations

from dejavu_audit.report.balance_chart import AFTER, ALIKE, BEFORE, DIFFERS, balance_chart, write_balance_chart
from dejavu_audit.report.charts import specification
from tests.report.test_balance_record import checked


def points(chart):
    """(feature, state) -> the point that is drawn."""
    found = {}

    def look(part):
        if isinstance(part, dict):
            if {"feature", "state", "distance"} <= part.keys():
                found[part["feature"], part["state"]] = part
            for inner in part.values():
                look(inner)
        elif isinstance(part, list):
            for inner in part:
                look(inner)

    look(specification(chart))
    return found


def test_every_feature_has_a_point_before_and_after():
    record, matching = checked("label")
    found = points(balance_chart(record, matching))
    assert set(found) == {(one.name, state) for one in record.features for state in (BEFORE, AFTER)}
    assert found["label", BEFORE]["found"] == DIFFERS
    assert found["label", AFTER]["found"] == ALIKE
    assert found["label", AFTER]["distance"] == 0
    assert found["label", BEFORE]["distance"] == record.features[0].distance


def test_without_matching_there_is_one_state():
    record, _ = checked("quality")
    assert {state for _, state in points(balance_chart(record))} == {BEFORE}


def test_the_chart_is_written_in_both_formats(tmp_path):
    record, matching = checked("label")
    paths = write_balance_chart(record, tmp_path / "balance", matching)
    assert [path.suffix for path in paths] == [".svg", ".png"]
    assert "It is not" in paths[0].read_text("utf-8")


def test_nothing_compared_draws_nothing(tmp_path):
    record, _ = checked(n=30, m=0)
    assert write_balance_chart(record, tmp_path / "balance") == []
