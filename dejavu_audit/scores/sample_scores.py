"""How memorized a single sample looks: scores of one sample, larger meaning more memorized (method: 4.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PSEUDO_VOTES = 1.0
"""Votes that the reference's expectation counts for beside the k that are cast."""


def votes(label_votes: ArrayLike, k: int) -> Floats:
    """(n,) share of the k public neighbours that are of the sample's class; `label_votes` (n,) are their counts."""
    return _counts(label_votes, k) / k


def ratio(label_votes: ArrayLike, k: int, probability: ArrayLike, *, pseudo_votes: float = PSEUDO_VOTES) -> Floats:
    """(n,) log c_f(y) - log p_g(y): how much more often the neighbours name the class than the reference expects.

    The shares of votes are smoothed towards the reference's own probabilities, (c + a p) / (k + a) with a =
    `pseudo_votes`: the posterior mean under a Dirichlet prior that holds what an honest background gives away. So a
    sample without a vote for its class scores log(a / (k + a)) whatever the reference expects, and none scores lower.

    Args:
        label_votes: (n,) votes for each sample's own class, of k.
        k: public neighbours.
        probability: (n,) of the own class by the reference, in [0, 1].
        pseudo_votes: a, above 0.

    """
    c, p = _counts(label_votes, k), np.asarray(probability, np.float64)
    if p.shape != c.shape or not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"probabilities must be {c.size} numbers in [0, 1]")
    p = np.maximum(p, np.finfo(np.float32).tiny)
    scores: Floats = np.log((c / p + pseudo_votes) / (k + pseudo_votes))
    return scores


def _counts(label_votes: ArrayLike, k: int) -> Floats:
    c = np.asarray(label_votes, np.float64)
    if k < 1 or c.ndim != 1 or not np.all((c >= 0) & (c <= k)):
        raise ValueError(f"votes must be one row of numbers between 0 and k = {k}")
    return c
