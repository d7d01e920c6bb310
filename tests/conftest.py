"""What many tests share: the command line as a user's shell starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Before anything loads torch, as the command line does: tests share the cores with whatever else runs.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

ROOT = Path(__file__).parent.parent


@pytest.fixture
def cli(tmp_path):
    """Run `dejavu-audit ARGS` in a process of its own, in an empty folder with a cache of its own."""

    def run(
        *args: object, timeout: float = 300, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("DEJAVU_AUDIT_")}
        return subprocess.run(
            [sys.executable, "-m", "dejavu_audit", *map(str, args)],
            cwd=cwd or tmp_path,
            env={**clean, "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "120", **env},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
