"""The silent progress: what the library uses where nobody watches. The terminal's own is in `cli/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Silent:
    """A `Progress` that shows nothing."""

    @contextmanager
    def stage(self, name: str, total: int | None, unit: str = "pictures") -> Iterator[Callable[[int], None]]:
        """Count nothing."""
        yield lambda done: None

    def say(self, message: str) -> None:
        """Say nothing."""
