from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from dejavu_audit.cli import samples
from tests.report.memorized_runs import write_listed_run
from tests.run_folders import write_run

app = typer.Typer()
app.command("samples")(samples.command)
app.command("other")(lambda: None)


def run(*args, width=140):
    return CliRunner().invoke(app, ["samples", *map(str, args)], env={"COLUMNS": str(width)})


@pytest.fixture(scope="module")
def label(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "label-run", references=("image-classifier", "naive-bayes"))


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "object-run", "objects")


def test_the_table_names_the_most_memorized(label):
    told = json.loads(run(label, "--json", "--top", 3).stdout)
    assert (told["test"], told["part"], told["set"], told["sort"]) == ("label", "memorized", "target", "memorization")
    done = run(label, "--top", 3)
    assert done.exit_code == 0
    assert f"{told['total']} of {told['of']} targets are memorized" in done.stdout
    assert [row["id"] in done.stdout for row in told["samples"]] == [True] * 3
    for name, how in (
        ("memorization_confidence", "+.2f"),
        ("reference_probability", ".2f"),
        ("target_confidence", ".2f"),
    ):
        assert format(told["samples"][0][name], how) in done.stdout


@pytest.mark.parametrize("width", [60, 80, 110, 120])
@pytest.mark.parametrize("extra", [[], ["--by", "class"], ["--part", "correlated"], ["--set", "control"]])
def test_it_fits_the_terminal(label, width, extra):
    done = run(label, "--top", 4, *extra, width=width)
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= width
    for line in done.stdout.splitlines():
        assert line[:1] != "│" or line[-1] == "│"  # no column is cut off


@pytest.mark.parametrize("width", [60, 140])
def test_object_runs_are_told_by_caption_and_recall(objects, width):
    told = json.loads(run(objects, "--json", "--top", 2).stdout)
    assert told["sort"] == "recall"
    done = run(objects, "--top", 2, width=width)
    assert "more precise" in done.stdout
    assert told["samples"][0]["id"] in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= width


def test_a_part_that_is_empty_is_told(tmp_path):
    folder = write_run(tmp_path / "run", n=5, control=0, part=["unassociated"] * 5)
    done = run(folder)
    assert done.exit_code == 0
    assert "0 of 5 targets are memorized" in done.stdout


def test_classes(label):
    told = json.loads(run(label, "--by", "class", "--json", "--top", 4).stdout)
    assert len(told["classes"]) == 4
    assert told["classes"][0]["score"] >= told["classes"][1]["score"]
    assert told["classes"][0]["class"] in run(label, "--by", "class", "--top", 4).stdout


def test_files_are_written_and_named(label, tmp_path):
    done = run(label, "--top", 3, "--csv", tmp_path / "l.csv", "--gallery", tmp_path / "g.png", "--per-page", 2)
    assert done.exit_code == 0, done.output
    for name in ("l.csv", "g.png", "g-2.png"):
        assert str(tmp_path / name) in done.stdout.replace("\n", "")
    with (tmp_path / "l.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 3
    with Image.open(tmp_path / "g-2.png") as page:
        page.verify()
    done = run(label, "--by", "class", "--csv", tmp_path / "c.csv", "--json")
    assert json.loads(done.stdout)["files"] == [str(tmp_path / "c.csv")]
    assert (tmp_path / "c.csv").read_text("utf-8").startswith("rank,class,n,memorized")


def test_json_is_json_alone_while_a_gallery_is_drawn(label, tmp_path):
    told = json.loads(run(label, "--top", 2, "--gallery", tmp_path / "g.png", "--json").stdout)
    assert told["files"] == [str(tmp_path / "g.png")]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--part", "memorised"], "did you mean memorized"),
        (["--set", "fit"], "unknown set 'fit'"),
        (["--sort", "recall"], "unknown order 'recall'"),
        (["--by", "dog"], "unknown list 'dog'"),
        (["--by", "class", "--gallery", "x.png"], "leave out --by class"),
        (["--gallery", "x.jpg"], "must end in .png"),
        (["--memorized"], "has no list of memorized samples"),
        (["--memorized", "--sort", "margin"], "leave out --by, --part, --set, --sort"),
        (["--memorized", "--set", "control"], "--memorized is a list of its own"),
    ],
)
def test_wrong_asking_ends_in_a_sentence_and_2(label, args, says):
    done = run(label, *args)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_classes_are_of_the_label_test(objects):
    done = run(objects, "--by", "class")
    assert done.exit_code == 2
    assert "is for the label test" in done.stderr


def test_a_run_that_is_none_ends_in_a_sentence_and_2(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = run(folder)
        assert done.exit_code == 2
        assert done.stderr.startswith("Error: ")
        assert len(done.stderr.splitlines()) == 1


HOSTILE = "[bold]\x1b[31mé\u202e鳥[/]"


@pytest.mark.parametrize("test", ["label", "objects"])
def test_what_comes_from_data_is_text_on_a_terminal_that_lacks_letters(tmp_path, test):
    names = {"label": HOSTILE, "target_top1": HOSTILE} if test == "label" else {"caption": HOSTILE}
    write_run(tmp_path / "runs" / "x", test, **{name: [value] * 90 for name, value in names.items()})
    code = (
        "import sys; sys.stdout.reconfigure(errors='replace')\n"
        "from dejavu_audit.cli import samples\nsamples.command('latest', top=3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "100", "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        check=True,
    )
    assert b"[bold]?[31m" in done.stdout.replace(b"\n", b"")
    assert b"\x1b" not in done.stdout
    done.stdout.decode("ascii")


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    return write_listed_run(tmp_path_factory.mktemp("runs") / "listed-run", control=300)


@pytest.mark.parametrize("width", [60, 140])
def test_the_list_of_memorized_samples(listed, width):
    folder, found = listed
    told = json.loads(run(folder, "--memorized", "--json", "--top", 100).stdout)
    assert told["memorized"]["count"] == found.found == len(told["samples"])
    done = run(folder, "--memorized", "--top", 4, width=width)
    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert f"{found.found} of 60 targets are on the list of memorized samples, by the score standing" in said
    assert "Length at 5, 10, 20 %:" in said
    for row in told["samples"][:4]:
        assert row["id"] in said
        assert format(row["score"], ".3f") in said
        assert format(row["p_value"], ".2g") in said
    assert told["samples"][4]["id"] not in said
    assert max(map(len, done.stdout.splitlines())) <= width


def test_the_list_goes_into_csv_and_contact_sheet(listed, tmp_path):
    folder, found = listed
    done = run(folder, "--memorized", "--top", 2, "--csv", tmp_path / "l.csv", "--gallery", tmp_path / "g.png")
    assert done.exit_code == 0, done.output
    with (tmp_path / "l.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["p_value"]) == min(found.p_value[found.listed])
    with Image.open(tmp_path / "g.png") as page:
        page.verify()


def test_an_empty_list_is_told_and_no_fault(tmp_path):
    folder, _ = write_listed_run(tmp_path / "run", control=2)
    done = run(folder, "--memorized", "--gallery", tmp_path / "g.png")
    assert done.exit_code == 0, done.output
    assert "The list had to be empty" in done.stdout
    assert not (tmp_path / "g.png").exists()
