"""What samples without memorization look like, and how many will be judged: what the power of an audit hangs on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

GUESSES = {"label": {"typical": 0.2, "cautious": 0.4}, "objects": {"typical": 0.8, "cautious": 1.0}}
"""Discordant share of samples by test, where nothing is known: one in five, or two. In the object test precisions are
seldom equal, so nearly every sample is discordant."""


@dataclass(frozen=True)
class Outcomes:
    """How samples come out that nobody memorized, as shares of all: what the control is expected to show."""

    up: float
    """Only the audited model is right."""
    down: float
    """Only the reference is right."""
    both: float = 0.0
    """Both are right; what is left is neither."""

    def __post_init__(self) -> None:
        shares = (self.up, self.down, self.both)
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
            raise ValueError(f"outcomes must be shares that sum to at most 1, not {shares}")

    @classmethod
    def discordant(cls, share: float) -> Outcomes:
        """A `share` of the samples discordant, and both models of one skill."""
        return cls(share / 2, share / 2)

    @classmethod
    def of_accuracies(cls, encoder: float, reference: float, overlap: float = 0.0) -> Outcomes:
        """From both models' accuracy; `overlap` 0: they are right independently, 1: on the same samples."""
        both = (1 - overlap) * encoder * reference + overlap * min(encoder, reference)
        return cls(max(encoder - both, 0.0), max(reference - both, 0.0), both)

    @property
    def discordance(self) -> float:
        """Share of samples that only one side gets right."""
        return self.up + self.down

    @property
    def gap(self) -> float:
        """How much more often the audited model is right: its greater skill, which the control takes away."""
        return self.up - self.down

    @property
    def most(self) -> float:
        """The largest memorization there can be: the audited model gets everything right."""
        return 1 - self.up - self.both

    def mirrored(self) -> Outcomes:
        """With the models' parts exchanged."""
        return Outcomes(self.down, self.up, self.both)

    def remembering(self, effect: ArrayLike) -> tuple[Floats, Floats]:
        """Shares of outcome 1 and -1 among targets, where memorization adds `effect` (any shape) to the mean outcome.

        A memorized sample is one that the audited model gets right whatever it would have said. So of those it gets
        wrong, the share that was right with the reference turns from -1 to 0, the rest from 0 to 1.
        """
        added = np.asarray(effect, np.float64)
        remembered = added / self.most if self.most > 0 else np.zeros_like(added)
        neither = 1 - self.up - self.down - self.both
        return self.up + remembered * neither, self.down * (1 - remembered)


@dataclass(frozen=True)
class Sizes:
    """How many samples will be judged."""

    targets: float
    control: float
    """0: no control, and the score is not calibrated: `gap` stays in it."""
    target_design: float = 1.0
    """Design effect of clusters: samples for one independent sample; n / Kish's effective size, for one."""
    control_design: float = 1.0
    symmetric: bool = False
    """The control's place is taken by what the reference was trained on: the score is half the difference."""

    @property
    def effective(self) -> tuple[int, int]:
        """Independent samples that targets and control are worth; at least one where there are any."""
        one = max(1, round(self.targets / self.target_design))
        return one, max(1, round(self.control / self.control_design)) if self.control else 0
