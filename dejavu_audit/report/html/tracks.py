"""Numbers on a line: where an estimate, its interval and the limits stand, in percent of the width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import NamedTuple

_STEPS = (1, 2, 5, 10)


class Tick(NamedTuple):
    """A mark of an axis."""

    at: float
    """Percent of the width."""
    text: str


class Mark(NamedTuple):
    """An estimate with its interval."""

    at: float
    low: float
    width: float


@dataclass(frozen=True)
class Axis:
    """A line from `low` to `high`."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> float:
        """Where a value stands, in percent, never outside."""
        return round(100 * min(max((value - self.low) / (self.high - self.low), 0.0), 1.0), 2)

    def mark(self, estimate: float, low: float, high: float) -> Mark:
        """Where an estimate and its interval stand; an interval is never too narrow to be seen."""
        left, right = self.at(low), self.at(high)
        return Mark(self.at(estimate), left, round(max(right - left, 0.4), 2))


def axis(values: Iterable[float | None], *, unit: str = "", signed: bool = True, factor: float = 100.0) -> Axis:
    """An axis with round ends that holds every value, and 0; ticks are of `factor` times the value."""
    known = [0.0, *(factor * value for value in values if value is not None)]
    least, most = min(known), max(known)
    step = _step((most - least) or 1.0)
    low = step * floor(least / step + 1e-9)
    high = step * ceil(most / step - 1e-9)
    if low == high:
        high = low + step
    pad = 0.04 * (high - low)
    low, high = low - (pad if least < 0 else 0.0), high + pad
    marks = _ticks(low, high, step)
    digits = max(0, -floor(log10(step)))
    sign = "+" if signed else ""
    ticks = tuple(
        Tick(
            round(100 * (value - low) / (high - low), 2),
            f"{value:{sign}.{digits}f}{unit}" if round(value, 9) else f"0{unit}",
        )
        for value in marks
    )
    return Axis(low / factor, high / factor, ticks)


def _step(span: float) -> float:
    """A round distance of ticks, of which four to eight are on the span."""
    unit = 10.0 ** floor(log10(span / 5))
    return next(unit * one for one in _STEPS if span / (unit * one) <= 6.5)


def _ticks(low: float, high: float, step: float) -> Sequence[float]:
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [step * place for place in range(first, last + 1)]
