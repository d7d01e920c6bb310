"""The stage of an audit that lists the memorized samples, with a bound on its false discoveries (method: 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.inference.control import design_of
from dejavu_audit.scores.memorized import Memorized, find_memorized

if TYPE_CHECKING:
    from dejavu_audit.inference.protocol import InferenceTest
    from dejavu_audit.stages import Plan, Seen


def list_memorized(plan: Plan, seen: Seen, test: InferenceTest, answers: Any) -> Memorized | None:
    """Score every judged sample and list the targets that score too high for chance; None in the symmetric test."""
    if plan.symmetric:
        return None
    config = plan.config
    scores = test.sample_scores(plan, seen, answers)
    design = design_of(plan, seen)
    return find_memorized(
        scores,
        np.isin(seen.judged, plan.split.targets),
        by=next(iter(scores)) if config.sample_score == "auto" else config.sample_score,
        q=config.fdr,
        level=config.level,
        seed=config.seed,
        weights=design.weights,
        strata=design.strata,
        groups=design.groups,
    )
