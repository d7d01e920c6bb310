"""What an inference test is to the audit: a module with these functions; there are `label` and `objects`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from dejavu_audit.embeddings.views import View
    from dejavu_audit.report.clock import Clock
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.scores.headline import Headline
    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.stages import Plan, Seen
    from dejavu_audit.types import Array, Progress, Rows


class Strength(NamedTuple):
    """Keys of the scores that tell how strong a reference is."""

    memorization: str
    """What the audit finds with this reference."""
    reference: str
    """How often the reference is right on the targets; with `_control`, on the control."""
    encoder: str
    """The same of the audited encoder."""
    control_gap: str
    """How much better than the reference the encoder is on the control, where there is nothing to remember."""


class InferenceTest(Protocol):
    """One way to ask what an encoder remembers. `Any` stands for the test's own answers and judged sets."""

    NAME: str
    STRENGTH: Strength

    def jobs(self, plan: Plan) -> dict[str, tuple[View, Rows]]:
        """What must be looked at, by name; AuditError where encoder and references cannot take the test."""
        ...

    def set_aside(self, plan: Plan, seen: Seen) -> dict[int, str]:
        """Row -> reason, of what turns out to be useless once it was looked at."""
        ...

    def infer(self, plan: Plan, seen: Seen, progress: Progress, clock: Clock) -> Any:
        """What the encoder and every reference say of every judged sample."""
        ...

    def judge(self, plan: Plan, seen: Seen, answers: Any, member: str | None = None) -> tuple[Any, Any | None]:
        """Targets and control, right or wrong; by the one reference `member`, or by all."""
        ...

    def scores(self, plan: Plan, targets: Any, control: Any | None) -> dict[str, Score]:
        """Every score of the test."""
        ...

    def other_settings(self, plan: Plan, seen: Seen, answers: Any) -> dict[str, Score]:
        """Scores at settings beside the one asked for."""
        ...

    def sample_scores(self, plan: Plan, seen: Seen, answers: Any) -> dict[str, Array]:
        """By name, (n,) how surely each judged sample is remembered; the first is the one that `auto` stands for."""
        ...

    def find_headline(self, plan: Plan, found: Mapping[str, Score], targets: Any, control: Any | None) -> Headline:
        """The one number, with its p-value."""
        ...

    def tests(self, targets: Any) -> dict[str, dict[str, Any]]:
        """Exact paired tests on the targets, as the record's `tests` has them."""
        ...

    def describe(self, plan: Plan, answers: Any, member: str) -> dict[str, Any]:
        """What a reference is and how its fit went."""
        ...

    def draw(self, plan: Plan, targets: Any, control: Any | None) -> list[Path]:
        """Leave the test's plots in the run folder; which they are."""
        ...

    def samples(self, plan: Plan, seen: Seen, answers: Any, memorized: Memorized | None) -> pa.Table:
        """The table of judged samples, with what the list says of each."""
        ...
