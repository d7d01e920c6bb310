"""The symmetric two-model test: A audited with B as reference, B with A, and their mean (method: section 3).

A was trained on the targets, B on the other set. With DV_A(T) the gap A minus B on A's pictures, and DV_B(U) the gap
B minus A on B's pictures, their mean is (DV_A(T) + DV_B(U)) / 2 = (DV_A(T) - DV_A(U)) / 2: half of what the audit of A
finds with B's pictures in the control's place. Skill cancels, since each model stands once on either side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from dejavu_audit.scores.estimates import Score

if TYPE_CHECKING:
    from dejavu_audit.scores.headline import Headline

_SETTING = re.compile(r"_confident\d+$|_k\d+_top\w+$|$")
"""What follows the name of the set in a key."""
CONTROL = "_control"
TARGETS = "_targets"
OTHERS = "_reference_members"


def symmetric(scores: Mapping[str, Score]) -> dict[str, Score]:
    """The scores of an audit whose control are the reference's members, as those of the symmetric test.

    A difference of both sets, as `ppg`, becomes half of it, `ppg_symmetric`; what was measured on the control, as
    `accuracy_target_top1_control`, is that of the reference's members; gaps on them, as `ppg_control`, change their
    sign: there it is the reference that may remember.
    """
    found = {}
    for key, score in scores.items():
        gap = _on(key, CONTROL, TARGETS)
        both = _on(key, "", TARGETS)
        if CONTROL in key and gap in scores:
            found[key.replace(CONTROL, OTHERS)] = _scaled(score, -1.0)
        elif CONTROL in key:
            found[key.replace(CONTROL, OTHERS)] = score
        elif TARGETS not in key and both in scores:
            found[f"{key}_symmetric"] = _scaled(score, 0.5)
        else:
            found[key] = score
    return found


def symmetric_headline(headline: Headline) -> Headline:
    """Half of the difference, under its own name; the p-value is that of the difference."""
    half = _scaled(Score(headline.estimate, headline.low, headline.high, 0, ""), 0.5)
    return replace(
        headline, metric=f"{headline.metric}_symmetric", estimate=half.estimate, low=half.low, high=half.high
    )


def _on(key: str, found: str, put: str) -> str:
    """The key of the same score on the targets: `ppg_control` and `ppg` to `ppg_targets`, suffixes kept in place."""
    if found:
        return key.replace(found, put)
    return _SETTING.sub(rf"{put}\g<0>", key, count=1)


def _scaled(score: Score, factor: float) -> Score:
    if score.estimate is None or score.low is None or score.high is None:
        return score
    low, high = sorted((score.low * factor, score.high * factor))
    return replace(score, estimate=score.estimate * factor, low=low, high=high)
