"""action.yml: its shell steps run in a fresh repository, from install to verdict; its inputs cannot become commands."""

from __future__ import annotations

import json

import pytest
from defusedxml import ElementTree

from dejavu_audit.embeddings.cache import info
from tests.ci import releases
from tests.ci.jobs import ACTION, STEPS, Job, step


@pytest.mark.parametrize(("model", "code", "verdict"), [("memorizer", 1, "fail"), ("twin", 0, "pass")])
def test_from_install_to_verdict(jobs, embeddings, model, code, verdict):
    job, installed, judged = jobs(model)
    # Without a version, what stands beside action.yml: the version that the workflow named.
    assert installed.returncode == 0
    assert job.pip.read_text().splitlines() == ["-m", "pip", "install", str(releases.ROOT)]
    assert (judged.returncode, job.outputs) == (code, {"verdict": verdict}), judged.stderr
    (run,) = [folder for folder in (job.repository / "runs").iterdir() if (folder / "gate.json").exists()]
    assert json.loads((run / "gate.json").read_text())["verdict"] == verdict
    assert ElementTree.parse(run / "junit.xml").getroot()[0].get("failures") == str(code)
    commands = [line for line in (judged.stdout + judged.stderr).splitlines() if line.startswith("::")]
    assert commands[0].startswith(f"::{'error' if code else 'notice'} title=dejavu-audit gate%3A {verdict}::")
    assert job.files["GITHUB_STEP_SUMMARY"].read_text().strip()
    # The embeddings are where the steps that restore and save them look.
    assert {step(name)["with"]["path"] for name in ("Restore embeddings", "Save embeddings")} == {
        "${{ runner.temp }}/dejavu-audit"
    }
    assert any(entry.kind == "embeddings" for entry in info(embeddings / "dejavu-audit"))
    pruned = job.run("Drop embeddings that no run has used for a month")
    assert pruned.returncode == 0 and "0 entries" in pruned.stdout
    # Nothing else was left in the repository, and nothing that git would add by itself but the runs.
    assert releases.git(job.repository, "status", "--short").split() == ["??", "runs/"]


def test_a_version_and_arguments_for_pip(tmp_path):
    repository = releases.repository(tmp_path / "release", "twin")
    job = Job(tmp_path / "job", repository, tmp_path, version="1.2.3", pip_args="--index-url  https://x.example/*")
    assert job.run("Install dejavu-audit").returncode == 0
    assert job.pip.read_text().splitlines()[2:] == [
        *("install", "--index-url", "https://x.example/*", "dejavu-audit==1.2.3")
    ]


def test_an_input_is_never_a_command(tmp_path):
    hostile = "$(touch pwned) `touch pwned`; touch pwned \" ' && touch pwned #"
    repository = releases.repository(tmp_path / "release", "twin")
    job = Job(tmp_path / "job", repository, tmp_path, version=hostile, pip_args=hostile, config=hostile)
    assert job.run("Install dejavu-audit").returncode == 0
    judged = job.run("Audit and judge")
    assert judged.returncode == 2 and job.outputs == {"verdict": "error"}
    assert "Traceback" not in judged.stderr and "Error" in judged.stderr
    assert not list(tmp_path.rglob("pwned"))
    assert job.pip.read_text().splitlines()[-1] == f"dejavu-audit=={hostile}"


def test_no_expression_stands_in_a_shell_step():
    scripts = [one["run"] for one in STEPS if "run" in one]
    assert len(scripts) == 3
    for one in STEPS:
        assert ("run" in one) != ("uses" in one) and one["name"]
        assert ("shell" in one) == ("run" in one)  # a composite action's steps must name their shell
    assert not any("${{" in script for script in scripts)


def test_whatever_the_verdict_embeddings_and_report_are_kept():
    names = [one["name"] for one in STEPS]
    after = names[names.index("Audit and judge") + 1 :]
    assert {"Save embeddings", "Upload the report"} <= set(after)
    assert all(step(name)["if"].startswith("always()") for name in after)
    assert step("Save embeddings")["with"]["key"] == "${{ steps.cache.outputs.cache-primary-key }}"
    assert step("Restore embeddings")["id"] == "cache" and step("Audit and judge")["id"] == "gate"


def test_every_input_is_used_and_said():
    text = (releases.ROOT / "action.yml").read_text()
    page = (releases.ROOT / "docs" / "ci.md").read_text()
    for name, one in ACTION["inputs"].items():
        assert f"inputs.{name}" in text and one["description"]
        default = f"`{one['default']}`" if one["default"] else ""
        assert f"| `{name}` | {default} |".replace("|  |", "| |") in page
    assert "steps.gate.outputs.verdict" in ACTION["outputs"]["verdict"]["value"]
