"""Which targets became memorized from one run to another, which no longer are, and what either run says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.report.comparison_record import ChangedListRecord, ChangedSampleRecord, SideRecord
from dejavu_audit.report.ranking import label_votes, numbers
from dejavu_audit.scores.changes import parts_of
from dejavu_audit.scores.confidence import memorization_confidence
from dejavu_audit.scores.judged_objects import JudgedObjects
from dejavu_audit.scores.label_test import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dejavu_audit.report.reading import Run
    from dejavu_audit.report.views import Shared

    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Side:
    """The n common targets as one run has them."""

    run: Run
    judged: Any
    """`Judged` or `JudgedObjects`, of the common targets."""
    rows: NDArray[Any]
    """(n,) rows of the run's sample table."""

    @property
    def surplus(self) -> NDArray[np.float64]:
        """(n,) how much more the encoder knows than the reference: memorization confidence, or gap in recall."""
        one: Any = self.judged
        if isinstance(one, JudgedObjects):
            gap: NDArray[np.float64] = one.gap("recall")
            return gap
        surer: NDArray[np.float64] = memorization_confidence(one.target_confidence, one.reference_confidence)
        return surer

    def column(self, name: str) -> NDArray[np.float64]:
        """(n,) a column of numbers, NaN where it is null or not there."""
        if name not in self.run.samples.column_names:
            return np.full(len(self.rows), np.nan)
        values: NDArray[np.float64] = numbers(self.run.samples, name)[self.rows]
        return values


def listed_of(sides: Sequence[Side]) -> tuple[Flags, Flags] | None:
    """Of both runs, the (n,) targets on the list of memorized samples; None where a run has no list."""
    found = []
    for side in sides:
        if "memorized" not in side.run.samples.column_names:
            return None
        column = side.run.samples["memorized"].take(pa.array(side.rows))
        if column.null_count == len(column):
            return None
        found.append(np.asarray(column.cast(pa.bool_()).fill_null(False)))
    return found[0], found[1]


def part_changes(shared: Shared, sides: Sequence[Side], top: int) -> ChangedListRecord:
    """Targets whose part became, or no longer is, memorized: those of which the encoder knows the most more first."""
    old, new = (parts_of(side.judged) == PARTS.index("memorized") for side in sides)
    return _changes(shared, sides, (old, new), [-side.surplus for side in sides], top)


def listed_changes(shared: Shared, sides: Sequence[Side], listed: tuple[Flags, Flags], top: int) -> ChangedListRecord:
    """Targets that came onto the list of memorized samples, or left it: least p-value first."""
    return _changes(shared, sides, listed, [side.column("p_value") for side in sides], top)


def _changes(
    shared: Shared, sides: Sequence[Side], held: tuple[Flags, Flags], by: Sequence[NDArray[np.float64]], top: int
) -> ChangedListRecord:
    """What holds of the new run alone, and of the old one alone; each in the order of that run's `by`, least first."""
    old, new = held
    became, no_longer = new & ~old, old & ~new
    return ChangedListRecord(
        became=int(became.sum()),
        no_longer=int(no_longer.sum()),
        stayed=int((old & new).sum()),
        became_first=_told(shared, sides, _first(became, by[1], sides[1].surplus, top)),
        no_longer_first=_told(shared, sides, _first(no_longer, by[0], sides[0].surplus, top)),
    )


def _first(chosen: Flags, by: NDArray[np.float64], surplus: NDArray[np.float64], top: int) -> NDArray[np.int64]:
    """The `top` of the chosen, least `by` first, then the largest surplus, then in order; NaN last."""
    at = np.flatnonzero(chosen)
    return at[np.lexsort([-np.round(surplus[at], 10), np.round(by[at], 10)])][:top].astype(np.int64)


def _told(shared: Shared, sides: Sequence[Side], at: NDArray[np.int64]) -> list[ChangedSampleRecord]:
    """The samples at these places, with what both runs say of them."""
    if not len(at):
        return []
    ids = shared.ids.take(pa.array(at)).to_pylist()
    labels = [None] * len(at) if shared.labels is None else shared.labels.take(pa.array(at)).to_pylist()
    captions = [None] * len(at)
    if shared.test == "objects":
        captions = sides[0].run.detail(sides[0].rows[at], ["caption"])["caption"].to_pylist()
    old, new = (_side(side, at) for side in sides)
    return [
        ChangedSampleRecord(id=id_, label=label, caption=None if caption is None else str(caption), old=one, new=two)
        for id_, label, caption, one, two in zip(ids, labels, captions, old, new, strict=True)
    ]


def _side(side: Side, at: NDArray[np.int64]) -> list[SideRecord]:
    """What one run says of some samples."""
    told: dict[str, list[Any]] = {"part": [PARTS[code] for code in parts_of(side.judged)[at]]}
    rows = side.rows[at]
    if isinstance(side.judged, JudgedObjects):
        told |= {name: _plain(getattr(side.judged.target, name)[at]) for name in ("precision", "recall")}
    else:
        detail = side.run.detail(rows, ["label", "votes", "target_top1"])
        own, _, cast = label_votes(detail)
        told |= {"votes": own.astype(int).tolist(), "neighbors": cast.astype(int).tolist()}
        told["told"] = detail["target_top1"].cast(pa.string()).to_pylist()
    told |= {name: _plain(side.column(name)[at]) for name in ("score", "p_value")}
    if "memorized" in side.run.samples.column_names:
        told["listed"] = pc.take(side.run.samples["memorized"], pa.array(rows)).to_pylist()
    names = list(SideRecord.model_fields)
    rows_of = ({name: told[name][place] if name in told else None for name in names} for place in range(len(at)))
    return [SideRecord.model_validate(row) for row in rows_of]


def _plain(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
