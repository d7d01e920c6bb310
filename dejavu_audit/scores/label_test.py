"""The scores of the label-inference test (method: 1.6, 4.1, 4.2) and its headline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.confidence import checked
from dejavu_audit.scores.estimates import Draws, Interval, Score, scores_of
from dejavu_audit.scores.headline import Headline, headline_of
from dejavu_audit.scores.samples import Sample, observe
from dejavu_audit.scores.top_share import TopShare, checked_weights, mean_one, top_share

PARTS = ("unassociated", "misrepresented", "correlated", "memorized")
"""What each sample is; `part` gives the place in this tuple."""

_PART_MEANS = {
    "memorized": "the audited model is right where the reference is wrong",
    "misrepresented": "the audited model is wrong where the reference is right",
    "correlated": "both are right",
    "unassociated": "both are wrong",
}
_TOPS = {"top1": "top-1", "top5": "top-5"}
_SHARES = {"": None, "_confident20": 0.2, "_confident5": 0.05}


def _meanings() -> Iterator[tuple[str, str]]:
    for suffix, share in _SHARES.items():
        among = "" if share is None else f", on the {share:.0%} most confident"
        for top, said in _TOPS.items():
            gap = f"{said} accuracy of the audited model minus that of the reference"
            yield f"deja_vu_{top}{suffix}", f"{gap}: on the targets less on the control where there is one{among}"
            yield f"deja_vu_{top}_targets{suffix}", f"{gap}, on the targets{among}"
            yield f"deja_vu_{top}_control{suffix}", f"{gap}, on the control{among}"
            for who, name in (("target", "audited model"), ("reference", "reference")):
                whose = f" of the {name}" if among else ""
                for place, where in (("", "targets"), ("_control", "control")):
                    key = f"accuracy_{who}_{top}{place}{suffix}"
                    yield key, f"{said} accuracy of the {name} on the {where}{among}{whose}"
    for place, where in (("", "targets"), ("_control", "control")):
        for top, said in (("", "top-1"), ("_top5", "top-5")):
            for part_name, means in _PART_MEANS.items():
                yield f"{part_name}{top}{place}", f"share of the {where} where {means} ({said})"


MEANINGS: dict[str, str] = dict(_meanings())
"""Every score of the label test by key, in the order of `label_scores`, with one line that says what it is."""

_CALIBRATED = {
    f"deja_vu_{top}{suffix}": (f"deja_vu_{top}_targets{suffix}", f"deja_vu_{top}_control{suffix}")
    for suffix in _SHARES
    for top in _TOPS
}


@dataclass(frozen=True)
class Judged:
    """One set of n samples, targets or control, judged by the audited ("target") model and by the reference."""

    target_right: NDArray[np.bool_]
    """(n, 2): the audited model is right at top-1, at top-5."""
    reference_right: NDArray[np.bool_]
    """(n, 2): so is the reference."""
    target_confidence: NDArray[np.floating[Any]]
    """(n,): -H(c / k), nats."""
    reference_confidence: NDArray[np.floating[Any]]
    """(n,): -H(p), nats."""
    groups: NDArray[np.integer[Any]] | None = None
    """(n,): cluster of each sample; None: every one on its own."""
    weights: NDArray[np.floating[Any]] | None = None
    """(n,) of 0 or more, as of a control that is matched with the targets: every score is a weighted mean then, the
    weights held fixed. None: all 1."""
    strata: NDArray[np.integer[Any]] | None = None
    """(n,): what it was matched by; the permutation test deals samples out anew within strata only."""

    def __post_init__(self) -> None:
        n = len(self.target_right)
        for name in ("target_right", "reference_right"):
            array = np.asarray(getattr(self, name))
            if array.shape != (n, 2) or array.dtype != bool:
                raise ValueError(f"{name} must be ({n}, 2) booleans, not {array.shape} {array.dtype}")
        checked(self.target_confidence, n, "target_confidence")
        checked(self.reference_confidence, n, "reference_confidence")
        for name in ("groups", "strata"):
            if getattr(self, name) is not None:
                checked(getattr(self, name), n, name)
        if self.weights is not None:
            checked_weights(self.weights, n)

    def difference(self, top: int = 0) -> NDArray[np.int8]:
        """(n,) right of the audited model minus right of the reference, -1, 0 or 1; `top` 0: top-1, 1: top-5."""
        return self.target_right[:, top].astype(np.int8) - self.reference_right[:, top].astype(np.int8)


def part(target_right: ArrayLike, reference_right: ArrayLike) -> NDArray[np.int8]:
    """(n,) place in PARTS of each sample, from (n,) right answers of the audited model and of the reference."""
    target, reference = np.asarray(target_right, bool), np.asarray(reference_right, bool)
    # Read as a binary number: reference counts 1, target counts 2, both right is 3.
    order = np.array([PARTS.index(p) for p in ("unassociated", "misrepresented", "memorized", "correlated")], np.int8)
    codes: NDArray[np.int8] = order[reference + 2 * target.astype(np.int8)]
    return codes


def label_scores(
    targets: Judged,
    control: Judged | None,
    *,
    level: float = 0.95,
    replicates: int = 2_000,
    seed: int = 0,
    interval: Interval = "auto",
    only: Collection[str] | None = None,
) -> dict[str, Score]:
    """Every score of MEANINGS (or `only` some), each with an interval of confidence `level`.

    `deja_vu_*` is calibrated, DV(T) - DV(H), if there is a control, else DV(T). Intervals are score intervals, of
    targets and control as independent samples and of clusters whole, or the bootstrap asked for by `interval` with so
    many `replicates`; `Score.method` says which. A score without samples is None-valued, the calibrated one too where
    the control given is empty. A score's interval depends on its own data, the seed and its key alone. On the most
    confident, it allows for the cut's being found anew in another sample (see `samples`).
    """
    return scores_of(*label_samples(targets, control, only), Draws(level, replicates, seed, interval))


def label_samples(
    targets: Judged, control: Judged | None, only: Collection[str] | None = None
) -> tuple[dict[str, Sample | None], dict[str, tuple[str, ...]]]:
    """The samples that scores rest on, by key, and for each score the keys of its own: what `scores_of` takes."""
    made_of: dict[str, tuple[str, ...]] = {}
    for key in MEANINGS if only is None else [key for key in MEANINGS if key in only]:
        keys: tuple[str, ...] = _CALIBRATED.get(key, (key,))
        made_of[key] = keys[:1] if control is None else keys
    needed = {key for keys in made_of.values() for key in keys}
    seen = _observe(targets, "", needed) | ({} if control is None else _observe(control, "_control", needed))
    return seen, made_of


def _observe(judged: Judged, place: str, needed: Collection[str]) -> dict[str, Sample | None]:
    """What each `needed` score of one set rests on, by key; `place` is "" for the targets, else "_control"."""
    seen: dict[str, Sample | None] = {}

    def see(key: str, values: NDArray[Any], top: TopShare | None = None, *, signed: bool = False) -> None:
        if key in needed:
            seen[key] = observe(values, judged.weights, judged.groups, signed=signed, top=top)

    for suffix, share in _SHARES.items():
        if not any(key.endswith(suffix) for key in needed):
            continue
        sure = _most_sure(judged, judged.target_confidence, share)
        sure_reference = _most_sure(judged, judged.reference_confidence, share)
        for column, top in enumerate(_TOPS):
            target, reference = judged.target_right[:, column], judged.reference_right[:, column]
            gap = judged.difference(column)
            see(f"deja_vu_{top}{place or '_targets'}{suffix}", gap, sure, signed=True)
            see(f"accuracy_target_{top}{place}{suffix}", target, sure)
            see(f"accuracy_reference_{top}{place}{suffix}", reference, sure_reference)
    for column, top in enumerate(("", "_top5")):
        codes = part(judged.target_right[:, column], judged.reference_right[:, column])
        for code, name in enumerate(PARTS):
            see(f"{name}{top}{place}", codes == code)
    return seen


def _most_sure(judged: Judged, confidence: NDArray[Any], share: float | None) -> TopShare | None:
    """The most confident `share` of the set's weight; None: all of it."""
    if share is None:
        return None
    return top_share(confidence, share, None if judged.weights is None else mean_one(judged.weights))


def headline(
    scores: Mapping[str, Score],
    targets: Judged,
    control: Judged | None,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Headline:
    """The headline, `deja_vu_top1`, from `label_scores` of the same sets at the same `level`: see `headline_of`."""
    score = scores["deja_vu_top1"]
    return headline_of("deja_vu_top1", score, targets, control, exact="mcnemar", level=level, draws=draws, seed=seed)
