"""Which classes are the most memorized or the most correlated, with an interval for each (label test)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.errors import unknown
from dejavu_audit.report.ranking import clusters, is_, members, numbers, right, strings
from dejavu_audit.scores.intervals import mover, tango, wilson
from dejavu_audit.scores.label_test import PARTS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

COLUMNS = ("set", "part", "group", "label", "target_top1", "reference_top1", "reference_probability")
"""What `rank_classes` reads."""
CONTROL = "control"
LEAST = 10
"""Fewer targets or control pictures of a class than this say too little to calibrate it."""
ORDERS = ("score", "low")
"""What classes can be ranked by: the score of the part asked for, or the lower end of its interval."""


@dataclass(frozen=True)
class Counts:
    """What became of each of c classes in one set; all (c,)."""

    n: Floats
    parts: dict[str, Floats]
    """Part -> samples."""
    probability: Floats
    """Mean probability that the reference gives the label; NaN where there is none."""
    effective: Floats
    """Kish's effective sample size, as if all samples of a cluster agreed."""

    @property
    def score(self) -> Floats:
        """The déjà vu score: (memorized - misrepresented) / n; NaN where n is 0."""
        return share(self.parts["memorized"] - self.parts["misrepresented"], self.n)

    def tango(self, level: float) -> tuple[Floats, Floats]:
        """Tango's interval of the score, on the effective sample size."""
        size = np.maximum(self.effective, 1)
        up, down = (share(self.parts[part], self.n) * size for part in ("memorized", "misrepresented"))
        return tango(np.nan_to_num(up), np.nan_to_num(down), size, level)

    def wilson(self, part: str, level: float) -> tuple[Floats, Floats]:
        """Wilson's interval of the share of a part; "correlated" stands for all that the reference gets right."""
        size = np.maximum(self.effective, 1)
        return wilson(np.nan_to_num(share(self.of(part), self.n)) * size, size, level)

    def of(self, part: str) -> Floats:
        """Samples of a part; of "correlated", all that the reference gets right."""
        return self.parts[part] + (self.parts["misrepresented"] if part == "correlated" else 0)


def share(count: Floats, n: Floats) -> Floats:
    """`count / n`, NaN where n is 0."""
    shares: Floats = np.divide(count, n, out=np.full(len(n), np.nan), where=n > 0)
    return shares


def rank_classes(
    samples: pa.Table, *, set_: str, part: str, sort: str | None, top: int, level: float
) -> list[dict[str, Any]]:
    """The `top` classes of a set, best first, one record a class; null: not measured.

    The score of a class is, with its interval of confidence `level`:

    - memorized: the déjà vu score, Tango's interval; misrepresented: the same, lowest first;
    - correlated: the share that the reference gets right, Wilson's interval;
    - unassociated: the share of the part, Wilson's interval.

    Of the targets, `calibrated` is the déjà vu score less that of the same class in the control (interval: MOVER),
    where the class has at least `LEAST` pictures in both. Intervals take the samples of a group as one. Ties: the
    larger n, then the higher probability of the label by the reference, then the name.
    """
    if part not in PARTS:
        raise unknown("part", part, PARTS)
    if sort not in (None, *ORDERS):
        raise unknown("order of classes", sort, ORDERS)
    names = sorted(set(strings(samples, "label").drop_null().unique().to_pylist()))
    asked = members(samples, set_)
    counts = _count(samples, asked, names)
    if part in ("memorized", "misrepresented"):
        score, (low, high) = counts.score, counts.tango(level)
    else:
        score, (low, high) = share(counts.of(part), counts.n), counts.wilson(part, level)
    by = low if sort == "low" else score
    if part == "misrepresented":  # the lowest first, and the least high end
        by = -(high if sort == "low" else score)
    order = np.lexsort([np.arange(len(names)), -counts.probability, -counts.n, -np.round(by, 10)])
    order = order[counts.n[order] > 0][:top]
    control = None
    if set_ != CONTROL:
        held_out = is_(samples, "set", CONTROL)
        control = _count(samples, held_out, names) if held_out.any() else None
    calibrated = _calibrated(counts, control, level) if control is not None else {}
    rows = []
    for place, at in enumerate(order.tolist()):
        row: dict[str, Any] = {"rank": place + 1, "class": names[at], "n": int(counts.n[at])}
        row |= {name: int(counts.parts[name][at]) for name in reversed(PARTS)}
        row |= {"score": float(score[at]), "low": float(low[at]), "high": float(high[at])}
        row["reference_probability"] = None if np.isnan(counts.probability[at]) else float(counts.probability[at])
        row["control_n"] = None if control is None else int(control.n[at])
        row |= {name: _measured(values[at]) for name, values in calibrated.items()}
        rows.append(row)
    return rows


def _calibrated(counts: Counts, control: Counts, level: float) -> dict[str, Floats]:
    """The déjà vu score less the control's, NaN where too few say so."""
    with np.errstate(invalid="ignore"):
        low, high = mover(counts.score, counts.tango(level), control.score, control.tango(level))
    enough = (counts.n >= LEAST) & (control.n >= LEAST)
    found = {"calibrated": counts.score - control.score, "calibrated_low": low, "calibrated_high": high}
    return {name: np.where(enough, values, np.nan) for name, values in found.items()}


def _count(samples: pa.Table, chosen: NDArray[np.bool_], names: list[str]) -> Counts:
    some = samples.filter(pa.array(chosen))
    of = np.asarray(pc.index_in(strings(some, "label"), value_set=pa.array(names, pa.string())).fill_null(-1))
    known = of >= 0
    some, class_ = some.filter(pa.array(known)), of[known].astype(np.int64)
    c = len(names)
    n = _sum(class_, np.ones(len(class_)), c)
    target, reference = right(some, "target_top1"), right(some, "reference_top1")
    masks = {
        "unassociated": ~target & ~reference,
        "misrepresented": ~target & reference,
        "correlated": target & reference,
        "memorized": target & ~reference,
    }
    parts = {part: _sum(class_, masks[part], c) for part in PARTS}
    probability = share(_sum(class_, numbers(some, "reference_probability"), c), n)
    return Counts(n, parts, probability, effective(class_, clusters(some) if len(some) else None, c))


def effective(class_: NDArray[np.int64], groups: NDArray[np.int64] | None, c: int) -> Floats:
    """(c,) Kish's effective sample size of each class, as if all its samples of a cluster agreed; 0 where it has none.

    `class_` (n,) in [0, c), `groups` (n,) clusters, None: every sample on its own.
    """
    n = _sum(class_, np.ones(len(class_)), c)
    if groups is None:
        return n
    _, first, sizes = np.unique(np.stack([class_, groups]), axis=1, return_index=True, return_counts=True)
    squares = _sum(class_[first], sizes.astype(np.float64) ** 2, c)
    size: Floats = np.divide(n**2, squares, out=np.zeros(c), where=squares > 0)
    return size


def _sum(class_: NDArray[np.int64], values: ArrayLike, c: int) -> Floats:
    """(c,) sum of the samples' values by class."""
    return np.bincount(class_, np.asarray(values, np.float64), c).astype(np.float64)


def _measured(value: np.floating[Any]) -> float | None:
    return None if np.isnan(value) else float(value)
