"""What a study of the bench finds: a tidy table, and the bars that are read off it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Cell: TypeAlias = "float | int | str | None"


@dataclass(frozen=True)
class Check:
    """A figure that is held against a bar."""

    name: str
    """What is measured, as a phrase."""
    measured: float | None
    """None: could not be measured."""
    limit: float
    sign: Literal["≤", "≥"]
    slack: float = 0.0
    """What chance may add in a study of this size (Monte-Carlo error), in the figure's own unit."""

    @property
    def met(self) -> bool:
        """Whether the bar holds, within what chance may add."""
        if self.measured is None:
            return False
        if self.sign == "≤":
            return self.measured <= self.limit + self.slack
        return self.measured >= self.limit - self.slack


@dataclass(frozen=True)
class Finding:
    """The outcome of one study."""

    rows: list[dict[str, Cell]]
    """One row a setting of the world; all with the same keys, in the order of the columns."""
    checks: list[Check] = field(default_factory=list)
    audits: int = 0
    """Simulated (or real) audits that were run."""
    seconds: float = 0.0
