"""`dejavu-audit gate` as a user types it: verdicts, exit codes, files, and bad input in one sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dejavu_audit.cli.main import app
from dejavu_audit.gate.record import GateRecord
from dejavu_audit.samples import AUDIT, MEMORIZER, TWIN
from tests.gate.made_runs import outcomes, write_outcomes

TARGETS, CONTROL = (60, 20, 40, 280), (20, 20, 40, 320)
"""10 points of memorization, about 5.5 to 14.6 at 95 %."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a finished run and limits to judge it by; no CI job is running."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    write_outcomes(tmp_path / "runs" / "made", outcomes(*TARGETS), outcomes(*CONTROL))
    limits(tmp_path, ("headline", "max = 0.2"))
    return tmp_path


def limits(place, *asked, gate=""):
    tables = [f'[[limit]]\nscore = "{score}"\n{bound}\n' for score, bound in asked]
    (place / "dejavu.toml").write_text(f"[gate]\n{gate}\n" + "".join(tables))


def gate(*args, code=None):
    done = CliRunner().invoke(app, ["gate", *map(str, args)])
    if code is not None:
        assert done.exit_code == code, done.output
    return done


def refused(*args):
    """The one sentence that a gate ends with, and its code."""
    done = gate(*args, code=2)
    assert "Traceback" not in done.output and done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize(
    ("bound", "code", "verdict"), [(0.2, 0, "Passed"), (0.02, 1, "Failed"), (0.1, 3, "Not decided")]
)
def test_exit_code_is_the_verdicts(place, bound, code, verdict):
    limits(place, ("headline", f"max = {bound}"))
    done = gate("made", code=code)
    assert done.stdout.startswith(f"{verdict}: timm test_resnet")
    assert gate("latest", "--quiet", code=code).stdout.count("\n") == 1
    told = json.loads(gate("runs/made", "--json", code=code).stdout)
    kept = (place / "runs/made/gate.json").read_text()
    assert GateRecord.model_validate(told) == GateRecord.model_validate_json(kept)
    assert told["verdict"] == {0: "pass", 1: "fail", 3: "inconclusive"}[code]
    assert "headline" in (place / "runs/made/summary.md").read_text()
    suite = ElementTree.parse(place / "runs/made/junit.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("errors")) == (str(int(code == 1)), str(int(code == 3)))


def test_what_undecided_counts_as_is_in_the_code_and_not_in_the_record(place):
    limits(place, ("headline", "max = 0.1"), gate='inconclusive = "pass"')
    assert "counts as pass here" in gate("made", code=0).stdout
    assert json.loads((place / "runs/made/gate.json").read_text())["verdict"] == "inconclusive"
    assert "<skipped" in (place / "runs/made/junit.xml").read_text()
    gate("made", "--inconclusive", "fail", code=1)
    assert json.loads((place / "runs/made/gate.json").read_text())["verdict"] == "inconclusive"


@pytest.mark.parametrize("columns", [60, 120])
def test_table_shows_every_limit_and_requirement_in_any_width(place, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    limits(place, ("headline", "max = 0.02"), ("memorized_top5", "max = 0.5"), ("memorized", "max = 5"),
           gate='require = ["calibrated", "balanced"]')  # fmt: skip
    shown = gate("made", code=1).stdout
    assert max(map(len, shown.replace(str(place), "").splitlines()[:-1])) <= columns
    one_line = " ".join(shown.split())
    for said in ("+10.0 points", "exceeded", "15.0 %", "kept", "not measured", "not decided", "not met: balanced"):
        assert said in one_line


def test_baseline_is_made_and_a_later_release_held_against_it(place):
    limits(place, ("headline", "max_increase = 0.03"), ("headline", "max = 0.5"))
    assert "there is no baseline" in refused("made")
    told = json.loads(gate("made", "--update", "--json", code=0).stdout)
    assert (told["targets"], told["control"]) == (400, 400)
    assert (place / "dejavu-baseline.parquet").stat().st_size == told["bytes"] < 20_000
    assert "increase" in gate("made", code=0).stdout
    worse = [(1, 0) if at < 100 else pair for at, pair in enumerate(outcomes(*TARGETS))]
    write_outcomes(place / "runs" / "worse", worse, outcomes(*CONTROL))
    found = gate("worse", "--quiet", code=1).stdout
    assert found.startswith("Failed: timm test_resnet exceeds 1 of 2 limits (headline)")
    (place / "dejavu-baseline.parquet").write_bytes(b"PAR1")
    assert "cannot be read, it is damaged" in refused("made")


def test_github_gets_the_summary_and_annotations(place, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "step.md"))
    limits(place, ("headline", "max = 0.02"))
    assert "::error title=Limit exceeded%3A headline::" in gate("made", code=1).stdout
    assert (place / "step.md").read_text().strip() == (place / "runs/made/summary.md").read_text().strip()
    done = gate("made", "--json", code=1)
    assert json.loads(done.stdout)["verdict"] == "fail" and "::error" in done.stderr


# Bad input.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gates]\n", "unknown table 'gates': did you mean gate"),
        ("[gate]\nbase = 3\n", "unknown key 'base': did you mean baseline"),
        ('[[limit]]\nscore = "headline"\nmaximum = 1\n', "unknown key 'maximum': did you mean max"),
        ("[audit]\nmodell = 3\n", "unknown setting 'modell': did you mean model"),
        ('[[limit]]\nscore = "headlines"\nmax = 0.1\n', "unknown score 'headlines': did you mean headline"),
        ('[[limit]]\nscore = "ppg"\nmax = 0.1\n', "unknown score 'ppg'"),
        ("[gate]\n", "the gate has no limits"),
        ("[gate\n", "cannot be read as TOML"),
    ],
)
def test_settings_that_cannot_be_meant(place, text, said):
    (place / "dejavu.toml").write_text(text)
    assert said in refused("made")


