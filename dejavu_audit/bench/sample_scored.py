"""The scores of single samples, of one audit's targets and control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.scores import sample_scores
from dejavu_audit.scores.judged_objects import JudgedObjects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dejavu_audit.bench.oracle import Drawn, Evidence

    Floats = NDArray[np.float64]


def scored(targets: Drawn[Any], control: Drawn[Any]) -> dict[str, tuple[Floats, Floats]]:
    """Every sample score by name, of the targets and of the control; both are scored together, as some scores ask."""
    n = len(targets.memorized)
    if targets.evidence is not None and control.evidence is not None:
        every = _of_labels(targets.evidence, control.evidence)
    else:
        every = _of_objects(targets.judged, control.judged)
    return {name: (values[:n], values[n:]) for name, values in every.items()}


def _of_labels(one: Evidence, two: Evidence) -> Mapping[str, Floats]:
    def both(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(one, name), getattr(two, name)])

    label, own, p, by_class = (both(name) for name in ("label", "label_votes", "probability", "by_class"))
    return {
        "standing": sample_scores.standing(by_class, label, p),
        "ratio": sample_scores.ratio(own, one.k, p, by_class.shape[1]),
        "votes": sample_scores.votes(own, one.k),
        "margin": both("margin"),
    }


def _of_objects(one: JudgedObjects, two: JudgedObjects) -> Mapping[str, Floats]:
    def both(who: str, name: str) -> NDArray[Any]:
        return np.concatenate([getattr(getattr(some, who), name) for some in (one, two)])

    def gap(name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        return both("target", name), both("reference", name)

    return {
        "recall_gap": sample_scores.recall_gap(*gap("recall")),
        "precision_gap": sample_scores.precision_gap(*gap("precision")),
        "correct_gap": sample_scores.correct_gap(*gap("correct")),
    }
