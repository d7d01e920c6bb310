from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from dejavu_audit.cli import agree
from tests.run_folders import write_run

app = typer.Typer()
app.command("agree")(agree.command)
app.command("other")(lambda: None)


def run(*args, width=100):
    return CliRunner().invoke(app, ["agree", "--replicates", "100", *map(str, args)], env={"COLUMNS": str(width)})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [write_run(folder / f"run-{seed}", seed=seed) for seed in range(3)]


@pytest.mark.parametrize("width", [60, 100])
def test_two_runs_side_by_side(runs, width):
    done = run(*runs[:2], "--top", 3, width=width)
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= width
    for told in ("run-0", "run-1", "+12.5 points", "60 common targets", "Cohen's kappa", "Memorized by the account"):
        assert told in done.stdout


def test_json_tells_the_same_twice(runs):
    first, again = (run(*runs, "--json").stdout for _ in range(2))
    assert first == again
    told = json.loads(first)
    assert [head["name"] for head in told["runs"]] == ["run-0", "run-1", "run-2"]
    assert len(told["pairs"]) == 3
    assert told["part_names"] == ["unassociated", "misrepresented", "correlated", "memorized"]
    assert sum(map(sum, told["pairs"][0]["parts"])) == told["n"] == 60
    assert json.loads(run(*runs, "--json", "--seed", 1).stdout)["pairs"] != told["pairs"]
    assert json.loads(run(*runs, "--json", "--set", "control").stdout)["n"] == 30


def test_what_the_runs_share_is_said(runs, tmp_path):
    same = write_run(tmp_path / "same", seed=5)
    assert "encoder: timm test_resnet" in run(runs[0], same).stdout
    other = write_run(tmp_path / "other", seed=5, answers=7, references=("naive-bayes",))
    said = run(runs[0], other).stdout
    assert "encoder: differs from run to run" in said
    assert "Encoder and baseline both differ" in said.replace("\n", " ")


def test_the_references_of_one_run(tmp_path):
    done = run(write_run(tmp_path / "a", "objects", references=("caption-only", "second-encoder")))
    assert done.exit_code == 0, done.output
    assert "caption-only and second-encoder" in done.stdout


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path):
    folders = [write_run(tmp_path / place / "run", seed=seed) for seed, place in enumerate("ab")]
    told = json.loads(run(*folders, "--json").stdout)
    assert [head["name"] for head in told["runs"]] == [str(folder) for folder in folders]


def test_faults_end_in_a_sentence_and_2(runs, tmp_path):
    objects = write_run(tmp_path / "objects", "objects")
    for args, says in [
        ([runs[0]], "has one reference, which agrees with itself"),
        ([runs[0], runs[0]], "is named twice"),
        ([runs[0], f"{runs[0]}/../{runs[0].name}"], "is named twice"),
        ([runs[0], objects], "compare runs of the same test"),
        ([runs[0], tmp_path], "is not an audit's"),
        ([*runs, "--set", "fit"], "unknown set"),
    ]:
        done = run(*args)
        assert done.exit_code == 2, args
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1
