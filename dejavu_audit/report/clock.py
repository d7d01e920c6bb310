"""Where the time of an audit goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any


class Clock:
    """Seconds a stage; stages of one name add up."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._started = datetime.now(timezone.utc)
        self._seconds: dict[str, float] = {}
        self._counts: dict[str, Any] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time what is done inside."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + time.perf_counter() - began

    def count(self, counts: Mapping[str, Any]) -> None:
        """Keep what was counted on the way, as pictures decoded: like times, it differs when a cache is warm."""
        self._counts.update(counts)

    def record(self) -> dict[str, Any]:
        """The report's `timings`, in seconds."""
        return {
            "started": self._started.isoformat(timespec="seconds"),
            "total": round(time.perf_counter() - self._began, 3),
            **{stage: round(seconds, 3) for stage, seconds in self._seconds.items()},
            **self._counts,
        }
