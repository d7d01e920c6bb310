"""Reading a baseline's `--baseline-option KEY=VALUE` texts, with ranges, so that a typo ends a run before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dejavu_audit.errors import AuditError, unknown


@dataclass(frozen=True)
class Whole:
    """A whole number in [low, high]."""

    default: int
    low: int
    high: int

    def read(self, text: str) -> int:
        """The number; ValueError says what it must be."""
        try:
            value = int(text)
        except ValueError:
            value = self.low - 1
        if not self.low <= value <= self.high:
            raise ValueError(f"must be a whole number from {self.low:,} to {self.high:,}")
        return value


@dataclass(frozen=True)
class Real:
    """A number in [low, high]."""

    default: float
    low: float
    high: float

    def read(self, text: str) -> float:
        """The number; ValueError says what it must be."""
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            raise ValueError(f"must be a number from {self.low:g} to {self.high:g}")
        return value


@dataclass(frozen=True)
class Choice:
    """One word out of a few."""

    default: str
    words: tuple[str, ...]

    def read(self, text: str) -> str:
        """The word; ValueError names the choices."""
        if text not in self.words:
            raise ValueError(f"must be one of {', '.join(self.words)}")
        return text


@dataclass(frozen=True)
class Text:
    """Any text."""

    default: str

    def read(self, text: str) -> str:
        """The text."""
        return text


def read(given: Mapping[str, str], known: Mapping[str, Whole | Real | Choice | Text], baseline: str) -> dict[str, Any]:
    """Every known option with the value given or its default; AuditError for an unknown name or one out of range."""
    for name in given:
        if name not in known:
            raise unknown(f"option of the baseline {baseline}", name, known)
    values: dict[str, Any] = {}
    for name, option in known.items():
        try:
            values[name] = option.read(given[name]) if name in given else option.default
        except ValueError as error:
            raise AuditError(f"--baseline-option {name}={given[name]}: {error}") from None
    return values
