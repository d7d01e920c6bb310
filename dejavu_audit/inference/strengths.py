"""How strong each reference is: what it finds, and whether it keeps up with the encoder where nothing is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dejavu_audit.report.record import ReferenceRecord
from dejavu_audit.report.score_record import ScoreRecord
from dejavu_audit.scores.estimates import NOTHING
from dejavu_audit.scores.symmetric import CONTROL, OTHERS, symmetric

if TYPE_CHECKING:
    from dejavu_audit.inference.protocol import InferenceTest
    from dejavu_audit.scores.estimates import Score
    from dejavu_audit.stages import Plan, Seen


def compare_references(
    plan: Plan, seen: Seen, test: InferenceTest, answers: Any, scores: Mapping[str, Score]
) -> list[ReferenceRecord]:
    """A record for every reference alone; `scores` are those of all of them together."""
    records = []
    for name in plan.references:
        alone = scores if len(plan.references) == 1 else test.scores(plan, *test.judge(plan, seen, answers, name))
        keys, other, found = test.STRENGTH, CONTROL, test.STRENGTH.memorization
        if plan.symmetric:
            alone, other, found = symmetric(alone), OTHERS, f"{found}_symmetric"

        def number(key: str, alone: Mapping[str, Score] = alone) -> ScoreRecord:
            return ScoreRecord(**vars(alone.get(key, NOTHING)))

        gap = number(keys.control_gap.replace(CONTROL, other))
        records.append(
            ReferenceRecord(
                name=name,
                description=test.describe(plan, answers, name),
                memorization=number(found),
                right_targets=number(keys.reference),
                right_control=number(f"{keys.reference}{other}"),
                encoder_right_control=number(f"{keys.encoder}{other}"),
                control_gap=gap,
                # In the symmetric test the control's place is taken by pictures that the reference knows.
                weaker=None if gap.low is None or plan.symmetric else gap.low > 0,
            )
        )
    return records
