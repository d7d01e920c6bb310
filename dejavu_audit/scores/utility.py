"""What an encoder is good for, as shares of held-out pictures that it gets right: pure functions on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.estimates import NOTHING, Draws, Score, proportion, sample

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]

MEANINGS: dict[str, str] = {
    "knn_top1": "share of the held-out pictures whose class most of their k nearest public pictures have",
    "linear_probe_top1": "share of the held-out pictures whose class a logistic regression on the public pictures' "
    "embeddings tells",
    "zero_shot_top1": "share of the held-out pictures that are nearest to the name of their class, among all names",
    "retrieval_t2i_recall1": "share of the held-out captions whose nearest held-out picture is their own",
    "retrieval_t2i_recall10": "share of the held-out captions whose own picture is among the ten nearest",
}
"""Every figure of utility by key, with one line that says what it is."""
BLOCK = 1_024
"""Rows that are compared with all others at once."""


def share(right: NDArray[np.bool_] | None, groups: Ints | None, key: str, draws: Draws) -> Score:
    """The share of (n,) outcomes that are right, with its interval; None-valued for None or n = 0.

    `groups` are (n,) clusters of any numbers, resampled whole.
    """
    if right is None:
        return NOTHING
    member = None if groups is None else dense(groups)
    return proportion(sample(right.astype(np.int8), None, member), key, draws)


def unit(vectors: Floats) -> NDArray[np.float32]:
    """(n, d) vectors at length 1; those of length 0 stay."""
    rows = np.asarray(vectors, np.float32)
    length = np.linalg.norm(rows.astype(np.float64), axis=-1, keepdims=True)
    return (rows / np.where(length > 0, length, 1)).astype(np.float32)


def class_vectors(prompts: Floats) -> NDArray[np.float32]:
    """(t, c, d) embeddings of c names in t templates to (c, d): their mean direction (Radford et al. 2021, 3.1.4)."""
    return unit(unit(prompts).mean(axis=0))


def most_alike(pictures: Floats, classes: Floats) -> NDArray[np.int64]:
    """(n, d) and (c, d) to (n,) the class of highest cosine similarity; equal ones go to the lower class."""
    named, found = unit(classes), np.empty(len(pictures), np.int64)
    for start in range(0, len(pictures), BLOCK):
        rows = slice(start, start + BLOCK)
        found[rows] = (unit(pictures[rows]) @ named.T).argmax(axis=1)
    return found


def caption_ranks(captions: Floats, pictures: Floats, own: Ints) -> NDArray[np.int64]:
    """(n, d) captions and (m, d) pictures to (n,) the rank of each caption's `own` picture (n,), from 0.

    By cosine similarity. Every other picture that is as similar as the own one counts before it, so that an encoder
    that sees all pictures alike finds none.
    """
    candidates, found = unit(pictures), np.empty(len(captions), np.int64)
    for start in range(0, len(captions), BLOCK):
        rows = slice(start, start + BLOCK)
        alike = unit(captions[rows]) @ candidates.T
        mine = np.take_along_axis(alike, np.asarray(own[rows], np.int64)[:, None], axis=1)
        found[rows] = (alike >= mine).sum(axis=1) - 1
    return found
