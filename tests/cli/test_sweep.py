from __future__ import annotations

import json
from importlib import import_module

import pytest
from typer.testing import CliRunner

from dejavu_audit.cli.main import app
from dejavu_audit.errors import AuditError
from tests.sweep.test_running import FAKE, Audits


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    (tmp_path / "spec.toml").write_text(FAKE, "utf-8")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(import_module("dejavu_audit.report.sweep_chart"), "write_sweep_chart", lambda *_: None)

    def run(*args: str, fails: dict | None = None):
        monkeypatch.setattr(import_module("dejavu_audit.audit"), "run_audit", Audits(fails))
        return CliRunner().invoke(app, ["sweep", str(tmp_path / "spec.toml"), "--out", str(tmp_path / "out"), *args])

    return run


def test_a_table_is_printed(invoke):
    done = invoke()
    assert done.exit_code == 0, done.output
    assert "series" in done.stdout
    assert "again" in done.stdout
    assert done.stdout.count("+12.5") == 3
    assert done.stdout.count("+10.0 to +15.0") == 3
    assert "Row 2 of 3: epoch = 2" in done.stderr


def test_a_failed_row_ends_in_2_with_its_sentence_and_the_table(invoke, tmp_path):
    done = invoke(fails={"2.pt": AuditError("weights file 2.pt is [empty]")})
    assert done.exit_code == 2
    assert done.stderr.rstrip().endswith("Error: the row at epoch = 2 failed: weights file 2.pt is [empty]")
    assert "failed" in done.stdout
    assert "weights file 2.pt is [empty]" in done.stdout
    assert (tmp_path / "out" / "table.csv").is_file()


def test_several_failed_rows_are_counted(invoke):
    done = invoke("--quiet", fails=dict.fromkeys(("1.pt", "2.pt"), AuditError("no weights")))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "Error: 3 of 3 rows failed, the first: no weights\n"


def test_json_is_the_record(invoke, tmp_path):
    done = invoke("--json", "--quiet")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "sweep.json").read_text("utf-8"))


def test_a_dry_run_does_nothing(invoke, tmp_path):
    done = invoke("--dry-run")
    assert done.exit_code == 0
    assert done.stdout.count("to run") == 3
    assert "2 audits would run into" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_wrong_description_is_told(invoke, tmp_path):
    (tmp_path / "spec.toml").write_text(FAKE.replace("pretrained", "pretraind"), "utf-8")
    done = invoke()
    assert done.exit_code == 2
    assert "unknown setting 'pretraind': did you mean pretrained" in done.stderr
