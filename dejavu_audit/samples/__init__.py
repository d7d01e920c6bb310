"""The two sample checkpoints, and how the demo audits them. How they were made: `CARD.md` beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dejavu_audit.report.result import AuditResult
    from dejavu_audit.types import Progress

FOLDER = Path(__file__).parent
MEMORIZER = FOLDER / "memorizer.safetensors"
"""Trained with the 300 targets of the data set `scenes` repeated 60 times."""
TWIN = FOLDER / "twin.safetensors"
"""The same training with 300 other scenes in the targets' place."""
CHECKPOINTS = {"memorizer": MEMORIZER, "twin": TWIN}

AUDIT: dict[str, Any] = {
    "data": "scenes",
    "image_size": 64,
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "k": 30,
    "min_side": 24,
}
"""The settings that both are audited with; the architecture is timm's test_resnet."""


def demo_audits(*, out: Path, cache_dir: Path | None, progress: Progress) -> dict[str, AuditResult]:
    """Audit both with one split and one seed, each into a folder of `out`; AuditError as `audit` raises it."""
    from dejavu_audit.audit import audit

    results = {}
    for name, path in CHECKPOINTS.items():
        progress.say(f"Auditing the {name}:")
        results[name] = audit(
            "timm:test_resnet",
            pretrained=str(path),
            out=str(out / f"demo-{name}"),
            cache_dir=str(cache_dir) if cache_dir else None,
            on_progress=progress,
            **AUDIT,
        )
    return results
