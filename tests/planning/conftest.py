"""A small audit of scenes, resolved, with a cache of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dejavu_audit.audit import prepare, test_of
from dejavu_audit.config import AuditConfig
from dejavu_audit.progress import Silent

SCENES = {"classes": "10", "targets": "24", "control": "20", "public": "40", "fit": "60"}


def config(folder: Path, **settings: object) -> AuditConfig:
    """Of a random small encoder."""
    known = {
        "family": "timm", "model": "test_resnet", "pretrained": "random", "image_size": 32, "data": "scenes",
        "data_options": SCENES, "k": 5, "min_side": 24, "workers": 0, "batch_size": 8, "device": "cpu",
        "cache_dir": str(folder / "cache"), "out": str(folder / "run"), "baseline_options": {"epochs": "2"},
    }  # fmt: skip
    return AuditConfig.resolve(**{**known, **settings})


@pytest.fixture
def planned(tmp_path):
    """`planned(**settings)`: the plan and its jobs."""

    def make(**settings):
        plan = prepare(config(tmp_path, **settings), Silent())
        return plan, test_of(plan).jobs(plan)

    return make


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file under a folder, with size and time of change."""
    files = [Path(where) / name for where, _, names in os.walk(folder) for name in names]
    return {str(file): (file.stat().st_size, file.stat().st_mtime_ns) for file in files}