def test_run_that_is_half_written_newer_edited_or_not_there(place):
    audit = place / "runs/made/audit.json"
    whole = audit.read_text()
    audit.write_text(re.sub('"estimate": 0.1[0-9]*', '"estimate": 0.001', whole, count=1))
    assert "audit.json is not as the audit left it: it was edited, or half copied" in refused("made")
    audit.write_text(whole[:-200])
    assert "audit.json is damaged" in refused("made")
    audit.write_text(whole.replace('"schema_version": "1.', '"schema_version": "9.', 1))
    assert "newer than this version reads" in refused("made")
    audit.unlink()
    assert "has not ended: it has no audit.json yet" in refused("runs/made")
    assert "there is no run 'made'" in refused("made")


def test_sample_table_that_was_edited(place):
    file = place / "runs/made/samples.parquet"
    pq.write_table(pq.read_table(file).slice(1), file)
    assert "samples.parquet is not as the audit left it" in refused("made")


def test_flags_that_do_not_go_together(place):
    assert "--max-targets is for an audit" in refused("made", "--max-targets", 5)
    assert "--again is for an audit" in refused("made", "--again")
    assert "unknown outcome 'passed'" in refused("made", "--inconclusive", "passed")
    assert "there is no settings file no.toml" in refused("made", "--config", "no.toml")
    assert "lacks family" in refused()
    (place / "dejavu.toml").unlink()
    assert "there is no dejavu.toml in this folder; name the file with the limits by --config" in refused("made")


def test_unknown_family_in_the_file(place):
    with (place / "dejavu.toml").open("a") as file:
        file.write('[audit]\nfamily = "tim"\nmodel = "x"\ndata = "scenes"\n')
    assert "unknown encoder family 'tim': did you mean timm" in refused()


def test_finished_run_is_judged_without_torch(place):
    code = (
        "import sys\nfrom dejavu_audit.cli.main import app\n"
        "try:\n    app(['gate', 'made', '--quiet'])\nexcept SystemExit as end:\n    print(end.code)\n"
        "heavy = 'torch', 'altair', 'faiss', 'sklearn', 'scipy.stats'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["0", "[]"], done.stdout + done.stderr


def test_audits_what_is_not_audited_and_only_that(tmp_path, monkeypatch):
    """From an empty folder to a verdict, by dejavu.toml alone; the second time the run is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked = {
        **AUDIT, "family": "timm", "model": "test_resnet", "pretrained": str(MEMORIZER), "reference": str(TWIN),
        "targets": 40, "control": 60, "public": 400, "replicates": 100, "device": "cpu", "images": False,
    }  # fmt: skip
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in asked.items())
    (tmp_path / "dejavu.toml").write_text(f'[audit]\n{lines}\n[[limit]]\nscore = "headline"\nmax = 0.05\n')
    monkeypatch.setenv("DEJAVU_AUDIT_WORKERS", "0")  # the environment goes before the file
    first = gate("--quiet", code=1)
    assert first.stdout.startswith("Failed: timm test_resnet exceeds the limit on headline")
    run = next((tmp_path / "runs").iterdir())
    assert {"gate.json", "junit.xml", "summary.md"} <= {file.name for file in run.iterdir()}
    assert json.loads((run / "audit.json").read_text())["config"]["workers"] == 0
    before = (run / "audit.json").stat().st_mtime_ns
    assert gate("--quiet", code=1).stdout == first.stdout
    assert gate("--update", "--quiet", code=0).stdout.startswith("Baseline written: ")
    assert (run / "audit.json").stat().st_mtime_ns == before
    gate("--again", "--quiet", code=1)
    assert (run / "audit.json").stat().st_mtime_ns > before
