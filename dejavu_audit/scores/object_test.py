"""The scores of the object-inference test (method: 2.5, 4.1, 4.2) and its headline."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any

from numpy.typing import NDArray

from dejavu_audit.scores.estimates import Draws, Interval, Score, scores_of
from dejavu_audit.scores.headline import Headline, headline_of
from dejavu_audit.scores.judged_objects import MEASURES, JudgedObjects, Measure, object_part
from dejavu_audit.scores.label_test import PARTS
from dejavu_audit.scores.object_order import ORDERS, SHARES, Order, first_published, rank_value
from dejavu_audit.scores.object_published import f1_gap, right_edges
from dejavu_audit.scores.samples import Sample, observe
from dejavu_audit.scores.top_share import mean_one, top_share

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
    interval: Interval = "auto",
    only: Collection[str] | None = None,
) -> dict[str, Score]:
    """Every score of MEANINGS (or `only` some), with an interval of confidence `level` (Jayaraman et al. 2024).

    Gaps without `_targets` or `_control` are calibrated, those on the targets less those on the control, if there is
    a control. Intervals are score intervals, of targets and control as independent samples and of clusters whole, or
    the bootstrap asked for by `interval` with so many `replicates`; `Score.method` says which. Of samples tied at the
    cut of a top share, each counts in part; the interval allows for the cut's being found anew in another sample (see
    `samples`). A score without samples is None-valued, the calibrated one too where the control given is empty. With
    `compat="published"`, `aucg` and the top shares are what the published code prints (see `object_published`), which
    knows no weights (ValueError); pass samples compared in the same mode.
    """
    seen, made_of = object_samples(targets, control, only, compat=compat)
    return scores_of(seen, made_of, Draws(level, replicates, seed, interval))


def object_samples(
    targets: JudgedObjects,
    control: JudgedObjects | None,
    only: Collection[str] | None = None,
    *,
    compat: str | None = None,
) -> tuple[dict[str, Sample | None], dict[str, tuple[str, ...]]]:
    """The samples that scores rest on, by key, and for each score the keys of its own: what `scores_of` takes."""
    made_of: dict[str, tuple[str, ...]] = {}
    for key in MEANINGS if only is None else [key for key in MEANINGS if key in only]:
        if key not in _CALIBRATED:
            made_of[key] = (key,)
        else:
            made_of[key] = (f"{key}_targets",) if control is None else (f"{key}_targets", f"{key}_control")
    needed = {key for keys in made_of.values() for key in keys}
    seen = _observe(targets, "_targets", "", compat, needed)
    if control is not None:
        seen |= _observe(control, "_control", "_control", compat, needed)
    return seen, made_of


def _observe(
    judged: JudgedObjects, gaps: str, rest: str, compat: str | None, needed: set[str]
) -> dict[str, Sample | None]:
    """What each `needed` score of one set rests on, by key; keys of gaps end in `gaps`, others in `rest`."""
    published = compat == "published"
    if published and judged.weights is not None:
        raise ValueError("the published object scores know no weights")
    seen: dict[str, Sample | None] = {}

    def see(key: str, values: NDArray[Any], *, signed: bool = False) -> None:
        if key in needed:
            seen[key] = observe(values, judged.weights, judged.groups, signed=signed)

    see(f"ppg{gaps}", judged.difference("precision"), signed=True)
    see(f"prg{gaps}", judged.difference("recall"), signed=True)
    recall = judged.gap("recall")
    if published and len(judged):
        recall = right_edges(judged.target.recall) - right_edges(judged.reference.recall)
    see(f"aucg{gaps}", recall, signed=True)
    for measure in MEASURES:
        for who, each in (("target", judged.target), ("reference", judged.reference)):
            see(f"{measure}_{who}{rest}", getattr(each, measure))
    codes = object_part(judged.target, judged.reference)
    for code, name in enumerate(PARTS):
        see(f"{name}{rest}", codes == code)
    return seen | _observe_tops(judged, gaps, published, needed)


def _observe_tops(judged: JudgedObjects, gaps: str, published: bool, needed: set[str]) -> dict[str, Sample | None]:
    """The gaps of the top shares, each by its key."""
    weights = None if judged.weights is None else mean_one(judged.weights)
    seen: dict[str, Sample | None] = {}
    for order, (share, value) in product(ORDERS, SHARES.items()):
        keys = {measure: f"{_top(measure, share, order)}{gaps}" for measure in MEASURES}
        if needed.isdisjoint(keys.values()):
            continue
        if published:
            seen |= _published_top(judged, order, value, keys)
            continue
        top = top_share(rank_value(judged, order), value, weights)
        for measure, key in keys.items():
            seen[key] = observe(judged.gap(measure), weights, judged.groups, signed=True, top=top)
    return seen


def _published_top(
    judged: JudgedObjects, order: Order, share: float, keys: Mapping[Measure, str]
) -> dict[str, Sample | None]:
    """The gaps of a top share as the published code takes it; its interval holds the choice of samples fixed."""
    chosen, _ = first_published(judged, order, share)
    groups = None if judged.groups is None else judged.groups[chosen]
    seen = {}
    for measure, key in keys.items():
        gap = judged.gap(measure)[chosen]
        if measure == "f1" and len(chosen):
            gap = f1_gap(judged.target.taken(chosen), judged.reference.taken(chosen))
        seen[key] = observe(gap, None, groups, signed=True)
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
