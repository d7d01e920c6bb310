"""What an audit will leave on the disk, and how much is free there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.planning.captions import Texts
    from dejavu_audit.planning.work import Work
    from dejavu_audit.stages import Plan

ROW_BYTES = 36
"""What the store keeps beside a vector: a key, a crop, a reason and Parquet's own (measured: 33 to 36)."""
SAMPLE_BYTES = 120
"""A row of samples.parquet without its neighbours (measured on scenes, compressed)."""
NEIGHBOR_BYTES = 8
"""A neighbour in samples.parquet: its distance, and its id from a dictionary (measured likewise: 7 among 6,000)."""
SPLIT_BYTES = 20
"""A row of split.parquet."""
FIXED_BYTES = 500_000
"""audit.json and the plots, whatever the number of samples (measured on scenes: 0.3 to 0.7 MB)."""


def cache_bytes(work: Work, texts: Sequence[Texts]) -> int:
    """What will be added to the cache for pictures and captions."""
    pictures = sum(len(look.missing) * (look.vector_bytes + ROW_BYTES) for look in work.looks.values())
    return pictures + sum(one.missing * (4 * one.dim + ROW_BYTES) for one in texts)


def run_bytes(plan: Plan) -> int:
    """What the run folder will hold."""
    rows = sum(len(some) for some in plan.split.sets().values())
    judged = len(plan.split.judged) * (SAMPLE_BYTES + NEIGHBOR_BYTES * int(plan.config.k or 0))
    return judged + rows * SPLIT_BYTES + FIXED_BYTES


def free(folder: Path) -> int:
    """Free bytes where `folder` is or will be."""
    return shutil.disk_usage(_there(folder)).free


def device_of(folder: str) -> int:
    """The number of the device where `folder` is or will be."""
    return _there(Path(folder)).stat().st_dev


def _there(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
