"""What is asked of a plan beside the audit itself, checked."""

from __future__ import annotations

from dataclasses import dataclass

from dejavu_audit.errors import AuditError
from dejavu_audit.scores.power import POWER


@dataclass(frozen=True)
class Wishes:
    """AuditError, in one sentence, where one is out of range."""

    width: float | None = None
    """Of the interval, high less low, as a share."""
    limit: float | None = None
    """Of a gate, as a share: it passes where the interval's upper end lies below."""
    below: float | None = None
    """How far below the limit the truth is that should pass; None: the whole of it, nothing is memorized."""
    power: float = POWER
    """The chance that is meant by "can detect" and "passes"."""
    expect_accuracy: tuple[float, float] | None = None
    """Base accuracy of encoder and reference: on pictures that nobody memorized."""
    pilot: str | None = None
    """A run whose control shows how many samples are discordant."""
    seconds: float = 10.0
    """For measuring; 0: time is not measured."""

    def __post_init__(self) -> None:
        _within("--width", self.width, 0, 2, "that the interval spans from low to high, as in 0.04 for +-2 points")
        _within("--limit", self.limit, 0, 1, "of memorized samples that a gate allows, as in 0.02 for 2 points")
        _within("--power", self.power, 0, 1, "of audits that should find or pass it, as in 0.8")
        if self.below is not None and self.limit is None:
            raise AuditError("--below says how far the truth is below a gate's limit; name the limit with --limit")
        if self.below is not None and self.limit is not None and not 0 < self.below <= self.limit:
            raise AuditError(f"--below must lie above 0 and be at most --limit {self.limit:g}, not {self.below:g}")
        for accuracy in self.expect_accuracy or ():
            share = "that encoder and reference get right without memorization, as in 0.25,0.2"
            _within("--expect-accuracy", accuracy, 0, 1, share, ends=True)
        if self.expect_accuracy and self.pilot:
            raise AuditError("--expect-accuracy and --pilot both say what to expect; leave one out")
        if not 0 <= self.seconds <= 600:
            raise AuditError(f"--seconds must lie between 0 (no measuring) and 600, not be {self.seconds:g}")

    @property
    def truth(self) -> float | None:
        """The memorization that should pass the gate."""
        if self.limit is None:
            return None
        return self.limit - (self.limit if self.below is None else self.below)


def _within(flag: str, value: float | None, low: float, high: float, share: str, *, ends: bool = False) -> None:
    if value is None or (low < value < high) or (ends and value in {low, high}):
        return
    raise AuditError(f"{flag} must lie between {low:g} and {high:g}, not be {value:g}: it is the share {share}")
