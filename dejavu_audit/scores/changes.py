"""How much more a second audit finds than a first, on the same samples: paired differences, and exact tests of them.

Each sample is its own control here, so that what both audits share (hard samples, the luck of the draw) cancels: the
interval of a change is mostly narrower than those of the two numbers would suggest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dejavu_audit.scores.bootstrap import dense
from dejavu_audit.scores.judged_objects import MEASURES, JudgedObjects, object_part
from dejavu_audit.scores.label_test import PARTS, Judged, part
from dejavu_audit.scores.objects import PerSample
from dejavu_audit.scores.samples import Sample, observe

AnyJudged: TypeAlias = "Judged | JudgedObjects"
Set = TypeVar("Set", Judged, JudgedObjects)
TOPS = ("top1", "top5")
LABEL_GAPS = tuple(f"deja_vu_{top}" for top in TOPS)
OBJECT_GAPS = ("ppg", "prg", "aucg")
GAPS = {*LABEL_GAPS, *OBJECT_GAPS}
"""Scores that are calibrated: of the targets, less the control's."""


def taken(judged: Set, rows: NDArray[Any]) -> Set:
    """The samples of a judged set at `rows`, in their order."""
    some: dict[str, Any] = {}
    for field in fields(judged):
        value = getattr(judged, field.name)
        some[field.name] = (
            value if value is None else value.taken(rows) if isinstance(value, PerSample) else value[rows]
        )
    return replace(judged, **some)


def sample_values(judged: AnyJudged) -> dict[str, NDArray[Any]]:
    """Score -> the (n,) values whose mean over the set it is, of every score that is a plain mean.

    Keys are those of audit.json for the targets, gaps without `_targets`. Left out are scores of the most confident
    and of the first in some order: which samples they rest on hangs on the audit.
    """
    return _of_objects(judged) if isinstance(judged, JudgedObjects) else _of_labels(judged)


def parts_of(judged: AnyJudged) -> NDArray[np.int8]:
    """(n,) place of each sample in PARTS."""
    if isinstance(judged, JudgedObjects):
        return object_part(judged.target, judged.reference)
    return part(judged.target_right[:, 0], judged.reference_right[:, 0])


def _of_labels(judged: Judged) -> dict[str, NDArray[Any]]:
    values: dict[str, NDArray[Any]] = {key: judged.difference(top) for top, key in enumerate(LABEL_GAPS)}
    for top, name in enumerate(TOPS):
        values[f"accuracy_target_{name}"] = judged.target_right[:, top]
        values[f"accuracy_reference_{name}"] = judged.reference_right[:, top]
    return values | _parts(judged)


def _of_objects(judged: JudgedObjects) -> dict[str, NDArray[Any]]:
    values: dict[str, NDArray[Any]] = {
        "ppg": judged.difference("precision"),
        "prg": judged.difference("recall"),
        "aucg": judged.gap("recall"),
    }
    for measure in MEASURES:
        for who in ("target", "reference"):
            values[f"{measure}_{who}"] = getattr(getattr(judged, who), measure)
    return values | _parts(judged)


def _parts(judged: AnyJudged) -> dict[str, NDArray[Any]]:
    codes = parts_of(judged)
    return {name: codes == PARTS.index(name) for name in reversed(PARTS)}


def means(targets: AnyJudged, control: AnyJudged | None, like: tuple[AnyJudged, AnyJudged | None]) -> dict[str, float]:
    """Every score of one audit by the keys of `change_samples`, weighed as the sets `like`, of the same samples, are.

    NaN where a set has no samples, or no weight.
    """
    found = _means(targets, like[0], "_targets", "")
    if control is None:
        return found | {key: found[f"{key}_targets"] for key in sample_values(targets) if key in GAPS}
    found |= _means(control, cast("AnyJudged", like[1]), "_control", "_control")
    gaps = [key for key in sample_values(targets) if key in GAPS]
    return found | {key: found[f"{key}_targets"] - found[f"{key}_control"] for key in gaps}


def _means(judged: AnyJudged, like: AnyJudged, gaps: str, rest: str) -> dict[str, float]:
    found = {}
    for key, values in sample_values(judged).items():
        weights = np.ones(len(values)) if like.weights is None else like.weights
        total = float(weights.sum())
        found[key + (gaps if key in GAPS else rest)] = float(weights @ values) / total if total else float("nan")
    return found


def change_samples(
    targets: tuple[AnyJudged, AnyJudged], control: tuple[AnyJudged, AnyJudged] | None
) -> tuple[dict[str, Sample | None], dict[str, tuple[str, ...]]]:
    """What the change of each score rests on, and of which it is made, as `scores_of` takes them.

    Each pair is a set as the first and as the second audit judged it, the same samples in the same order; values are
    the second's less the first's. Keys are audit.json's. Clusters count as wholes, joined where either audit has one;
    the weights are the first's. Targets and control are independent.
    """
    seen = _changes(targets, "_targets", "")
    if control is not None:
        seen |= _changes(control, "_control", "_control")
    made_of: dict[str, tuple[str, ...]] = {}
    for key in sample_values(targets[0]):
        if key in GAPS:
            made_of[key] = (f"{key}_targets",) if control is None else (f"{key}_targets", f"{key}_control")
            made_of |= {each: (each,) for each in made_of[key]}
        else:
            made_of |= {each: (each,) for each in ([key] if control is None else [key, f"{key}_control"])}
    return seen, made_of


def _changes(pair: tuple[AnyJudged, AnyJudged], gaps: str, rest: str) -> dict[str, Sample | None]:
    old, new = (sample_values(one) for one in pair)
    weights, groups = pair[0].weights, joined_groups(pair[0].groups, pair[1].groups)
    return {
        key + (gaps if key in GAPS else rest): observe(change(old, new, key), weights, groups, signed=True)
        for key in old
    }


def change(old: Mapping[str, NDArray[Any]], new: Mapping[str, NDArray[Any]], key: str) -> NDArray[np.float64]:
    """(n,) values of a score by the second audit less those by the first."""
    difference: NDArray[np.float64] = new[key].astype(np.float64) - old[key].astype(np.float64)
    return difference


def joined_groups(one: NDArray[Any] | None, two: NDArray[Any] | None) -> NDArray[np.int64] | None:
    """(n,) the finest clusters that keep together what either of two (n,) clusterings, or None, has together."""
    if one is None or two is None:
        return two if one is None else one
    first, second = dense(one), dense(two)
    start = int(first.max(initial=-1)) + 1
    total = start + int(second.max(initial=-1)) + 1
    links = coo_array((np.ones(len(first), bool), (first, second + start)), shape=(total, total))
    joined: NDArray[np.int64] = connected_components(links, directed=False)[1][first].astype(np.int64)
    return joined
