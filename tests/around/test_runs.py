from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dejavu_audit.around import runs as listing
from dejavu_audit.around.runs import list_runs
from dejavu_audit.errors import AuditError
from dejavu_audit.gate.record import GATE
from dejavu_audit.report import checksums
from dejavu_audit.report.folder import AUDIT, CLAIM
from dejavu_audit.report.reading import resolve_run
from dejavu_audit.report.record import SCHEMA_VERSION
from dejavu_audit.sweep.running import RECORD
from tests.run_folders import write_run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """audit.json of a finished run, its checksum included."""
    folder = write_run(tmp_path_factory.mktemp("one") / "run", n=20, control=10)
    told = json.loads((folder / AUDIT).read_text("utf-8"))
    told["checksum"] = checksums.of_record(told)
    return told


@pytest.fixture
def runs(tmp_path, finished):
    """Make a run folder with the files named, some seconds after the last one."""
    made = iter(range(1_000_000_000, 2_000_000_000, 60))

    def make(name: str, **files: str | dict):
        (tmp_path / "runs" / name).mkdir(parents=True)
        when = next(made)
        for file, content in files.items():
            path = tmp_path / "runs" / name / f"{file}.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
            os.utime(path, (when, when))
        return tmp_path / "runs"

    return make


def test_names_of_files_are_those_of_their_writers():
    assert (listing.AUDIT, listing.CLAIM, listing.GATE, listing.SWEEP) == (AUDIT, CLAIM, GATE, RECORD)
    assert tuple(map(int, SCHEMA_VERSION.split("."))) >= listing.READS


def test_a_finished_run(runs, finished):
    folder = runs("mine", audit=finished, gate={"verdict": "fail"})
    (run,), total = list_runs(folder)
    assert total == 1
    assert (run.name, run.state, run.problem) == ("mine", "finished", None)
    assert (run.model, run.pretrained, run.data, run.test) == ("timm test_resnet", "random", "scenes", "label")
    assert run.headline["estimate"] == finished["headline"]["estimate"]
    assert run.gate == "fail"
    assert run.date == "2001-09-09T01:46:40+00:00"  # 1,000,000,000 s


def test_newest_first_as_latest_has_it(runs, finished):
    for name in ("b", "a", "c"):
        folder = runs(name, audit=finished)
    listed, total = list_runs(folder, most=2)
    assert [run.name for run in listed] == ["c", "a"]
    assert total == 3
    assert resolve_run("latest", folder).name == "c"


def test_only_what_is_listed_is_read(runs, finished, monkeypatch):
    for name in ("old", "new"):
        folder = runs(name, audit=finished)
    read = []
    text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, *args: read.append(path.parent.name) or text(path, *args))
    list_runs(folder, most=1)
    assert set(read) == {"new"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda told: json.dumps(told)[:500], "audit.json: not JSON"),
        (lambda told: "", "audit.json: not JSON"),
        (lambda told: "[1]", "audit.json: fields are missing"),
        (lambda told: {**told, "verdict": "All is well."}, "audit.json: edited, or half copied"),
        (lambda told: {**told, "schema_version": "99.0"}, "audit.json: schema 99.0 is newer than this version reads"),
        (lambda told: {"schema_version": "1.0"}, "audit.json: fields are missing"),
        (lambda told: {**told, "headline": None, "checksum": None}, "audit.json: fields are missing"),
        (lambda told: "[" * 100_000, "audit.json: not JSON"),
    ],
)
def test_a_damaged_run_is_listed_as_such(runs, finished, change, problem):
    (run,), _ = list_runs(runs("bad", audit=change(finished)))
    assert (run.state, run.problem, run.headline) == ("damaged", problem, None)


def test_a_run_without_a_checksum_is_of_an_older_version(runs, finished):
    (run,), _ = list_runs(runs("old", audit={**finished, "checksum": None, "schema_version": "1.2"}))
    assert run.state == "finished"


def test_runs_that_are_not_finished(runs):
    config = {"family": "timm", "model": "test_resnet", "data": "/there/mine.toml"}
    (run,), _ = list_runs(runs("begun", config={"hash": "x", "config": config}))
    assert (run.state, run.model, run.data, run.headline) == ("unfinished", "timm test_resnet", "mine", None)


def test_sweeps_and_folders_that_are_no_runs(runs, tmp_path):
    folder = runs("sweep-a", sweep={"rows": [{"state": "done"}, {"state": "failed"}]})
    (folder / "notes").mkdir()
    (folder / "file.txt").write_text("x")
    (run,), total = list_runs(folder)
    assert (run.state, run.problem, total) == ("sweep", "1 of 2 rows done", 1)


def test_a_gate_record_that_cannot_be_read(runs, finished):
    folder = runs("a", audit=finished, gate="{")
    runs("b", audit=finished, gate={"verdict": "perhaps"})
    assert [run.gate for run in list_runs(folder)[0]] == ["damaged", "damaged"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(AuditError, match="cannot be looked into"):
        list_runs(tmp_path / "none")
