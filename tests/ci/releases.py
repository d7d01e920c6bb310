"""A repository as a release engineer has it, and CI systems played by hand: their shell steps, nothing installed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from dejavu_audit.samples import CHECKPOINTS

ROOT = Path(__file__).parents[2]
SETTINGS = """\
[audit]
family = "timm"
model = "test_resnet"
pretrained = "{checkpoint}"
data = "scenes"
data_option = ["public=300", "control=150", "fit=150"]
targets = 150
image_size = 64
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
min_side = 24
k = 10
workers = 0
images = false

[[limit]]
score = "headline"
max = 0.15

[gate]
require = ["calibrated"]
"""


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout


def repository(folder: Path, model: str) -> Path:
    """A fresh repository that holds dejavu.toml and nothing else."""
    folder.mkdir(parents=True)
    (folder / "dejavu.toml").write_text(SETTINGS.format(checkpoint=CHECKPOINTS[model].as_posix()))
    git(folder, "init", "--quiet")
    git(folder, "add", "dejavu.toml")
    git(folder, "commit", "--quiet", "-m", "What a release must keep to")
    return folder


def stubs(folder: Path) -> tuple[Path, Path]:
    """A folder for PATH with a `python` that notes what pip is told instead of doing it, and where it notes that."""
    folder.mkdir()
    notes = folder / "pip.txt"
    python, binaries = shlex.quote(sys.executable), Path(sys.executable).parent
    _script(
        folder / "python",
        f'if [ "$1 $2" = "-m pip" ]; then printf "%s\\n" "$@" >> {shlex.quote(str(notes))}; exit 0; fi\n'
        f'exec {python} "$@"',
    )
    _script(folder / "dejavu-audit", f'exec {shlex.quote(str(binaries / "dejavu-audit"))} "$@"')
    return folder, notes


def _script(file: Path, text: str) -> None:
    file.write_text(f"#!/usr/bin/env bash\n{text}\n")
    file.chmod(0o755)


def shell(script: str, folder: Path, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step as CI does, with nothing of this process's environment that would tell the tool what to do."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEJAVU_", "GITHUB_", "GIT_", "CI_", "GATE_"))
    }
    told = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1", **variables}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, **told},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def parsed(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text("utf-8"))


def filled(text: str, values: dict[str, str]) -> str:
    """A text with its ${{ expressions }} replaced; KeyError for one that the test does not know."""
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: values[found[1]], text)
