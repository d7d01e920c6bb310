from __future__ import annotations

import json
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report import reading
from dejavu_audit.report.reading import read_run, resolve_run
from tests.run_folders import write_run


@pytest.fixture
def runs(tmp_path):
    for age, name in enumerate(["resnet-imagenet-1a", "resnet-imagenet-2b", "vit-coco-3c"]):
        folder = write_run(tmp_path / "runs" / name, n=5, control=5)
        os.utime(folder / "audit.json", (1_000_000 - age, 1_000_000 - age))
    return tmp_path / "runs"


def test_a_path_is_taken_as_it_is(runs):
    assert resolve_run(str(runs / "vit-coco-3c"), runs / "nowhere") == runs / "vit-coco-3c"
    assert resolve_run(str(runs / "vit-coco-3c" / "audit.json")) == runs / "vit-coco-3c"


def test_latest_is_the_newest_finished_one(runs):
    (runs / "unfinished").mkdir()
    (runs / "unfinished" / "config.json").write_text("{}")
    assert resolve_run("latest", runs).name == "resnet-imagenet-1a"
    os.utime(runs / "vit-coco-3c" / "audit.json", (2_000_000, 2_000_000))
    assert resolve_run("latest", runs).name == "vit-coco-3c"


def test_a_prefix_is_enough_if_one_run_alone_has_it(runs):
    assert resolve_run("vit", runs).name == "vit-coco-3c"
    with pytest.raises(AuditError, match=r"may mean 2 runs in .*: resnet-imagenet-1a, resnet-imagenet-2b; type more"):
        resolve_run("resnet", runs)


def test_a_whole_name_counts_before_a_prefix(runs):
    write_run(runs / "vit-coco-3cd", n=5)
    with pytest.raises(AuditError, match="may mean 2 runs"):
        resolve_run("vit-coco", runs)
    assert resolve_run("vit-coco-3c", runs).name == "vit-coco-3c"


@pytest.mark.parametrize("text", ["nothing-like-it", "x" * 5_000, "a\0b"])
def test_an_unknown_run_is_told_in_a_sentence(runs, text):
    with pytest.raises(AuditError, match=r"unknown run|cannot be looked for"):
        resolve_run(text, runs)


def test_without_any_run_there_is_nothing_to_choose_from(tmp_path):
    with pytest.raises(AuditError, match="no finished run in"):
        resolve_run("latest", tmp_path / "runs")
    with pytest.raises(AuditError, match="there is no run 'x'"):
        resolve_run("x", tmp_path / "runs")


def test_a_run_comes_back_as_it_was_written(tmp_path):
    run = read_run(write_run(tmp_path / "run", n=7, control=3), ["id", "part"])
    assert run.samples.column_names == ["id", "part"]
    assert run.samples.num_rows == 10
    assert (run.test, run.level, run.record.headline.metric) == ("label", 0.95, "deja_vu_top1")
    assert read_run(write_run(tmp_path / "o", "objects", n=7)).test == "objects"


def test_a_config_without_a_test_is_of_the_label_test(tmp_path):
    folder = write_run(tmp_path / "run", n=5)
    told = json.loads((folder / "audit.json").read_text())
    told["config"]["test"] = None
    (folder / "audit.json").write_text(json.dumps(told))
    assert read_run(folder).test == "label"


def test_details_come_in_the_order_asked_for_across_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 3)
    run = read_run(write_run(tmp_path / "run", n=10, control=2), ["id"])
    whole = pq.read_table(run.path / "samples.parquet")
    rows = np.array([11, 0, 4, 3])
    found = run.detail(rows, ["neighbors", "id", "votes", "label"])
    assert found.column_names == ["neighbors", "id", "votes", "label"]
    assert found.to_pylist() == whole.select(found.column_names).take(pa.array(rows)).to_pylist()
    assert run.detail([], ["id"]).num_rows == 0


def spoil(folder, how):  # noqa: C901 - a branch a fault
    audit, samples = folder / "audit.json", folder / "samples.parquet"
    told = json.loads(audit.read_text())
    if how == "unfinished":
        audit.unlink()
    elif how == "empty folder":
        for file in list(folder.iterdir()):
            file.unlink()
    elif how == "not JSON":
        audit.write_text('{"schema_version": "1.')
    elif how == "not UTF-8":
        audit.write_bytes(b"\xff\xfe{}")
    elif how == "a list":
        audit.write_text("[]")
    elif how == "deep":
        audit.write_text("[" * 100_000)
    elif how == "newer":
        audit.write_text(json.dumps({**told, "schema_version": "99.0", "more": 1}))
    elif how == "other fields":
        audit.write_text(json.dumps({**told, "headline": {"metric": 3}}))
    elif how == "no samples":
        samples.unlink()
    elif how == "torn samples":
        samples.write_bytes(samples.read_bytes()[:-300])
    elif how == "torn inside":
        data = bytearray(samples.read_bytes())
        data[4:2_000] = b"\x55" * 1_996
        samples.write_bytes(bytes(data))
    elif how == "other columns":
        pq.write_table(pa.table({"id": ["a"]}), samples)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("unfinished", "has not ended: it has no audit.json yet; type its audit's command again"),
        ("empty folder", "is not an audit's"),
        ("not JSON", "is damaged: it is not JSON"),
        ("not UTF-8", "is damaged"),
        ("a list", "is not what this version reads"),
        ("deep", "is damaged"),
        ("newer", r"has schema 99\.0, newer than this version reads .*pip install --upgrade dejavu-audit"),
        ("other fields", r"is not what this version reads \(at headline"),
        ("no samples", "has lost its samples.parquet"),
        ("torn samples", "samples.parquet cannot be read"),
        ("torn inside", "samples.parquet cannot be read"),
        ("other columns", "has no column 'part'"),
    ],
)
def test_a_run_that_cannot_be_read_is_told_in_a_sentence(tmp_path, how, says):
    folder = write_run(tmp_path / "run", n=200, control=5)
    spoil(folder, how)
    with pytest.raises(AuditError, match=says) as caught:
        read_run(folder, ["id", "part"])
    assert "\n" not in str(caught.value)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(AuditError, match="there is no run folder"):
        read_run(tmp_path / "gone")
