"""Several references as one: sample by sample the strongest correlation that any of them finds (method: section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.scores.objects import PerSample

if TYPE_CHECKING:
    from numpy.typing import NDArray


def strongest_objects(members: Sequence[PerSample]) -> PerSample:
    """The best precision, the best recall and the best F1 that any reference reaches, each for itself.

    They need not come from one reference: the ensemble is as strong as it can be in every measure. Counts are those of
    the reference with the best F1, the first among equals.
    """
    if len(members) == 1:
        return members[0]
    best = best_f1(members)

    def of_best(name: str) -> Any:
        return np.stack([getattr(one, name) for one in members])[best, np.arange(len(best))]

    def highest(name: str) -> Any:
        return np.stack([getattr(one, name) for one in members]).max(axis=0)

    return PerSample(
        precision=highest("precision"),
        recall=highest("recall"),
        f1=highest("f1"),
        correct=highest("correct"),
        predicted=of_best("predicted"),
        true=members[0].true,
    )


def best_f1(members: Sequence[PerSample]) -> NDArray[np.intp]:
    """(n,) which reference has the best F1 on each sample, the first among equals."""
    best: NDArray[np.intp] = np.argmax(np.stack([one.f1 for one in members]), axis=0)
    return best


def best_label(
    labels: NDArray[Any],
    top1: Sequence[NDArray[Any]],
    top5: Sequence[NDArray[Any]],
    probability: Sequence[NDArray[Any]],
    confidence: Sequence[NDArray[Any]],
) -> NDArray[np.intp]:
    """(n,) which reference's answer stands for all on each of n pictures.

    One that is right at top-1 if there is one, else at top-5, else the one that gives the label most probability, else
    the surest, else the first; so the ensemble is right wherever any member is. That knows the label, and makes the
    references as strong as they can be: what the encoder has beyond them, none of them explains.

    Args:
        labels: (n,) true classes.
        top1: of each reference (n,) classes.
        top5: of each reference (n, 5) classes.
        probability: of each reference (n,) of the true class.
        confidence: of each reference (n,) -H(p).

    """
    right1 = np.stack([one == labels for one in top1])
    right5 = np.stack([(one == labels[:, None]).any(axis=1) for one in top5])
    first = np.broadcast_to(-np.arange(len(top1))[:, None], right1.shape)
    ranks = np.lexsort((first, np.stack(confidence), np.stack(probability), right5, right1), axis=0)
    best: NDArray[np.intp] = ranks[-1]
    return best
