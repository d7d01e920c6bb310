from __future__ import annotations

import csv
import json

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report.listing import NEIGHBORS, listing, write_csv
from dejavu_audit.report.ranking import columns_for, rank
from dejavu_audit.report.reading import read_run
from tests.run_folders import K, write_run


def listed(folder, test="label", part="memorized", top=5):
    run = read_run(folder, columns_for(test, "memorization" if test == "label" else "recall"))
    return listing(run, rank(run.samples, test, set_="target", part=part, sort=None, top=top))


def test_a_label_sample_has_what_product_and_papers_name(tmp_path):
    rows = listed(write_run(tmp_path / "run"))
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    for row in rows:
        assert row["part"] == "memorized"
        assert row["target_top1"] == row["label"] != row["reference_top1"]
        assert row["memorization_confidence"] == pytest.approx(row["target_confidence"] - row["reference_confidence"])
        assert 0 < row["label_votes"] <= row["neighbors_counted"] == K
        assert len(row["neighbors"]) == NEIGHBORS
        assert row["neighbors"][0]["distance"] <= row["neighbors"][1]["distance"]
    assert rows[0]["memorization_confidence"] >= rows[1]["memorization_confidence"]


def test_an_object_sample_has_both_gaps(tmp_path):
    rows = listed(write_run(tmp_path / "run", "objects"), "objects")
    for row in rows:
        assert row["recall_gap"] == pytest.approx(row["target_recall"] - row["reference_recall"])
        assert row["precision_gap"] > 0
        assert row["target_correct"] == len(set(row["objects"]) & set(row["target_objects"]))


def test_an_ensemble_tells_what_each_reference_says(tmp_path):
    row = listed(write_run(tmp_path / "run", references=("naive-bayes", "image-classifier")))[0]
    assert [one["name"] for one in row["references"]] == ["naive-bayes", "image-classifier"]


def test_an_empty_part_is_an_empty_list(tmp_path):
    folder = write_run(tmp_path / "run", n=5, control=0, part=["unassociated"] * 5)
    assert listed(folder) == []


def test_csv_holds_every_field_and_lists_as_json(tmp_path):
    rows = listed(write_run(tmp_path / "run", path=['a "quoted", püth\nof two lines'] * 90))
    write_csv(tmp_path / "deep" / "list.csv", rows)
    with (tmp_path / "deep" / "list.csv").open(encoding="utf-8", newline="") as file:
        back = list(csv.DictReader(file))
    assert [row["id"] for row in back] == [row["id"] for row in rows]
    assert back[0]["path"] == 'a "quoted", püth\nof two lines'
    assert float(back[0]["memorization_confidence"]) == rows[0]["memorization_confidence"]
    assert json.loads(back[0]["neighbors"]) == rows[0]["neighbors"]


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match=r"cannot write .*; name another file"):
        write_csv(tmp_path / "file" / "list.csv", [{"a": 1}])
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
