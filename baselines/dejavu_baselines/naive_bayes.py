"""Naive Bayes on the object tags of a background crop (Kokhlikyan et al. 2024, arXiv 2504.05651).

What a tagger that never saw the targets finds on a background, and how often each class has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dejavu_audit.errors import AuditError
from dejavu_baselines.options import Choice, Real, read
from dejavu_baselines.tag_counts import (
    Bernoulli,
    Tags,
    chosen_tags,
    count,
    in_runs,
    published_log_ratios,
)

if TYPE_CHECKING:
    from dejavu_audit.types import Array, BaselineRequest, Progress, Tagger

NAME = "naive-bayes"
BLOCK = 8_192
"""Crops whose tags are counted between two signs of progress."""
TAGGER = "tagger."
"""What an option of the tagger begins with, as in tagger.classes=names.txt."""
VERSION = 1
"""Raised whenever the same fit set may give another state: it is in the key of cached fits."""


def load(request: BaselineRequest) -> NaiveBayes:
    """The baseline as asked for; AuditError without a tagger, or for one known to be trained on the audited data."""
    return NaiveBayes(request)


class NaiveBayes:
    """See the module; a `Baseline` whose featurizer is a Tagger."""

    name = NAME

    def __init__(self, request: BaselineRequest) -> None:
        from dejavu_audit.taggers.contamination import refuse_contaminated
        from dejavu_audit.taggers.loading import load_tagger

        self.published = request.compat == "published"
        # The published default smooths no count, but lifts those of zero: alpha 0. Without a floor, 0 has no logarithm.
        alpha = Real(0.0, 0, 1e6) if self.published else Real(1.0, 1e-6, 1e6)
        known: dict[str, Real | Choice] = {
            "k": Choice("5", ("1", "2", "3", "5")),
            "alpha": alpha,
            "threshold": Real(0.0, 0, 1),
        }
        own = {key: value for key, value in request.options.items() if not key.startswith(TAGGER)}
        taggers = {key.removeprefix(TAGGER): value for key, value in request.options.items() if key.startswith(TAGGER)}
        self.options = read(own, known, NAME)
        self.k = int(self.options["k"])
        if not request.model:
            raise AuditError(
                f"the baseline {NAME} needs --baseline-model NAME:MODEL[:PRETRAINED], a tagger that never saw the "
                "targets (timm's published tags were mostly trained on ImageNet); "
                "for example --baseline-model timm:tf_efficientnet_lite0:weights.safetensors"
            )
        self.featurizer: Tagger = load_tagger(
            request.model,
            options=taggers,
            device=request.device,
            precision=request.precision,
            batch_size=request.batch_size,
            cache_dir=request.cache_dir,
        )
        self._model = request.model
        self._contaminated = refuse_contaminated(
            self.featurizer.trained_on,
            request.data,
            what=f"the tagger {request.model} of the baseline {NAME}",
            allowed=request.allow_contaminated,
        )
        settings = ",".join(f"{name}={value!r}" for name, value in sorted(self.options.items()))
        self.key = f"{NAME}-{VERSION}:{'published' if self.published else 'proper'}:{settings}"

    def fit(
        self, features: Array, labels: Array, n_classes: int, *, seed: int, progress: Progress
    ) -> Mapping[str, Array]:
        """Count the tags of (n, tags) scores class by class; nothing is drawn, so `seed` is of no matter."""
        y = np.asarray(labels, np.int64)
        if len(y) == 0:
            raise AuditError(f"the baseline {NAME} has no crop to learn from; raise --fit (with --folds 2 --targets)")
        # The published code counts every tag above the tagger's threshold, and asks about the k likeliest.
        k = None if self.published and self.options["threshold"] > 0 else self.k
        counts = np.zeros((features.shape[1], n_classes))
        found = without = 0
        with progress.stage("fitting the baseline", len(y), "crops") as done:
            for start in range(0, len(y), BLOCK):
                part = slice(start, start + BLOCK)
                tags = chosen_tags(features[part], k, self.options["threshold"])
                counts += count(tags, y[part], n_classes)
                found += tags.nnz
                without += int((np.diff(tags.indptr) == 0).sum())
                done(tags.shape[0])
        told = {
            "diagnostic_tags_a_crop": np.asarray(found / len(y)),
            "diagnostic_crops_without_tags": np.asarray(without / len(y)),
            "diagnostic_tags_seen": np.asarray(float((counts.sum(axis=1) > 0).sum())),
        }
        if self.published:
            return {"log_ratios": published_log_ratios(counts, self.k, self.options["alpha"]), **told}
        return {**vars(Bernoulli.learn(counts, np.bincount(y, minlength=n_classes), self.options["alpha"])), **told}

    def predict(self, state: Mapping[str, Array], features: Array) -> Array:
        """(n, tags) scores to (n, n_classes) float32 probabilities; rows sum to 1.

        In the published mode they are the published scores in proportion, and rows of zeros, which are no answer, for
        crops without tags.
        """
        tags = self._tags(features)
        if not self.published:
            bayes = Bernoulli(**{name: np.asarray(state[name]) for name in ("log_prior", "log_absent", "log_odds")})
            return in_runs(tags, bayes.log_joint, len(bayes.log_prior))
        log_ratios = np.asarray(state["log_ratios"])
        probabilities = in_runs(tags, lambda some: some @ log_ratios, log_ratios.shape[1])
        probabilities[np.diff(tags.indptr) == 0] = 0
        return probabilities

    def describe(self) -> Mapping[str, Any]:
        """For the report's `reference`."""
        tagger = self.featurizer
        return {
            "name": NAME,
            "model": self._model,
            "rule": "published" if self.published else "naive Bayes",
            "options": {**self.options, "k": self.k},
            "tags": len(tagger.vocabulary),
            "training_data": tagger.trained_on
            or "nothing is known of the tagger's; that it never saw the targets is the user's word",
            **({} if self._contaminated is None else {"contaminated": self._contaminated}),
            **({"notes": list(tagger.notes)} if tagger.notes else {}),
        }

    def _tags(self, features: Array) -> Tags:
        return chosen_tags(features, self.k, self.options["threshold"])
