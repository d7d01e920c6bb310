"""The example of the documentation, installed as anybody's package would be, and used by an audit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own-baseline"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the example was installed into."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(EXAMPLE, folder / "source")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*command, "--target", folder / "site", folder / "source"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


def audit(installed, tmp_path, *more):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = "timm test_resnet --pretrained random --data scenes --min-side 24 --k 10 --targets 40 --public 200"
    return subprocess.run(
        [
            sys.executable, "-m", "dejavu_audit", *command.split(), "--control", "40", "--fit", "200",
            "--baseline", "colour-histogram", "--out", tmp_path / "run", "--cache-dir", tmp_path / "cache", *more,
        ],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip


def test_an_audit_runs_with_the_installed_example(installed, tmp_path):
    done = audit(installed, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "run" / "audit.json").read_text())
    assert record["reference"]["name"] == "colour-histogram"
    assert record["reference"]["folds"][0]["colours_seen"] > 0


def test_its_refusal_is_one_sentence(installed, tmp_path):
    done = audit(installed, tmp_path, "--baseline-option", "bin=4")
    assert done.returncode == 2
    assert "did you mean bins" in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_the_documentation_shows_the_example_as_it_is():
    page = (ROOT / "docs" / "baselines.md").read_text()
    for name in ("pyproject.toml", "colour_histogram.py"):
        assert (EXAMPLE / name).read_text().rstrip() in page
