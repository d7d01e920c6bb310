"""The scores of the object-inference test (method: 2.5, 4.1, 4.2) and its headline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from dejavu_audit.scores import means
from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.estimates import Draws, Sample, Score, calibrated, paired, proportion, sample
from dejavu_audit.scores.headline import Headline, headline_of
from dejavu_audit.scores.judged_objects import MEASURES, JudgedObjects, object_part
from dejavu_audit.scores.label_test import PARTS
from dejavu_audit.scores.means import Mean
from dejavu_audit.scores.object_order import ORDERS, SHARES, first, first_published
from dejavu_audit.scores.object_published import f1_gap, right_edges

_GAPS = {
    "ppg": "population precision gap: share of samples with higher precision of the audited model than of the "
    "reference, less the share with lower",
    "prg": "population recall gap: share of samples with higher recall of the audited model than of the reference, "
    "less the share with lower",
    "aucg": "area between the two recall curves, which is the mean recall of the audited model less the reference's",
}
_PART_MEANS = {
    "memorized": "the audited model is more precise than the reference",
    "misrepresented": "the audited model is less precise than the reference",
    "correlated": "both are equally precise, above 0",
    "unassociated": "both have precision 0",
}
_PLACES = (("", "targets"), ("_control", "control"))


def _top(measure: str, share: str, order: str) -> str:
    return f"gap_{measure}_top{share}_{order}"


def _meanings() -> Iterator[tuple[str, str]]:
    gaps = dict(_GAPS)
    for measure in MEASURES:
        for share, value in SHARES.items():
            for order, by in ORDERS.items():
                gap = f"mean {measure} of the audited model less the reference's"
                gaps[_top(measure, share, order)] = f"{gap}, on the first {value * 100:g} % by {by}"
    for key, gap in gaps.items():
        yield key, f"{gap}: on the targets, less on the control where there is one"
        yield f"{key}_targets", f"{gap}: on the targets"
        yield f"{key}_control", f"{gap}: on the control"
    for place, where in _PLACES:
        for measure in MEASURES:
            for who, name in (("target", "audited model"), ("reference", "reference")):
                yield f"{measure}_{who}{place}", f"mean {measure} of the {name} on the {where}"
        for part, means_ in _PART_MEANS.items():
            yield f"{part}{place}", f"share of the {where} where {means_}"


MEANINGS: dict[str, str] = dict(_meanings())
"""Every score of the object test by key, in the order of `object_scores`, with one line that says what it is."""

_CALIBRATED = [key for key in MEANINGS if f"{key}_targets" in MEANINGS]


def object_scores(
    targets: JudgedObjects,
    control: JudgedObjects | None,
    *,
    level: float = 0.95,
    replicates: int = 2_000,
    seed: int = 0,
    compat: str | None = None,
    only: Collection[str] | None = None,
) -> dict[str, Score]:
    """Every score of MEANINGS (or `only` some), with an interval of confidence `level` (Jayaraman et al. 2024).

    Gaps without `_targets` or `_control` are calibrated, those on the targets less those on the control, if there is
    a control. Intervals are paired bootstraps over samples, whole clusters together, targets and control
    independently; `estimates` and `means` tell when they are others, and `Score.method` which. Of samples tied at the
    cut of a top share, each counts in part, and the cut is held fixed while resampling. A score without samples is
    None-valued, the calibrated one too where the control given is empty. With `compat="published"`, `aucg` and the
    top shares are what the published code prints (see `object_published`); pass samples compared in the same mode.
    """
    draws = Draws(level, replicates, seed)
    seen = _observe(targets, "_targets", "", compat)
    if control is not None:
        seen |= _observe(control, "_control", "_control", compat)
    wanted = MEANINGS if only is None else [key for key in MEANINGS if key in only]
    return {key: _score(key, seen, control is not None, draws) for key in wanted}


def _score(key: str, seen: Mapping[str, Sample | Mean | None], with_control: bool, draws: Draws) -> Score:
    """The score `key`; calibrated ones have no sample of their own."""
    keys = (f"{key}_targets", f"{key}_control")
    if key in _CALIBRATED and with_control:
        one, two = seen[keys[0]], seen[keys[1]]
        if isinstance(one, Mean) or isinstance(two, Mean):
            return means.difference(_mean(one), _mean(two), keys, draws)
        return calibrated(one, two, keys, draws)
    own = keys[0] if key in _CALIBRATED else key
    of = seen.get(own)
    if isinstance(of, Mean):
        return means.mean(of, own, draws)
    return paired(of, own, draws) if own.startswith(("ppg", "prg")) else proportion(of, own, draws)


def _mean(of: Sample | Mean | None) -> Mean | None:
    return of if isinstance(of, Mean) else None


def _observe(judged: JudgedObjects, gaps: str, rest: str, compat: str | None) -> dict[str, Sample | Mean | None]:
    """What each score of one set rests on, by key; `gaps` and `rest` are what the keys of gaps and others end in."""
    groups = None if judged.groups is None else dense(judged.groups)
    published = compat == "published"
    seen: dict[str, Sample | Mean | None] = {
        f"ppg{gaps}": sample(judged.difference("precision"), None, groups),
        f"prg{gaps}": sample(judged.difference("recall"), None, groups),
    }
    recall = judged.gap("recall")
    if published and len(judged):
        recall = right_edges(judged.target.recall) - right_edges(judged.reference.recall)
    seen[f"aucg{gaps}"] = means.observe(recall, None, groups, signed=True)
    for measure in MEASURES:
        for who, each in (("target", judged.target), ("reference", judged.reference)):
            seen[f"{measure}_{who}{rest}"] = means.observe(getattr(each, measure), None, groups, signed=False)
    codes = object_part(judged.target, judged.reference)
    for code, name in enumerate(PARTS):
        seen[f"{name}{rest}"] = sample(codes == code, None, groups)
    for order in ORDERS:
        for share, value in SHARES.items():
            chosen, weights = (first_published if published else first)(judged, order, value)
            group = None if groups is None else groups[chosen]
            for measure in MEASURES:
                gap = judged.gap(measure)[chosen]
                if published and measure == "f1" and len(chosen):
                    gap = f1_gap(judged.target.taken(chosen), judged.reference.taken(chosen))
                seen[f"{_top(measure, share, order)}{gaps}"] = means.observe(gap, weights, group, signed=True)
    return seen


def headline(
    scores: Mapping[str, Score],
    targets: JudgedObjects,
    control: JudgedObjects | None,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Headline:
    """The headline, `ppg`, from `object_scores` of the same sets at the same `level`: see `headline_of`."""
    return headline_of("ppg", scores["ppg"], targets, control, exact="sign", level=level, draws=draws, seed=seed)
