from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dejavu_audit.around import machine, self_test
from dejavu_audit.around.machine import Check
from dejavu_audit.around.self_test import Answer
from dejavu_audit.cli.main import app


def test_it_finds_this_machine_fit_and_the_known_answers(cli, tmp_path):
    done = cli("doctor", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["fit"] is True
    found = {(check["group"], check["name"]): check for check in told["checks"]}
    assert found["self-test", "memorizer"]["standing"] == found["self-test", "twin"]["standing"] == "ok"
    assert found["plug-ins", "encoders"]["says"].startswith("6 usable")
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def looked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(checks, tested, *args: str):
        monkeypatch.setattr(machine, "checks", lambda cache_dir, audit: iter(checks))
        monkeypatch.setattr(self_test, "self_test", tested)
        return CliRunner().invoke(app, ["doctor", *args], env={"COLUMNS": "60"})

    return run


OK = Check("versions", "python", "ok", "3.11")
NOTE = Check("extras", "[red]hf", "note", "lacks transformers", "type pip install 'dejavu-audit[hf]'")
BAD = Check("data", "imagenet", "bad", "there is no folder /x", "mend it there")
RIGHT = [Answer("memorizer", 0.4, 0.41, 0.3, 0.5, 4.0)]


def test_what_is_bad_ends_with_2(looked):
    done = looked([OK, NOTE, BAD], lambda: RIGHT)
    assert done.exit_code == 2
    assert "Not fit for audits: 1 of 4 checks are bad." in done.stdout
    assert "[red]hf" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 60
    assert looked([OK, NOTE], lambda: RIGHT).exit_code == 0


def test_quiet_tells_what_is_not_well_alone(looked):
    shown = looked([OK, NOTE], lambda: RIGHT, "--quiet").stdout
    assert "lacks transformers" in shown and "python" not in shown and "memorizer" not in shown


@pytest.mark.parametrize("found", [0.55, None, 0.2])
def test_another_answer_than_the_known_one_is_bad(looked, found):
    done = looked([OK], lambda: [Answer("memorizer", 0.4, found, None, None, 4.0)])
    assert done.exit_code == 2 and "trust no audit of this machine" in " ".join(done.stdout.split())


def test_a_self_test_that_fails_is_a_finding_not_a_crash(looked):
    def fails():
        raise RuntimeError("no kernel image\nmore")

    done = looked([OK], fails, "--json")
    assert done.exit_code == 2
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["group"] == "self-test"]
    assert check["says"] == "failed: RuntimeError: no kernel image"


def test_without_the_self_test(looked):
    def never():
        raise AssertionError("asked for nothing")

    assert looked([OK], never, "--no-self-test").exit_code == 0
