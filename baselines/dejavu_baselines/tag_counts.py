"""Naive Bayes on tags: the pure counting. Tags are sparse (pictures, tags); only (tags, classes) is ever dense."""

from __future__ import annotations

from collections.abc import Callable
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

CELLS = 1 << 18
"""Numbers worked on together, so that they stay in the processor's cache: twice as fast as with 16 times as many."""
LEAST = np.float32(-80)
"""Logarithm of the least probability beside the best class: near float32's end numbers are an order slower."""
FLOOR = 1e-10
"""What the published code puts in the place of a count of zero."""


def chosen_tags(scores: Array, k: int | None, threshold: float) -> Tags:
    """The `k` likeliest tags of each picture (None: all) among those whose score exceeds `threshold`, 0 or more.

    `scores` is (n, v); among equal scores the lower tag comes first. A score that is no number is no tag.
    """
    n, v = scores.shape
    step = max(1, CELLS // v)
    parts = [_chosen(np.asarray(scores[start : start + step]), k, threshold) for start in range(0, n, step)]
    if not parts:
        return sparse.csr_array((np.zeros(0), np.zeros(0, np.int64), np.zeros(1, np.int64)), shape=(0, v))
    together: Tags = sparse.vstack(parts, format="csr")
    return together


def _chosen(scores: Array, k: int | None, threshold: float) -> Tags:
    n, v = scores.shape
    left, nothing = _ordered(scores, threshold)
    if k is None or k >= v:
        rows, tags = np.nonzero(left > nothing)
        sizes = np.bincount(rows, minlength=n)
    else:
        every = np.arange(n)
        best = np.empty((n, k), np.int64)
        for i in range(k):  # few: passes over a block are much faster than sorting it
            at = left.argmax(axis=1)
            best[:, i] = np.where(left[every, at] > nothing, at, v)
            left[every, at] = nothing
        best.sort(axis=1)
        tags, sizes = best[best < v], (best < v).sum(axis=1)
    return sparse.csr_array((np.ones(len(tags)), tags, np.concatenate([[0], np.cumsum(sizes)])), shape=(n, v))


def _ordered(scores: Array, threshold: float) -> tuple[Array, float]:
    """A copy in the order of the scores, and what stands in it where there is no tag: less than all else."""
    if scores.dtype != np.float16:
        left = np.where(scores > threshold, scores, -np.inf)
        return left, -np.inf
    # The bits of a float16 of 0 or more, read as a whole number, grow with it, and need no slow conversion to compare.
    cut = np.float16(threshold)
    if float(cut) > threshold:  # rounded up: what exceeds the threshold exceeds the next number below
        cut = np.nextafter(cut, np.float16(-1))
    bits = scores.view(np.int16)
    there = (bits > cut.view(np.int16)) & (bits <= np.float16(np.inf).view(np.int16))
    return np.where(there, bits, np.int16(-1)), -1


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


def in_runs(tags: Tags, log_scores: Callable[[Tags], Floats], n_classes: int) -> NDArray[np.float32]:
    """(n, c) probabilities in proportion to the exponentials of `log_scores`, a few pictures at a time."""
    n, step = tags.shape[0], max(1, CELLS // n_classes)
    probabilities = np.empty((n, n_classes), np.float32)
    for start in range(0, n, step):
        rows = slice(start, start + step)
        probabilities[rows] = normalised(log_scores(tags[rows]))
    return probabilities


def normalised(log_scores: Floats) -> NDArray[np.float32]:
    """(n, c) probabilities in proportion to exp(log_scores); rows sum to 1."""
    # The logarithms have done their work: what is left is rounded to float32 anyway, and fast in it.
    below = (log_scores - log_scores.max(axis=1, keepdims=True)).astype(np.float32)
    odds = np.exp(np.maximum(below, LEAST, out=below))
    probabilities: NDArray[np.float32] = odds / odds.sum(axis=1, keepdims=True)
    return probabilities
