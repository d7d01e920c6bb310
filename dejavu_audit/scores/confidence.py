"""How sure a prediction is, and which samples are the most confident ones (method: 1.4 to 1.6)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SAME = 10
"""Confidences that agree to this many decimals are tied: summing a histogram in another order moves the last bits."""


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

    Samples tied at the cut share what is left equally. That is each one's chance of being taken when ties are broken
    at random, so a weighted mean is the expected score over all tie-breaks, and the order of the samples is of no
    matter. Raises ValueError on an undefined confidence or a share outside (0, 1].
    """
    values = np.round(np.asarray(confidence, np.float64), SAME)
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], not {share}")
    if np.isnan(values).any():
        raise ValueError("a confidence is not a number")
    n = values.size
    if n == 0:
        return np.zeros(0)
    wanted = max(round(share * n, 9), 1.0)  # 0.07 * 100 is a hair above 7
    cut = np.partition(values, n - int(np.ceil(wanted)))[n - int(np.ceil(wanted))]
    above = values > cut
    tied = values == cut
    weights: NDArray[np.float64] = above + tied * ((wanted - above.sum()) / tied.sum())
    return weights


def checked(values: ArrayLike, n: int, what: str) -> NDArray[Any]:
    """`values` as an array of shape (n,); ValueError that names it otherwise."""
    array = np.asarray(values)
    if array.shape != (n,):
        raise ValueError(f"{what} has shape {array.shape}, not ({n},)")
    return array
