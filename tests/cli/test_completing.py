from __future__ import annotations

import subprocess
import sys

import pytest

from dejavu_audit.cli import completing
from dejavu_audit.cli.completing import baseline_names, choices, data_names, run_names
from dejavu_audit.report.folder import AUDIT
from dejavu_audit.report.reading import RUNS

HEAVY = {"torch", "numpy", "pyarrow", "open_clip", "timm"}


def test_names_are_those_of_the_readers():
    assert (completing.RUNS, completing.AUDIT) == (RUNS, AUDIT)


def test_words_of_a_metavar():
    assert choices("quick|standard|full")("s") == ["standard"]
    assert choices("auto|cpu|cuda|mps")("") == ["auto", "cpu", "cuda", "mps"]
    assert choices("top-left|…") is None
    assert choices("NAME|FILE.toml") is None
    assert choices("N|auto") is None
    assert choices(None) is None


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("vit-a", "vit-b", "other"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / AUDIT).touch()
    (tmp_path / "runs" / "unfinished").mkdir()
    (tmp_path / "mine.toml").touch()
    (tmp_path / "elsewhere").mkdir()


def test_runs_by_name_and_by_path(here):
    assert run_names("") == ["latest", "other", "vit-a", "vit-b"]
    assert run_names("vit") == ["vit-a", "vit-b"]
    assert run_names("runs/v") == ["runs/vit-a/", "runs/vit-b/"]
    assert run_names("\0") == []


def test_data_by_name_and_descriptions(here):
    assert data_names("im") == ["imagenet"]
    assert data_names("mi") == ["mine.toml"]


def test_of_several_baselines_the_last(here):
    assert baseline_names("naive-bayes,im") == ["naive-bayes,image-classifier"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("dejavu-audit samples vi", "vit-a\nvit-b"),
        ("dejavu-audit agree vit-a l", "latest"),
        ("dejavu-audit timm x --data sc", "scenes"),
        ("dejavu-audit plan timm x --preset q", "quick"),
        ("dejavu-audit config show op", "openclip"),
        ("dejavu-audit sam", "samples"),
        ("dejavu-audit timm x --basel", "--baseline\n--baseline-model\n--baseline-option"),
    ],
)
def test_as_bash_asks(here, monkeypatch, capsys, line, offered):
    from dejavu_audit.cli.main import app

    words = line.split()
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setenv("_DEJAVU_AUDIT_COMPLETE", "complete_bash")
    with pytest.raises(SystemExit) as end:
        app(prog_name="dejavu-audit")
    assert end.value.code == 0
    assert sorted(capsys.readouterr().out.split()) == sorted(offered.split())


def test_a_broken_settings_file_does_not_disturb_and_nothing_heavy_is_loaded(here, tmp_path):
    (tmp_path / "dejavu.toml").write_text("[[[")
    code = (
        "import os, sys\nsys.argv = ['dejavu-audit']\n"
        "os.environ |= {'COMP_WORDS': 'dejavu-audit timm x --data sc', 'COMP_CWORD': '4', "
        "'_DEJAVU_AUDIT_COMPLETE': 'complete_bash'}\n"
        "from dejavu_audit.cli.main import app\n"
        "try:\n    app(prog_name='dejavu-audit')\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    offered, _, loaded = done.stdout.partition("LOADED")
    assert offered.strip() == "scenes" and done.stderr == ""
    assert not HEAVY & set(loaded.split())


def test_the_script_can_be_shown(cli):
    done = cli("--show-completion", "bash")
    assert done.returncode == 0
    assert "complete -o default -F _dejavu_audit_completion dejavu-audit" in done.stdout
