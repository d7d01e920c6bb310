from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dejavu_audit.cli.main import app
from tests.run_folders import write_run


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "mine", n=20, control=10)
    (tmp_path / "runs" / "mine" / "gate.json").write_text('{"verdict": "inconclusive"}')
    (tmp_path / "runs" / "[red]bad").mkdir()
    (tmp_path / "runs" / "[red]bad" / "audit.json").write_text("{")
    return tmp_path


@pytest.mark.parametrize("width", [60, 120])
def test_the_list_fits_the_terminal(here, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    done = CliRunner().invoke(app, ["runs"])
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= width
    assert "[red]bad" in done.stdout and "damaged audit.json: not JSON" in done.stdout
    assert "timm test_resnet" in done.stdout and "inconclusive" in done.stdout


def test_json_and_names_alone(here):
    told = json.loads(CliRunner().invoke(app, ["runs", "--json"]).stdout)
    assert told["total"] == 2 and {run["name"] for run in told["runs"]} == {"mine", "[red]bad"}
    assert CliRunner().invoke(app, ["runs", "--quiet", "--top", "1"]).stdout.strip() in ("mine", "[red]bad")


def test_more_than_are_shown(here):
    assert "1 older run is not shown; type --top 2." in CliRunner().invoke(app, ["runs", "--top", "1"]).stdout


def test_no_run_yet_is_no_fault_but_a_missing_folder_that_was_named_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["runs"])
    assert done.exit_code == 0 and "dejavu-audit demo" in done.stdout
    assert json.loads(CliRunner().invoke(app, ["runs", "--json"]).stdout) == {"runs": [], "total": 0}
    done = CliRunner().invoke(app, ["runs", "--runs", "none"])
    assert done.exit_code == 2 and "cannot be looked into" in done.output


def test_nothing_heavy_is_loaded(here):
    code = (
        "import sys\nsys.argv = ['dejavu-audit', 'runs']\nfrom dejavu_audit.cli.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "pyarrow", "scipy"} & set(done.stdout.rpartition("LOADED")[2].split())
