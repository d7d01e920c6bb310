"""Embedding for all rows of all figures in one stream: a scene is drawn once, not once a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dejavu_audit.audit import prepare, test_of
from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.utility import stage as utility

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Progress


def warm(configs: Sequence[AuditConfig], cache: Path, progress: Progress) -> None:
    """Leave in the cache every vector that these audits look at; rows on the same data share the stream."""
    alike: dict[str, list[AuditConfig]] = {}
    for config in configs:
        alike.setdefault(json.dumps([config.data, config.data_options], sort_keys=True), []).append(config)
    for group in alike.values():
        plans = [
            prepare(config.model_copy(update={"out": None, "cache_dir": str(cache)}), progress) for config in group
        ]
        jobs = [job for plan in plans for job in test_of(plan).jobs(plan).values()]
        jobs += [job for plan in plans if plan.config.utility for job in utility.jobs(plan).values()]
        first = plans[0]
        progress.say(f"One stream for {len(plans)} audits")
        embed_views(first.dataset, jobs, first.store, workers=first.config.workers, progress=progress)
