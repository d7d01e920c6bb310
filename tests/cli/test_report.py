from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from dejavu_audit.cli.report import command
from tests.report.html.runs import full_run, write_gate

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def app():
    made = typer.Typer()
    made.command(name="report")(command)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = full_run(tmp_path_factory.mktemp("runs") / "a-run")
    write_gate(folder)
    return folder


def test_report_and_summary_are_written_anew(app, run):
    (run / "report.html").write_text("old")
    done = RUNNER.invoke(app, [str(run)])
    assert done.exit_code == 0, done.output
    assert "<!doctype html>" in (run / "report.html").read_text("utf-8")
    assert "Gate" in (run / "summary.md").read_text("utf-8")
    assert f"Written: {run / 'report.html'}" in done.output


def test_json_is_json_alone(app, run, tmp_path):
    out = tmp_path / "shared.html"
    before = (run / "audit.json").read_bytes()
    done = RUNNER.invoke(app, [str(run), "--no-images", "--json", "--out", str(out)])
    told = json.loads(done.stdout)
    assert told == {
        "run": str(run), "images": False, "files": [{"file": str(out), "bytes": out.stat().st_size}],
    }  # fmt: skip
    assert "data:image" not in out.read_text("utf-8")
    assert (run / "audit.json").read_bytes() == before


def test_quiet_names_the_files_alone(app, run, tmp_path):
    out = tmp_path / "a.html"
    assert RUNNER.invoke(app, [str(run), "--no-images", "--quiet", "--out", str(out)]).output == f"{out}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "there is no run 'nowhere'"),
        (["RUN", "--out", "report.pdf"], "must end in .html"),
        (["RUN", "--no-images", "--root", "/x"], "leave one of them out"),
    ],
)
def test_faults_are_one_sentence(app, run, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    done = RUNNER.invoke(app, [str(run) if word == "RUN" else word for word in arguments])
    assert done.exit_code == 2
    assert says in done.output
    assert done.output.count("\n") == 1


def test_a_run_that_has_not_ended_is_said(app, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    done = RUNNER.invoke(app, [str(tmp_path)])
    assert done.exit_code == 2
    assert "has not ended" in done.output


def test_help_loads_nothing_heavy():
    code = (
        "import sys; import dejavu_audit.cli.report; "
        "heavy = {'torch', 'altair', 'faiss', 'sklearn', 'jinja2', 'numpy', 'pyarrow', 'PIL'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_report_needs_no_torch(run):
    code = (
        "import sys; from pathlib import Path; from dejavu_audit.progress import Silent; "
        "from dejavu_audit.report.html.building import build; from dejavu_audit.report.reading import read_run; "
        "build(read_run(Path(sys.argv[1])), images=False, progress=Silent()); "
        "sys.exit('torch' if 'torch' in sys.modules else 0)"
    )
    subprocess.run([sys.executable, "-c", code, str(run)], check=True)
