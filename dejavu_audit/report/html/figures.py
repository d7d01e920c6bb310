"""Numbers as the report writes them: points with a sign, shares in percent, frequencies in words."""

from __future__ import annotations

from typing import NamedTuple

from dejavu_audit.report.lines import NOT_MEASURED
from dejavu_audit.report.score_record import ScoreRecord

MINUS = "−"


class Said(NamedTuple):
    """A number as text."""

    value: str
    interval: str
    """Empty: not measured."""


def points(share: float, digits: int = 1) -> str:
    """A share as signed percentage points: 0.123 is "+12.3"."""
    return _minus(f"{round(100 * share, digits) + 0.0:+.{digits}f}")


def percent(share: float, digits: int = 1) -> str:
    """A share in percent, without the sign for it."""
    return _minus(f"{round(100 * share, digits) + 0.0:.{digits}f}")


def said(score: ScoreRecord | None, *, signed: bool) -> Said:
    """A score with its interval, as percent or percentage points; "not measured" where it was not."""
    if score is None or score.estimate is None:
        return Said(NOT_MEASURED, "")
    say = points if signed else percent
    if score.low is None or score.high is None:
        return Said(say(score.estimate), "")
    return Said(say(score.estimate), f"{say(score.low)} to {say(score.high)}")


def in_hundred(share: float, low: float, high: float) -> tuple[str, str, str, str]:
    """A share and the ends of its interval as numbers of samples, and of how many: "43", "37", "49", "100"."""
    of = 100 if max(abs(low), abs(high)) >= 0.02 else 1_000 if max(abs(low), abs(high)) >= 0.002 else 10_000
    numbers = [round(of * value) for value in (share, low, high)]
    one, two, three = (_minus(f"{number:,}") for number in numbers)
    return one, two, three, f"{of:,}"


def p_value(value: float | None) -> str:
    """A p-value with its sign: "= 0.03", "< 0.001"."""
    if value is None:
        return NOT_MEASURED
    return "< 0.001" if value < 0.001 else f"= {value:.2g}" if value < 0.1 else f"= {value:.2f}"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
