from __future__ import annotations

import json

import numpy as np
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report.memorized_listing import counts_line, read_memorized, sentence
from tests.report.memorized_runs import write_listed_run
from tests.run_folders import write_run


@pytest.mark.parametrize("test", ["label", "objects"])
def test_the_list_is_read_least_p_value_first(tmp_path, test):
    folder, found = write_listed_run(tmp_path / "run", test, control=300)
    run, record, rows = read_memorized(folder, 1_000)
    assert (run.test, record.count) == (test, found.found)
    assert {row["id"] for row in rows} == {f"target-{i:06d}" for i in np.flatnonzero(found.listed)}
    assert len(rows) > 5
    keys = [(row["p_value"], -row["score"]) for row in rows]
    assert keys == sorted(keys)
    assert all(row["memorized"] and row["set"] == "target" for row in rows)
    assert "neighbors" in rows[0]
    assert [row["id"] for row in read_memorized(folder, 3)[2]] == [row["id"] for row in rows[:3]]
    said = sentence(record)
    assert f"{found.found} of 60 targets are on the list" in said
    assert "at most 20 %" in said
    assert counts_line(record).startswith("at 5, 10, 20 %: ")


def test_an_empty_list_and_none_at_all_say_why(tmp_path):
    _, record, rows = read_memorized(write_listed_run(tmp_path / "few", control=3)[0], 10)
    assert rows == []
    assert sentence(record).startswith("The list had to be empty: with 3 control samples")
    _, record, rows = read_memorized(write_listed_run(tmp_path / "none", control=0)[0], 10)
    assert rows == []
    assert sentence(record).startswith("There is no control")
    assert counts_line(record) == ""


def test_an_older_run_has_no_list(tmp_path):
    folder = write_run(tmp_path / "run")
    with pytest.raises(AuditError, match=r"has no list of memorized samples.*run the audit again"):
        read_memorized(folder, 10)


def test_a_run_that_lost_its_columns_is_told_as_older(tmp_path):
    folder, _ = write_listed_run(tmp_path / "run")
    record = json.loads((folder / "audit.json").read_text("utf-8"))
    record["memorized"] = None
    (folder / "audit.json").write_text(json.dumps(record), "utf-8")
    with pytest.raises(AuditError, match="older"):
        read_memorized(folder, 10)
