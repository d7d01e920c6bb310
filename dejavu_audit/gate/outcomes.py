"""What became of each judged sample, as a baseline keeps it, and the scores that are means over such outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from dejavu_audit.scores.judged_objects import MEASURES
from dejavu_audit.scores.label_test import PARTS, part

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.scores.judged_objects import JudgedObjects
    from dejavu_audit.scores.label_test import Judged

Outcomes: TypeAlias = "Mapping[str, NDArray[Any]]"
"""Column -> (n,) values of one set: `right`, the bits of RIGHT; or precision, recall and f1 of both models."""
RIGHT = ("target_top1", "target_top5", "reference_top1", "reference_top5")
_WHO = ("target", "reference")
COLUMNS = {"label": ("right",), "objects": tuple(f"{who}_{measure}" for who in _WHO for measure in MEASURES)}
"""The columns of outcomes, by test."""


class Mean(NamedTuple):
    """A score that is the mean, over targets or control, of a value of each sample."""

    control: bool
    """Of the control; if not, of the targets."""
    signed: bool
    """Values lie in [-1, 1]; if not, in [0, 1]."""
    values: Callable[[Outcomes], NDArray[Any]]
    """(n,)"""
    reference: Callable[[Outcomes], NDArray[Any]] | None = None
    """(n,) of the reference, where the value is the model's less this: it cancels between runs where it is the same."""


def outcomes_of(judged: Judged | JudgedObjects, test: str) -> dict[str, NDArray[Any]]:
    """The outcomes of a judged set."""
    found: Any = judged
    if test == "label":
        bits = np.concatenate([found.target_right, found.reference_right], axis=1)
        return {"right": (bits << np.arange(4, dtype=np.uint8)).sum(axis=1).astype(np.uint8)}
    return {f"{who}_{measure}": getattr(getattr(found, who), measure) for who in _WHO for measure in MEASURES}


def means_of(judged: JudgedRun, key: str) -> tuple[Mean, ...] | None:
    """The mean that a score is, or the two of which it is the difference; None where it is no mean of outcomes.

    `key` as in `judged.meanings`.
    """
    means = _label_means() if judged.test == "label" else _object_means(judged.compat)
    if key in means:
        return (means[key],)
    both = tuple(f"{key}_{where}" for where in ("targets", "control"))
    if both[0] not in means:
        return None
    return tuple(means[one] for one in (both[:1] if judged.control is None else both))


def pairable(judged: JudgedRun) -> list[str]:
    """Keys, as audit.json has them, of the scores whose increase on the same samples can be told."""
    # `memorized`, as a limit names it, is the length of the list.
    return [key for key, (base, _) in judged.made_of.items() if base != "memorized" and means_of(judged, base)]


def _bit(name: str) -> Callable[[Outcomes], NDArray[Any]]:
    place = RIGHT.index(name)
    return lambda of: (of["right"] >> place & 1).astype(np.float64)


def _label_means() -> dict[str, Mean]:
    means = {}
    for control in (False, True):
        place, gaps = ("_control", "_control") if control else ("", "_targets")
        for top in ("top1", "top5"):
            target, reference = _bit(f"target_{top}"), _bit(f"reference_{top}")
            means[f"accuracy_target_{top}{place}"] = Mean(control, False, target)
            means[f"accuracy_reference_{top}{place}"] = Mean(control, False, reference)
            means[f"deja_vu_{top}{gaps}"] = Mean(control, True, _less(target, reference), reference)
            for code, name in enumerate(PARTS):
                suffix = "" if top == "top1" else "_top5"
                means[f"{name}{suffix}{place}"] = Mean(control, False, _is_part(part, target, reference, code))
    return means


def _object_means(compat: str | None) -> dict[str, Mean]:
    means = {}
    for control in (False, True):
        place, gaps = ("_control", "_control") if control else ("", "_targets")
        for who in _WHO:
            for measure in MEASURES:
                means[f"{measure}_{who}{place}"] = Mean(control, False, _column(f"{who}_{measure}"))
        precision, recall = ([_column(f"{who}_{measure}") for who in _WHO] for measure in ("precision", "recall"))
        means[f"ppg{gaps}"] = Mean(control, True, _sign(_less(*precision)))
        means[f"prg{gaps}"] = Mean(control, True, _sign(_less(*recall)))
        if compat != "published":  # whose areas are of histograms
            means[f"aucg{gaps}"] = Mean(control, True, _less(*recall), recall[1])
        for code, name in enumerate(PARTS):
            means[f"{name}{place}"] = Mean(control, False, _is_part(_object_part, precision[0], precision[1], code))
    return means


def _column(name: str) -> Callable[[Outcomes], NDArray[Any]]:
    return lambda of: np.asarray(of[name], np.float64)


def _less(
    one: Callable[[Outcomes], NDArray[Any]], two: Callable[[Outcomes], NDArray[Any]]
) -> Callable[[Outcomes], NDArray[Any]]:
    return lambda of: one(of) - two(of)


def _sign(values: Callable[[Outcomes], NDArray[Any]]) -> Callable[[Outcomes], NDArray[Any]]:
    return lambda of: np.sign(values(of))


def _is_part(
    parts: Callable[[Any, Any], NDArray[Any]],
    one: Callable[[Outcomes], NDArray[Any]],
    two: Callable[[Outcomes], NDArray[Any]],
    code: int,
) -> Callable[[Outcomes], NDArray[Any]]:
    return lambda of: (parts(one(of), two(of)) == code).astype(np.float64)


def _object_part(target: NDArray[Any], reference: NDArray[Any]) -> NDArray[Any]:
    """As `judged_objects.object_part`, from precisions alone."""
    cases = {"memorized": target > reference, "misrepresented": target < reference, "correlated": target > 0}
    return np.select(list(cases.values()), [PARTS.index(name) for name in cases], PARTS.index("unassociated"))
