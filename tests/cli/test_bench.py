from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from dejavu_audit.bench.study import Check, Finding
from dejavu_audit.cli.bench import command


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    app = typer.Typer()
    app.command()(command)
    running = import_module("dejavu_audit.bench.running")

    def run(*args: str, measured: float | None = 2.5):
        def study(audits, seed, processes, say):
            say("half way")
            return Finding([{"a": audits}], [Check("alarms [worst], %", measured, 5, "≤", 1.25)], 1_200, 3.0)

        fake = SimpleNamespace(TITLE="Alarms", ABOUT="They ring.", run=study)
        monkeypatch.setattr(running, "STUDIES", {"fake": ""})
        monkeypatch.setattr(running, "SIMULATED", {"fake": ""})
        monkeypatch.setattr(running, "study_of", lambda name: fake)
        return CliRunner().invoke(app, ["--out", str(tmp_path / "bench"), *args])

    return run


def test_a_met_bar_ends_in_0_and_shows_a_table(invoke, tmp_path):
    done = invoke()
    assert done.exit_code == 0, done.output
    assert "alarms [worst], %" in done.stdout and "≤ 5 + 1.25" in done.stdout and "yes" in done.stdout
    assert "1 bars met" in done.stdout and "1,200 audits in 3 s" in done.stdout
    assert "fake: half way" in done.stderr
    assert (tmp_path / "bench" / "validation.md").exists()


def test_a_missed_bar_ends_in_1(invoke):
    for measured in (9.0, None):
        done = invoke("--quiet", measured=measured)
        assert done.exit_code == 1 and "NO" in done.stdout and "1 of 1 bars missed" in done.stdout
        assert done.stderr == ""


def test_json_and_another_page(invoke, tmp_path):
    done = invoke("--json", "-q", "--page", str(tmp_path / "elsewhere" / "page.md"), "--audits", "9")
    (told,) = json.loads(done.stdout)
    assert told["study"] == "fake" and told["rows"] == [{"a": 9}] and told["checks"][0]["measured"] == 2.5
    assert "(../bench/fake.csv)" in (tmp_path / "elsewhere" / "page.md").read_text()


def test_bad_usage_ends_in_2(invoke):
    assert invoke("--audits", "1").exit_code == 2
    assert invoke("--processes", "0").exit_code == 2
