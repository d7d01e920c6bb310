"""How sure a prediction is, and which samples are the most confident ones (method: 1.4 to 1.6)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.top_share import SAME as SAME
from dejavu_audit.scores.top_share import top_share


def entropy(probabilities: ArrayLike, axis: int = -1) -> NDArray[np.float64]:
    """Shannon entropy in nats along `axis`; 0 log 0 = 0. Shares of votes are probabilities: pass `counts / k`.

    Sums are taken as given, not normalised. Raises ValueError on a negative or undefined entry.
    """
    p = np.asarray(probabilities, np.float64)
    if not np.all(p >= 0):
        raise ValueError("probabilities must be numbers of 0 or more")
    # The + 0.0 keeps a certain prediction from reading -0.0.
    total: NDArray[np.float64] = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=axis) + 0.0
    return total


def memorization_confidence(target_confidence: ArrayLike, reference_confidence: ArrayLike) -> NDArray[np.float64]:
    """H(p) - H(c / k) in nats, for each sample: how much surer the audited model is than the reference.

    Both arguments are confidences, -H, of shape (n,). Meant for memorized samples (Kokhlikyan et al. 2024).
    """
    return np.asarray(target_confidence, np.float64) - np.asarray(reference_confidence, np.float64)


def most_confident(confidence: ArrayLike, share: float) -> NDArray[np.float64]:
    """Weights in [0, 1] of the `share` most confident of n samples; they sum to share * n, but at least to 1.

    Samples tied at the cut share what is left equally (see `top_share`). Raises ValueError on an undefined confidence
    or a share outside (0, 1].
    """
    return top_share(confidence, share).taken


def checked(values: ArrayLike, n: int, what: str) -> NDArray[Any]:
    """`values` as an array of shape (n,); ValueError that names it otherwise."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"{what} has shape {array.shape}, not ({n},)")
    return array
