"""An audit of seconds whose answer is known: the sample encoders on a part of the built-in scenes."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dejavu_audit.progress import Silent

SIZES: dict[str, Any] = {"targets": 100, "control": 200, "public": 1_000, "fit": 300}
KNOWN = {"memorizer": 0.41, "twin": 0.04}
"""Calibrated memorization at these sizes with seed 0, measured on a CPU with torch 2.12."""
TOLERANCE = 0.08
"""Eight targets of a hundred: other builds of torch train the baseline to other last digits."""


@dataclass(frozen=True)
class Answer:
    """What the self-test found of one encoder."""

    name: str
    expected: float
    found: float | None
    low: float | None
    high: float | None
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the answer is the known one."""
        return self.found is not None and abs(self.found - self.expected) <= TOLERANCE


def self_test() -> list[Answer]:
    """Audit both sample encoders; nothing is left on the disk. Raises whatever an audit raises here."""
    from dejavu_audit.audit import audit
    from dejavu_audit.samples import AUDIT, CHECKPOINTS

    tested = []
    with tempfile.TemporaryDirectory(prefix="dejavu-audit-") as folder:
        for name, expected in KNOWN.items():
            began = time.perf_counter()
            found = audit(
                "timm:test_resnet",
                pretrained=str(CHECKPOINTS[name]),
                out=str(Path(folder) / name),
                cache_dir=str(Path(folder) / "cache"),
                workers=0,
                device="cpu",
                images=False,
                replicates=200,
                on_progress=Silent(),
                **{**AUDIT, **SIZES},
            ).headline
            seconds = time.perf_counter() - began
            tested.append(Answer(name, expected, found.estimate, found.low, found.high, seconds))
    return tested
