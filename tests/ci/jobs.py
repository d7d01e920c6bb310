"""A job whose one step is the action."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.ci import releases

ACTION = releases.parsed("action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
DEFAULTS = {f"inputs.{name}": one["default"] for name, one in ACTION["inputs"].items()}


def step(name: str) -> dict[str, Any]:
    (found,) = [one for one in STEPS if one["name"] == name]
    return found


class Job:
    """A job that has one step, the action: its runner's files, and what the shell steps left there."""

    def __init__(self, folder: Path, repository: Path, cache: Path, **inputs: str) -> None:
        self.path, self.pip = releases.stubs(folder)
        self.repository = repository
        self.files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        self.expressions = {
            **DEFAULTS,
            **{f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()},
            "runner.temp": str(cache),
            "github.action_path": str(releases.ROOT),
        }

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the shell step of that name."""
        one = step(name)
        variables = {key: releases.filled(value, self.expressions) for key, value in one.get("env", {}).items()}
        files = {key: str(file) for key, file in self.files.items()}
        return releases.shell(one["run"], self.repository, self.path, GITHUB_ACTIONS="true", **files, **variables)

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.files["GITHUB_OUTPUT"].read_text().splitlines())
