"""Naive Bayes on tags: the pure counting. Tags are sparse (pictures, tags); only (tags, classes) is ever dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

if TYPE_CHECKING:
    from dejavu_audit.types import Array

Tags: TypeAlias = "sparse.csr_array[Any]"
"""(pictures, tags) float64, 1 where a picture has a tag."""
Floats: TypeAlias = NDArray[np.float64]

BLOCK = 8_192
"""Pictures whose scores of all tags are looked at together."""
FLOOR = 1e-10
"""What the published code puts in the place of a count of zero."""


def chosen_tags(scores: Array, k: int | None, threshold: float) -> Tags:
    """The `k` likeliest tags of each picture (None: all) among those whose score exceeds `threshold`.

    `scores` is (n, v); among equal scores the lower tag comes first. A score that is no number is no tag.
    """
    n, v = scores.shape
    parts = [_chosen(np.asarray(scores[start : start + BLOCK]), k, threshold) for start in range(0, n, BLOCK)]
    if not parts:
        return _sparse(np.zeros((0, v), np.bool_))
    together: Tags = sparse.vstack(parts, format="csr")
    return together


def _chosen(scores: Array, k: int | None, threshold: float) -> Tags:
    # In float64, since a threshold of 0.1 rounded to the scores' float16 would be another; -inf where there is no tag.
    left = np.asarray(scores, np.float64)
    left = np.where(left > threshold, left, -np.inf)
    if k is None or k >= left.shape[1]:
        return _sparse(left > -np.inf)
    rows = np.arange(len(left))
    found = np.zeros(left.shape, np.bool_)
    for _ in range(k):  # few: five passes over a block are much faster than sorting it
        best = left.argmax(axis=1)
        found[rows, best] |= left[rows, best] > -np.inf
        left[rows, best] = -np.inf
    return _sparse(found)


def _sparse(found: NDArray[np.bool_]) -> Tags:
    rows, tags = np.nonzero(found)
    return sparse.csr_array((np.ones(len(rows)), (rows, tags)), shape=found.shape)


def count(tags: Tags, labels: Array, n_classes: int) -> Floats:
    """(v, n_classes): on how many pictures of each class each tag is."""
    n = tags.shape[0]
    member = sparse.csr_array((np.ones(n), (np.arange(n), np.asarray(labels, np.int64))), shape=(n, n_classes))
    counts: Floats = (tags.T @ member).toarray()
    return counts


@dataclass(frozen=True)
class Bernoulli:
    """Naive Bayes over all tags, there or not, in logarithms (method: 3).

    log P(class | tags) = log P(class) + sum over all tags of log(1 - p) + sum over its tags of log(p / (1 - p)), up to
    a constant, with p = P(tag | class).
    """

    log_prior: Floats
    """(c,) log P(class)."""
    log_absent: Floats
    """(c,) sum over all tags of log(1 - p)."""
    log_odds: Floats
    """(v, c) log(p / (1 - p))."""

    @classmethod
    def learn(cls, counts: Floats, pictures: Array, alpha: float) -> Bernoulli:
        """From (v, c) `counts` of tags and (c,) `pictures` of the classes, each as if seen `alpha` times more.

        P(class) = (pictures + alpha) / (all pictures + c alpha); P(tag | class) = (count + alpha) / (pictures + 2
        alpha), since a tag is there or not.
        """
        of = np.asarray(pictures, np.float64)
        log_there, log_not = np.log(counts + alpha), np.log(of - counts + alpha)
        log_all = np.log(of + 2 * alpha)
        log_prior = np.log(of + alpha) - np.log(of.sum() + alpha * len(of))
        return cls(log_prior, (log_not - log_all).sum(axis=0), log_there - log_not)

    def log_joint(self, tags: Tags) -> Floats:
        """(n, c) log P(class, tags) of (n, v) tags; a picture without any tag has log P(class) alone.

        No tag at all is most often a tagger that saw nothing, which says nothing of the class; the product over all
        absences would read much into it.
        """
        score: Floats = tags @ self.log_odds + self.log_absent
        score[np.diff(tags.indptr) == 0] = 0
        score += self.log_prior
        return score


def published_log_ratios(counts: Floats, k: int, alpha: float) -> Floats:
    """(v, c) logarithms of count(tag, class) / count(tag), smoothed as the published code does.

    With `alpha` 0 counts of zero become 1e-10, those of both kinds; else (count + alpha) / (total + k alpha).
    """
    total = counts.sum(axis=1, keepdims=True)
    if alpha > 0:
        ratios: Floats = np.log(counts + alpha) - np.log(total + k * alpha)
        return ratios
    return np.log(np.where(counts > 0, counts, FLOOR)) - np.log(np.where(total > 0, total, FLOOR))


def published_scores(log_ratios: Floats, tags: Tags) -> Floats:
    """(n, c) products over each picture's tags of the ratios; 0 for a picture without tags."""
    scores: Floats = np.exp(tags @ log_ratios)
    scores[np.diff(tags.indptr) == 0] = 0
    return scores


def normalised(log_scores: Floats) -> NDArray[np.float32]:
    """(n, c) probabilities in proportion to exp(log_scores); rows sum to 1."""
    odds = np.exp(log_scores - log_scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)
