"""The scores of the label-inference test (method: 1.6, 4.1, 4.2) and its headline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.confidence import checked, most_confident
from dejavu_audit.scores.estimates import Draws, Sample, Score, calibrated, paired, proportion, sample
from dejavu_audit.scores.headline import Headline, headline_of

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

    def __post_init__(self) -> None:
        n = len(self.target_right)
        for name in ("target_right", "reference_right"):
            array = np.asarray(getattr(self, name))
            if array.shape != (n, 2) or array.dtype != bool:
                raise ValueError(f"{name} must be ({n}, 2) booleans, not {array.shape} {array.dtype}")
        checked(self.target_confidence, n, "target_confidence")
        checked(self.reference_confidence, n, "reference_confidence")
        if self.groups is not None:
            checked(self.groups, n, "groups")

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
    targets: Judged, control: Judged | None, *, level: float = 0.95, replicates: int = 2_000, seed: int = 0
) -> dict[str, Score]:
    """Every score of MEANINGS, each with an interval of confidence `level`.

    `deja_vu_*` is calibrated, DV(T) - DV(H), if there is a control, else DV(T). Intervals are paired percentile
    bootstraps over samples, targets and control resampled independently and clusters whole; where events are rare
    they are score intervals (see `estimates`), and `Score.method` says which. A score without samples is None-valued,
    the calibrated one too where the control given is empty. A score's interval depends on its own data, the seed and
    its key alone. On the most confident, the cut is found once and held fixed while resampling.
    """
    draws = Draws(level, replicates, seed)
    seen = _observe(targets, "") | ({} if control is None else _observe(control, "_control"))
    scores = {}
    for key in MEANINGS:
        if key in _CALIBRATED:
            keys = _CALIBRATED[key]
            if control is None:
                scores[key] = paired(seen[keys[0]], keys[0], draws)
            else:
                scores[key] = calibrated(seen[keys[0]], seen[keys[1]], keys, draws)
        elif key.startswith("deja_vu"):
            scores[key] = paired(seen.get(key), key, draws)
        else:
            scores[key] = proportion(seen.get(key), key, draws)
    return scores


def _observe(judged: Judged, place: str) -> dict[str, Sample | None]:
    """What each score of one set rests on, by the score's key; `place` is "" for the targets, "_control" else."""
    groups = None if judged.groups is None else dense(judged.groups)
    seen = {}
    for suffix, share in _SHARES.items():
        sure = None if share is None else most_confident(judged.target_confidence, share)
        sure_reference = None if share is None else most_confident(judged.reference_confidence, share)
        for column, top in enumerate(_TOPS):
            target, reference = judged.target_right[:, column], judged.reference_right[:, column]
            seen[f"deja_vu_{top}{place or '_targets'}{suffix}"] = sample(judged.difference(column), sure, groups)
            seen[f"accuracy_target_{top}{place}{suffix}"] = sample(target, sure, groups)
            seen[f"accuracy_reference_{top}{place}{suffix}"] = sample(reference, sure_reference, groups)
    for column, top in enumerate(("", "_top5")):
        codes = part(judged.target_right[:, column], judged.reference_right[:, column])
        for code, name in enumerate(PARTS):
            seen[f"{name}{top}{place}"] = sample(codes == code, None, groups)
    return seen


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
