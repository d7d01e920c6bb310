"""How memorized a single sample looks: scores of one sample, larger meaning more memorized (method: 4.3).

Which of them finds most is measured in the documentation (page "The list of memorized samples").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

Floats = NDArray[np.float64]

SHIFT = 1.5
"""Standard deviations by which `standing` expects the own class of a memorized sample to stand out."""

_ROUNDED = 1e-5
"""What a probability in single precision may be above 1."""

MEANINGS: dict[str, dict[str, str]] = {
    "label": {
        "standing": "how far the own class stands out among the similarities to all classes, less what the reference "
        "expects",
        "ratio": "log of the smoothed share of votes for the own class, over the probability that the reference gives",
        "votes": "share of votes for the own class",
        "margin": "similarity to the nearest public pictures of the own class, less that to the nearest of all others",
    },
    "objects": {
        "recall_gap": "recall of the audited model less that of the reference",
        "precision_gap": "precision of the audited model less that of the reference",
        "correct_gap": "correct objects of the audited model less those of the reference",
    },
}
"""The scores of each test, the default first."""

DEFAULT = {test: next(iter(names)) for test, names in MEANINGS.items()}
"""What "auto" stands for: the score with most power in the bench."""


def votes(label_votes: ArrayLike, k: int) -> Floats:
    """(n,) share of the k public neighbours that are of the sample's class; `label_votes` (n,) are their counts."""
    return _counts(label_votes, k) / k


def ratio(label_votes: ArrayLike, k: int, probability: ArrayLike, n_classes: int | None = None) -> Floats:
    """(n,) log c_f(y) - log p_g(y): how much more often the neighbours name the class than the reference expects.

    p is smoothed as `expected` says, and the votes towards it: (c + p) / (k + 1), the posterior mean under a prior that
    is worth one vote cast as the reference expects. So a sample without a vote for its class scores -log(k + 1)
    whatever is expected, and none scores lower. The order is that of c / p: it hangs on no weight of the prior.

    Args:
        label_votes: (n,) votes for each sample's own class, of k.
        k: public neighbours.
        probability: (n,) of the own class by the reference, in [0, 1].
        n_classes: classes that the reference chose from; None: p is taken as it is.

    """
    c, p = _counts(label_votes, k), expected(probability, n_classes)
    if p.shape != c.shape:
        raise ValueError(f"{c.size} samples have votes, and {p.size} a probability")
    scores: Floats = np.log((c / p + 1) / (k + 1))
    return scores


def standing(by_class: NDArray[np.floating], labels: ArrayLike, probability: ArrayLike) -> Floats:
    """(n,) log of how probable its similarities to all classes make the own class, less log p_g(y).

    `by_class` (n, C) are the similarities of all n judged samples, targets and control together, to the C classes. They
    are standardised over the samples, since some classes are near to everything, then over the classes of each sample,
    since some samples are near to everything. If the own class of a memorized sample stands out by SHIFT standard
    deviations and all else is noise, the posterior of the classes is softmax(SHIFT z), and the score is the logarithm
    of its own-class entry less that of the reference's p, smoothed as `expected` says.

    Targets and control enter the standardisation alike, so that exchangeable samples stay exchangeable and conformal
    p-values hold (Marandon et al. 2024, arXiv 2208.06685). NaN for a sample whose class has no public picture.

    Args:
        by_class: (n, C) from `similarities`; columns of NaN for classes without a public picture.
        labels: (n,) own classes.
        probability: (n,) of the own class by the reference, in [0, 1].

    """
    there = ~np.isnan(by_class).all(axis=0)
    own = np.asarray(labels)
    log_posterior = np.full(len(own), np.nan)
    if there.any() and len(own):
        z = _standardised(_standardised(by_class[:, there].astype(np.float64), 0), 1)
        place = np.where(there, np.cumsum(there) - 1, -1)[own]
        logs = SHIFT * np.take_along_axis(z, np.maximum(place, 0)[:, None], axis=1)[:, 0]
        log_posterior = np.where(place >= 0, logs - logsumexp(SHIFT * z, axis=1), np.nan)
    scores: Floats = log_posterior - np.log(expected(probability, by_class.shape[1]))
    return scores


def expected(probability: ArrayLike, n_classes: int | None) -> Floats:
    """(n,) what the reference expects of the own class, mixed half and half with chance: (p + 1 / C) / 2.

    A reference that is too sure of itself, or votes and gives 0 to most classes, then cannot make a sample look
    memorized by its own error: nothing is less expected than half of chance. Without `n_classes` p is only kept above
    0.
    """
    p = np.asarray(probability, np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1 + _ROUNDED)):
        raise ValueError("probabilities must be one row of numbers in [0, 1]")
    return np.maximum(p, np.finfo(np.float32).tiny) if n_classes is None else (p + 1 / n_classes) / 2


def recall_gap(target_recall: ArrayLike, reference_recall: ArrayLike) -> Floats:
    """(n,) recall of the audited model less that of the reference, in [-1, 1]."""
    return np.asarray(target_recall, np.float64) - np.asarray(reference_recall, np.float64)


def precision_gap(target_precision: ArrayLike, reference_precision: ArrayLike) -> Floats:
    """(n,) precision of the audited model less that of the reference, in [-1, 1]."""
    return np.asarray(target_precision, np.float64) - np.asarray(reference_precision, np.float64)


def correct_gap(target_correct: ArrayLike, reference_correct: ArrayLike) -> Floats:
    """(n,) correct objects of the audited model less those of the reference: `max_pred_gap` (Jayaraman et al. 2024)."""
    return np.asarray(target_correct, np.float64) - np.asarray(reference_correct, np.float64)


def _standardised(values: Floats, axis: int) -> Floats:
    """Mean 0 and standard deviation 1 along `axis`; what does not vary is 0."""
    centred = values - values.mean(axis=axis, keepdims=True)
    spread = centred.std(axis=axis, keepdims=True)
    # Equal numbers have a spread of rounding error alone.
    flat = spread <= 1e-9 * np.abs(values).max(initial=0.0)
    scores: Floats = np.divide(centred, spread, out=np.zeros_like(centred), where=np.broadcast_to(~flat, values.shape))
    return scores


def _counts(label_votes: ArrayLike, k: int) -> Floats:
    c = np.asarray(label_votes, np.float64)
    if k < 1 or c.ndim != 1 or not np.all((c >= 0) & (c <= k)):
        raise ValueError(f"votes must be one row of numbers between 0 and k = {k}")
    return c
