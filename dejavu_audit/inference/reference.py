"""What a background gives away honestly: fit a baseline on the fit set, ask it about targets and control."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from dejavu_audit.errors import AuditError
from dejavu_audit.scores.confidence import entropy
from dejavu_audit.scores.strongest import best_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Array, Baseline, Progress

BLOCK = 4_096
"""Pictures whose class probabilities are in memory at once."""


@dataclass
class Expected:
    """The baseline's answers for n pictures, in the votes' terms (method.md 1.5)."""

    top1: NDArray[np.int64]
    top5: NDArray[np.int64]
    confidence: NDArray[np.float64]
    probability: NDArray[np.float64]
    """Of the picture's own label."""
    diagnostics: list[dict[str, float]] = field(default_factory=list)
    """How each fold's fit went, as the baseline tells it."""

    @classmethod
    def empty(cls, n: int) -> Expected:
        """Room for n answers."""
        return cls(
            top1=np.full(n, -1, np.int64),
            top5=np.full((n, 5), -1, np.int64),
            confidence=np.full(n, np.nan),
            probability=np.full(n, np.nan),
        )


def fit(
    baseline: Baseline, features: Array, labels: Array, n_classes: int, *, seed: int, cache: Path, progress: Progress
) -> Mapping[str, Array]:
    """Fit the baseline, or take the same fit from the cache: it is filed under the content of all that shapes it."""
    name = hashlib.blake2b(digest_size=16)
    name.update(f"{baseline.key}|{baseline.featurizer.fingerprint}|{n_classes}|{seed}|{features.dtype}".encode())
    name.update(np.ascontiguousarray(labels, np.int64).data)
    for start in range(0, len(features), BLOCK):
        name.update(np.ascontiguousarray(features[start : start + BLOCK]).data)
    file = cache / "fits" / f"{name.hexdigest()}.safetensors"
    if file.exists():
        try:
            return dict(load_file(file))
        except (SafetensorError, OSError):
            progress.say(f"the fitted baseline {file.name} in the cache is damaged and is fitted again")
    state = {
        key: np.array(value, order="C")
        for key, value in baseline.fit(features, labels, n_classes, seed=seed, progress=progress).items()
    }
    keep(state, file)
    return state


def keep(state: Mapping[str, Array], file: Path) -> None:
    """Write a state in one piece: a killed run leaves the whole file or none."""
    unfinished = file.with_name(f".{file.name}.{id(state)}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(state), unfinished)
        unfinished.replace(file)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            unfinished.unlink()
        raise AuditError(
            f"the fitted baseline cannot be kept in {file.parent}: {error}; "
            "make room there or choose another --cache-dir"
        ) from error


def ask(
    baseline: Baseline,
    state: Mapping[str, Array],
    features: Array,
    labels: Array,
    n_classes: int,
    into: Expected,
    at: Array,
) -> None:
    """Predict in blocks and reduce at once, so that probabilities of all classes never lie in memory together.

    A row of zeros is "no answer": wrong, and as unsure as can be. AuditError where a plug-in's answers are no
    probabilities of these classes.
    """
    for start in range(0, len(features), BLOCK):
        rows = at[start : start + BLOCK]
        probabilities = np.asarray(baseline.predict(state, features[start : start + BLOCK]), np.float64)
        if probabilities.shape != (len(rows), n_classes) or not np.all(probabilities >= 0):
            raise AuditError(
                f"the baseline {baseline.name} gave {probabilities.shape} numbers for {len(rows):,} pictures of "
                f"{n_classes:,} classes, or some that are no probabilities; it must know the same classes as the data"
            )
        # A stable sort of the negated rows: equal probabilities keep the lower class first.
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :5]
        answered = probabilities.any(axis=1)
        order[~answered] = -1
        into.top1[rows] = order[:, 0]
        into.top5[rows, : order.shape[1]] = order
        into.confidence[rows] = np.where(answered, -entropy(probabilities), -np.log(n_classes))
        into.probability[rows] = probabilities[np.arange(len(rows)), labels[start : start + BLOCK]]


def strongest(members: Sequence[Expected], labels: Array) -> Expected:
    """Of several references' answers on n pictures, picture by picture the one that `best_label` chooses."""
    if len(members) == 1:
        return members[0]
    best = best_label(
        labels,
        [one.top1 for one in members],
        [one.top5 for one in members],
        [one.probability for one in members],
        [one.confidence for one in members],
    )
    every = np.arange(len(labels))

    def taken(name: str) -> Any:
        return np.stack([getattr(one, name) for one in members])[best, every]

    return Expected(taken("top1"), taken("top5"), taken("confidence"), taken("probability"))


def diagnostics(state: Mapping[str, Array]) -> dict[str, float]:
    """The numbers that the baseline left about its own fit, by its keys `diagnostic_…`."""
    prefix = "diagnostic_"
    return {key.removeprefix(prefix): float(value) for key, value in state.items() if key.startswith(prefix)}
