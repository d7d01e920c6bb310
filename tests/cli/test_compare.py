from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from dejavu_audit.cli import card, compare
from dejavu_audit.scores.label_test import MEANINGS
from tests.report.memorized_runs import write_listed_run

app = typer.Typer()
app.command("compare")(compare.command)
app.command("card")(card.command)


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """Two runs in runs/, where a prefix names them."""
    monkeypatch.chdir(tmp_path)
    for name, answers in (("old", 1), ("new", 2)):
        write_listed_run(tmp_path / "runs" / name, answers=answers, n=60, control=80)
    return "old", "new"


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_table_fits_the_terminal(pair, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    shown = run("compare", *pair)
    assert shown.exit_code == 0, shown.output
    assert max(map(len, shown.output.splitlines())) <= int(columns)
    for said in ("A: old", "B: new", "déjà vu score", "No longer", "Exact tests of what changed"):
        assert said in shown.output


def test_json_is_alone_on_standard_output(pair):
    shown = run("compare", *pair, "--json", "--top", 2)
    told = json.loads(shown.stdout)
    assert told["old"]["name"] == "old" and told["scores"]["deja_vu_top1"]["change"]["n"] == 140
    assert len(told["memorized"]["became_first"]) == 2


def test_quiet_is_the_verdict_alone(pair):
    shown = run("compare", *pair, "--quiet")
    assert shown.stdout.count("\n") == 1 and "déjà vu score" in shown.stdout


def test_a_page_is_written_where_it_is_asked_for(pair, tmp_path):
    shown = run("compare", *pair, "--html", tmp_path / "pages" / "a.html")
    assert shown.exit_code == 0 and "Written:" in shown.stdout
    assert (tmp_path / "pages" / "a.html").read_text("utf-8").startswith("<!doctype html>")


def test_names_that_mean_nothing_are_one_sentence(pair):
    shown = run("compare", "old", "nwe")
    assert shown.exit_code == 2 and shown.output.count("\n") == 1 and "did you mean new" in shown.output


def test_a_card_is_printed_written_or_put_into_another(pair, tmp_path):
    file = tmp_path / "runs" / "old" / "audit.json"
    record = json.loads(file.read_text("utf-8"))
    record["scores"] = dict.fromkeys(MEANINGS, record["scores"]["deja_vu_top1"])
    file.write_text(json.dumps(record), "utf-8")
    printed = run("card", "old").stdout
    assert printed.startswith("---\nmodel-index:") and "## Memorization" in printed
    assert run("card", "old", "--out", "a.md", "--quiet").output == ""
    assert (tmp_path / "a.md").read_text("utf-8") == printed
    told = json.loads(run("card", "old", "--json").stdout)
    assert told["section"] in printed and told["metadata"]["model-index"][0]["name"] == "test_resnet"
    (tmp_path / "README.md").write_text("# Model\n", "utf-8")
    assert "Written: README.md" in run("card", "old", "--into", "README.md").output
    assert "Nothing to change: README.md" in run("card", "old", "--into", "README.md").output
    both = run("card", "old", "--out", "a.md", "--into", "b.md")
    assert both.exit_code == 2 and "give one of them" in both.output


def test_neither_imports_torch_or_the_plotting_library(pair):
    code = (
        "import sys\n"
        "from dejavu_audit.report import comparison, comparison_page, card, readme, summary\n"
        "from dejavu_audit.cli import compare, card, compare_tables\n"
        "assert not {'torch', 'altair', 'faiss', 'sklearn', 'pandas'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
