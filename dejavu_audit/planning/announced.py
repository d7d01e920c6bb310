"""How much a stage of the run would have to do, found by starting it and ending it where it says so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager


class _Stop(Exception):  # noqa: N818 - not an error: enough is known
    """Raised before anything is done."""


class _Announced:
    """A progress that ends what announces work, and keeps how much there was."""

    def __init__(self) -> None:
        self.total = 0

    def stage(
        self, name: str, total: int | None, unit: str = "pictures"
    ) -> AbstractContextManager[Callable[[int], None]]:
        """End here."""
        self.total = total or 0
        raise _Stop

    def say(self, message: str) -> None:
        """Say nothing."""


def announced(start: Callable[[_Announced], object]) -> int:
    """The items that `start` opens its first stage with; 0 where it ends without one. Nothing of them is done."""
    progress = _Announced()
    try:
        start(progress)
    except _Stop:
        return progress.total
    return 0
