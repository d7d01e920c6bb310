from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError
from dejavu_audit.report.folder import RunFolder, default_folder


def config(**settings):
    return AuditConfig.resolve(family="timm", model="test_resnet", data="scenes", **settings)


def test_the_default_name_holds_model_data_and_hash():
    asked = config()
    assert str(default_folder(asked)) == f"runs/test_resnet-scenes-{asked.hash()}"


def test_the_name_is_safe_for_paths_as_models_and_data():
    asked = AuditConfig.resolve(family="openclip", model="hf-hub:org/na me", data="some/where/mine.toml")
    assert default_folder(asked).name.startswith("na-me-mine-")


def test_a_folder_of_the_same_run_is_taken_again(tmp_path):
    asked = config(out=str(tmp_path / "run"))
    RunFolder.check(asked).claim(asked)
    RunFolder.check(asked).write_text("audit.json", "{}")
    assert RunFolder.check(asked).path == tmp_path / "run"


def test_another_runs_folder_is_refused_and_left_alone(tmp_path):
    first = config(out=str(tmp_path / "run"))
    RunFolder.check(first).claim(first)
    before = (tmp_path / "run" / "config.json").read_bytes()
    with pytest.raises(AuditError, match="holds another run"):
        RunFolder.check(config(out=str(tmp_path / "run"), seed=1))
    assert (tmp_path / "run" / "config.json").read_bytes() == before


@pytest.mark.parametrize("claim", [None, "not json", "[]", "{}"])
def test_a_folder_of_something_else_is_refused(tmp_path, claim):
    (tmp_path / "thesis.tex").write_text("years of work")
    if claim is not None:
        (tmp_path / "config.json").write_text(claim)
    with pytest.raises(AuditError, match="not an audit's"):
        RunFolder.check(config(out=str(tmp_path)))


def test_a_file_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(AuditError, match="is a file"):
        RunFolder.check(config(out=str(tmp_path / "run")))


def test_checking_writes_nothing(tmp_path):
    RunFolder.check(config(out=str(tmp_path / "run")))
    assert not (tmp_path / "run").exists()


def test_files_come_in_one_piece_and_leave_no_scraps(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_text("a.json", json.dumps({"é": 1}))
    folder.write_table("t.parquet", pa.table({"x": [1, 2]}))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "t.parquet"]
    assert pq.read_table(tmp_path / "t.parquet")["x"].to_pylist() == [1, 2]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    folder.write_text("a.json", "old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(AuditError, match=r"cannot write .*a\.json: No space left on device; make room"):
        folder.write_text("a.json", "new")
    assert (tmp_path / "a.json").read_bytes() == b"old"
