"""How far finished runs agree about the same samples: pairs of runs, what all infer, what all call memorized."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dejavu_audit.report.class_ranking import effective
from dejavu_audit.report.views import Common, View
from dejavu_audit.scores.agreement import alike_score, cross_table, kappa_score, spearman_score
from dejavu_audit.scores.estimates import Draws, Score
from dejavu_audit.scores.intervals import wilson
from dejavu_audit.scores.label_test import PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """Two views of the same samples."""

    first: str
    second: str
    scores: dict[str, Score]
    """`reference_alike`, `reference_kappa`: are the references right and wrong on the same samples; `model_alike`,
    `model_kappa`: are the audited models; `parts_kappa`: the four parts; `spearman_…`: of each measure of the views."""
    parts: list[list[int]]
    """(4, 4) samples by their part in the first view (rows) and in the second, both in the order of `PARTS`."""


@dataclass(frozen=True)
class Agreement:
    """What several views of the same samples have in common."""

    test: str
    n: int
    """Common samples."""
    pairs: list[Pair]
    correlated: list[dict[str, Any]]
    """Samples that every reference gets right, the strongest correlation first."""
    correlated_total: int
    classes: list[dict[str, Any]]
    """Classes by the share of samples that every reference gets right (label test)."""
    memorized: list[dict[str, Any]]
    """Samples that are memorized by every view's account, the strongest first."""
    memorized_total: int
    memorized_by_any: int

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "part_names": list(PARTS)}


def compare(common: Common, *, top: int, draws: Draws) -> Agreement:
    """Compare two or more views of the same samples; lists hold the `top` first."""
    views = common.views
    pairs = [_pair(one, two, common, draws) for one, two in combinations(views, 2)]
    every_right = np.asarray(np.stack([view.reference_right for view in views]).all(axis=0))
    # The weakest of the references says how strong a correlation is that all of them find.
    strength = np.min([view.strength for view in views], axis=0)
    memorized = np.stack([view.part == PARTS.index("memorized") for view in views])
    by_all = np.asarray(memorized.all(axis=0))
    surplus = np.min([view.surplus for view in views], axis=0)
    return Agreement(
        test=common.test,
        n=len(common.ids),
        pairs=pairs,
        correlated=_first(common, every_right, strength, top),
        correlated_total=int(every_right.sum()),
        classes=_classes(common, every_right, strength, top, draws.level),
        memorized=_first(common, by_all, surplus, top),
        memorized_total=int(by_all.sum()),
        memorized_by_any=int(memorized.any(axis=0).sum()),
    )


def _pair(one: View, two: View, common: Common, draws: Draws) -> Pair:
    key, groups = f"{one.name}/{two.name}", common.groups
    scores = {}
    answers = {
        "reference": (one.reference_right, two.reference_right),
        "model": (one.model_right, two.model_right),
    }
    for who, (first, second) in answers.items():
        scores[f"{who}_alike"] = alike_score(first, second, f"{key}/{who}", draws, groups)
        scores[f"{who}_kappa"] = kappa_score(first, second, 2, f"{key}/{who}", draws, groups)
    scores["parts_kappa"] = kappa_score(one.part, two.part, len(PARTS), f"{key}/parts", draws, groups)
    for name in one.measures:
        scores[f"spearman_{name}"] = spearman_score(
            one.measures[name], two.measures[name], f"{key}/{name}", draws, groups
        )
    table = cross_table(one.part, two.part, len(PARTS)).astype(int).tolist()
    return Pair(one.name, two.name, scores, table)


def _first(common: Common, chosen: NDArray[np.bool_], by: NDArray[np.float64], top: int) -> list[dict[str, Any]]:
    """The first of the chosen samples by a value, largest first; ties in the order of the first run, NaN last."""
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(-np.round(by[rows], 10), kind="stable")][:top]
    names = common.ids.take(pa.array(rows)).to_pylist()
    labels = [None] * len(rows) if common.labels is None else common.labels.take(pa.array(rows)).to_pylist()
    return [
        {
            "id": id_,
            **({"label": label} if label is not None else {}),
            "weakest": None if np.isnan(by[row]) else float(by[row]),
        }
        for id_, label, row in zip(names, labels, rows.tolist(), strict=True)
    ]


def _classes(
    common: Common, right: NDArray[np.bool_], strength: NDArray[np.float64], top: int, level: float
) -> list[dict[str, Any]]:
    """Classes by the share of their samples that every reference gets right, with Wilson's interval by clusters."""
    if common.labels is None:
        return []
    encoded = common.labels.dictionary_encode()
    names, class_ = encoded.dictionary.to_pylist(), np.asarray(encoded.indices)
    n, hits = np.bincount(class_), np.bincount(class_, right)
    mean = np.bincount(class_, np.nan_to_num(strength)) / n
    size = effective(class_, common.groups, len(names))
    low, high = wilson(hits / n * size, size, level)
    order = sorted(range(len(names)), key=lambda at: (-hits[at] / n[at], -n[at], -float(mean[at]), names[at]))
    return [
        {
            "class": names[at],
            "n": int(n[at]),
            "right": int(hits[at]),
            "share": float(hits[at] / n[at]),
            "low": float(low[at]),
            "high": float(high[at]),
        }
        for at in order[:top]
    ]
