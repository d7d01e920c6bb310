from __future__ import annotations

import numpy as np
import pytest

from dejavu_audit.report.html.choice import CONTROL, LISTED, OTHERS, choose
from dejavu_audit.report.html.material import Material
from dejavu_audit.report.reading import read_run
from tests.report.html.runs import full_run
from tests.report.memorized_runs import write_listed_run
from tests.run_folders import write_run


def chosen(folder):
    run = read_run(folder)
    return run.samples.to_pylist(), choose(Material(run, None, True))


def test_the_list_comes_first_then_every_part_then_the_control(tmp_path):
    folder, found = write_listed_run(tmp_path / "run", n=400, control=200)
    rows, groups = chosen(folder)
    listed = [rows[row] for row in groups[0].rows]
    assert 0 < found.found == groups[0].total == len(listed) <= LISTED
    assert all(row["memorized"] for row in listed)
    assert [row["p_value"] for row in listed] == sorted(row["p_value"] for row in listed)
    for group, part in zip(groups[1:5], ("memorized", "misrepresented", "correlated", "unassociated"), strict=True):
        assert {(rows[row]["set"], rows[row]["part"]) for row in group.rows} == {("target", part)}
        assert group.total == sum(row["set"] == "target" and row["part"] == part for row in rows)
        assert len(group.rows) <= OTHERS
    assert {rows[row]["set"] for row in groups[5].rows} == {"control"}
    assert len(groups[5].rows) <= CONTROL


@pytest.mark.parametrize("kinds", [{}, {"symmetric": True}, {"control": 0}, {"test": "objects"}])
def test_no_sample_is_chosen_twice(tmp_path, kinds):
    _, groups = chosen(full_run(tmp_path / "run", **kinds))
    rows = np.concatenate([group.rows for group in groups])
    assert len(rows) == len(set(rows.tolist())) > 0
    assert all(0 < len(group.rows) <= group.total for group in groups)


def test_without_a_list_more_of_the_memorized_are_shown(tmp_path):
    rows, groups = chosen(write_run(tmp_path / "run", n=300, control=0))
    memorized = sum(row["part"] == "memorized" for row in rows)
    assert len(groups[0].rows) == min(memorized, 48) > OTHERS
