"""What an encoder is good for beside what it remembers: measured on whole held-out pictures (the control)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.neighbors import nearest
from dejavu_audit.progress import Silent
from dejavu_audit.scores.estimates import Draws, Score
from dejavu_audit.scores.utility import caption_ranks, class_vectors, most_alike, share
from dejavu_audit.scores.votes import votes
from dejavu_audit.utility.probe import PENALTIES, fit_probe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Array, Progress

    Ints = NDArray[np.integer[Any]]
    Texts = Callable[[Sequence[str]], Array]

TEMPLATES = ("a photo of a {}.", "a picture of a {}.", "an image of the {}.", "{}")
"""What a class is called, for the zero-shot accuracy."""
WNID = re.compile(r"\s*\(?\bn\d{8}\b\)?")
"""WordNet's number of a class, which says nothing to a text tower."""


def measure(
    *,
    public: Array,
    public_labels: Ints,
    held: Array,
    held_labels: Ints,
    classes: Sequence[str],
    embed_texts: Texts | None = None,
    captions: Sequence[str] | None = None,
    pictures: Ints | None = None,
    groups: Ints | None = None,
    k: int,
    level: float = 0.95,
    replicates: int = 2_000,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> dict[str, Score]:
    """The figures of `scores.utility.MEANINGS`; those of retrieval only where `captions` are given.

    Args:
        public: (p, d) embeddings of whole public pictures, which vote and teach the probe.
        public_labels: (p,) class numbers; what lies outside `classes` is unlabelled and left out.
        held: (h, d) embeddings of whole held-out pictures, which are judged.
        held_labels: (h,) class numbers.
        classes: names of the classes; empty where there are none.
        embed_texts: the encoder's text tower; None: it has none.
        captions: (h,) a caption of every held-out picture.
        pictures: (h,) equal numbers for rows of one picture, where it stands there once a caption; None: all differ.
        groups: (h,) clusters, resampled whole; None: every picture on its own.
        k: public neighbours that vote; at most p do.
        level: confidence of the intervals.
        replicates: of their bootstrap.
        seed: of the intervals, and of what the probe holds back.
        device: where the probe is fitted.
        progress: where to tell how far it is.

    A figure that cannot be measured is None-valued: without labelled pictures or with one class only, without a text
    tower, with classes that have numbers for names, or with no more pictures than a recall looks at.

    """
    progress = progress or Silent()
    draws = Draws(level, replicates, seed)
    public, held = np.asarray(public, np.float32), np.asarray(held, np.float32)
    taught, judged = (
        np.flatnonzero((labels >= 0) & (labels < len(classes))) for labels in (public_labels, held_labels)
    )
    truth = np.asarray(held_labels, np.int64)[judged]
    clusters = None if groups is None else np.asarray(groups)
    told: dict[str, NDArray[np.int64] | None] = {"knn_top1": None, "linear_probe_top1": None, "zero_shot_top1": None}
    if len(judged) and len(taught) and len(classes) > 1:
        labels = np.asarray(public_labels, np.int64)[taught]
        known = public if len(taught) == len(public) else public[taught]
        told["knn_top1"] = _by_neighbours(held[judged], known, labels, len(classes), k)
        told["linear_probe_top1"] = _by_probe(held[judged], known, labels, seed, device, progress)
    if len(judged) and embed_texts is not None and len(classes) > 1:
        told["zero_shot_top1"] = _by_name(held[judged], classes, embed_texts)
    found = {
        key: share(None if said is None else said == truth, None if clusters is None else clusters[judged], key, draws)
        for key, said in told.items()
    }
    if captions is not None:
        found |= _retrieval(held, captions, embed_texts, pictures, clusters, draws)
    return found


def _by_neighbours(held: Array, public: Array, labels: NDArray[np.int64], n_classes: int, k: int) -> NDArray[np.int64]:
    return votes(nearest(held, public, min(k, len(public))).indices, labels, n_classes).top1


def _by_probe(
    held: Array, public: Array, labels: NDArray[np.int64], seed: int, device: str, progress: Progress
) -> NDArray[np.int64]:
    with progress.stage("fitting the probe", len(PENALTIES), "penalties") as advance:
        probe = fit_probe(public, labels, seed=seed, device=device, advance=advance)
    if probe.taught < len(public):
        progress.say(
            f"the linear probe was taught {probe.taught:,} of the {len(public):,} public pictures, an equal share of "
            "every class, to bound its time"
        )
    return probe.predict(held)


def _by_name(held: Array, classes: Sequence[str], embed_texts: Texts) -> NDArray[np.int64] | None:
    names = [spoken(name) for name in classes]
    if any(name is None for name in names):
        return None
    prompts = [template.format(name) for template in TEMPLATES for name in names]
    vectors = np.asarray(embed_texts(prompts), np.float32).reshape(len(TEMPLATES), len(names), -1)
    return most_alike(held, class_vectors(vectors))


def spoken(name: str) -> str | None:
    """A class's name as one would say it: "sea_lion" and "crane (n02012849)" without their marks; None for a number."""
    said = " ".join(WNID.sub(" ", name).replace("_", " ").split())
    return said if any(letter.isalpha() for letter in said) else None


def _retrieval(
    held: Array,
    captions: Sequence[str],
    embed_texts: Texts | None,
    pictures: Ints | None,
    groups: Ints | None,
    draws: Draws,
) -> dict[str, Score]:
    """Does a caption find its own picture among the held-out ones?"""
    ranks = None
    if embed_texts is not None and len(captions):
        numbers = np.arange(len(held)) if pictures is None else np.asarray(pictures)
        _, first, own = np.unique(numbers, return_index=True, return_inverse=True)
        ranks = caption_ranks(np.asarray(embed_texts(captions), np.float32), held[first], own.reshape(-1))
    found = {}
    for most in (1, 10):
        key = f"retrieval_t2i_recall{most}"
        right = ranks < most if ranks is not None and len(first) > most else None
        found[key] = share(right, groups, key, draws)
    return found
