"""What follows from the duplicates: who goes, who is resampled with whom, and what is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dejavu_audit.duplicates.entries import CONTROL, ORDER

if TYPE_CHECKING:
    from dejavu_audit.duplicates.entries import Entries
    from dejavu_audit.duplicates.pairs import Doubles
    from dejavu_audit.types import Dataset, Rows, SetName

KINDS = ("same bytes", "same pixels", "near")
_ONE_OF = {"target": "a target", "control": "a control picture", "public": "a public picture"}
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("set", "id")),
        ("row", pa.int64()),
        *((name, pa.string()) for name in ("other_set", "other_id")),
        ("other_row", pa.int64()),
        ("kind", pa.string()),
        ("similarity", pa.float32()),
        ("mirrored", pa.bool_()),
        ("shown", pa.float32()),
    ]
)


@dataclass(frozen=True)
class Duplicates:
    """What the search found."""

    lost: Mapping[int, str]
    """Row of the control, public or fit set that must go -> why; empty where duplicates are kept."""
    clusters: Mapping[int, int]
    """Row of a target or control picture that is like another of its own set -> number of their cluster; every row of
    a cluster is of one set, and has at least one other picture in it."""
    pairs: pa.Table
    """A row a pair that was found: `set`, `id` and `row` of the picture that stays, `other_set`, `other_id` and
    `other_row` of its duplicate, `kind` (one of `KINDS`), `similarity` (0 to 1), `mirrored`, and `shown`, the share of
    the larger picture's area that both show. Of a pile, each picture is listed with the one that stands for it."""
    counts: Mapping[tuple[SetName, SetName], Mapping[str, int]]
    """Set, and the later or same set -> kind -> pictures of the latter that have a duplicate in the former."""
    searched: Mapping[SetName, int]
    """Pictures that were compared, by set."""
    looked_for: bool
    """False: the data set says that its pictures are distinct, and is taken at its word."""
    kept: bool
    """Whether they were left in all the same."""
    seconds: float


def not_searched(sets: Mapping[SetName, Rows]) -> Duplicates:
    """Of a data set whose pictures are distinct by construction."""
    none: dict[SetName, int] = dict.fromkeys(sets, 0)
    return Duplicates({}, {}, _SCHEMA.empty_table(), {}, none, looked_for=False, kept=False, seconds=0.0)


def outcome(dataset: Dataset, entries: Entries, pairs: Doubles, *, keep: bool, seconds: float) -> Duplicates:
    """Draw the conclusions from pairs whose first is of the foremost set."""
    across = entries.sets[pairs.one] < entries.sets[pairs.other]
    lost = {} if keep else _lost(entries, pairs[across])
    return Duplicates(
        lost=lost,
        clusters=_clusters(entries, pairs, lost),
        pairs=_table(dataset, entries, pairs),
        counts=_counts(entries, pairs),
        searched={name: int((entries.sets == number).sum()) for number, name in enumerate(ORDER)},
        looked_for=True,
        kept=keep,
        seconds=seconds,
    )


def _lost(entries: Entries, pairs: Doubles) -> dict[int, str]:
    """Row -> reason; of several, by the foremost set and the surest kind."""
    worth = entries.sets[pairs.one].astype(np.int64) * len(KINDS) + pairs.kind
    best = np.full(len(entries), np.iinfo(np.int64).max)
    np.minimum.at(best, pairs.other, worth)
    lost: dict[int, str] = {}
    gone = best[entries.entry_of] < np.iinfo(np.int64).max
    for row, code in zip(entries.rows[gone].tolist(), best[entries.entry_of[gone]].tolist(), strict=True):
        foremost, kind = divmod(code, len(KINDS))
        how = "near-duplicate" if KINDS[kind] == "near" else "duplicate"
        lost[row] = f"{how} of {_ONE_OF[ORDER[foremost]]}"
    return lost


def _clusters(entries: Entries, pairs: Doubles, lost: Mapping[int, str]) -> dict[int, int]:
    """Rows of targets and of control pictures that hang together, through any picture of either."""
    n = len(entries)
    judged = (entries.sets[pairs.one] <= CONTROL) & (entries.sets[pairs.other] <= CONTROL)
    one, other = pairs.one[judged], pairs.other[judged]
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    code = component.astype(np.int64) * len(ORDER) + entries.sets
    here = np.ones(n, bool)
    here[entries.entry_of] = ~np.isin(entries.rows, np.fromiter(lost, np.int64, len(lost)))
    here &= entries.sets <= CONTROL
    members = np.bincount(code[here], minlength=int(code.max(initial=0)) + 1)
    several = here & (members[code] > 1)
    number: dict[int, int] = {}
    at = several[entries.entry_of]
    return {
        row: number.setdefault(one_code, len(number))
        for row, one_code in zip(entries.rows[at].tolist(), code[entries.entry_of[at]].tolist(), strict=True)
    }


def _counts(entries: Entries, pairs: Doubles) -> dict[tuple[SetName, SetName], dict[str, int]]:
    """Each picture of the later set counts once a foremost set, by its surest kind."""
    found: dict[tuple[SetName, SetName], dict[str, int]] = {}
    first, second = entries.sets[pairs.one], entries.sets[pairs.other]
    for a, b in sorted(set(zip(first.tolist(), second.tolist(), strict=True))):
        these = pairs[(first == a) & (second == b)]
        # Within a set both are duplicates of one another.
        who = np.concatenate([these.other, these.one]) if a == b else these.other
        kinds = np.concatenate([these.kind, these.kind]) if a == b else these.kind
        best = np.full(len(entries), len(KINDS))
        np.minimum.at(best, who, kinds)
        counted = np.bincount(best, minlength=len(KINDS) + 1)[: len(KINDS)]
        found[ORDER[a], ORDER[b]] = {name: int(n) for name, n in zip(KINDS, counted, strict=True) if n}
    return found


def _table(dataset: Dataset, entries: Entries, pairs: Doubles) -> pa.Table:
    row = entries.first_row if len(entries) else np.zeros(0, np.int64)
    names = pa.array(ORDER, pa.string())
    ids = dataset.table["id"]
    area = pairs.windows[:, 1] * pairs.windows[:, 3]
    columns: dict[str, Any] = {}
    for prefix, who in (("", pairs.one), ("other_", pairs.other)):
        rows = pa.array(row[who], pa.int64())
        columns[f"{prefix}set"] = names.take(pa.array(entries.sets[who]))
        columns[f"{prefix}id"] = ids.take(rows).cast(pa.string()).combine_chunks()
        columns[f"{prefix}row"] = rows
    columns["kind"] = pa.array(KINDS).take(pa.array(pairs.kind))
    columns["similarity"] = pa.array(pairs.similarity, pa.float32())
    columns["mirrored"] = pa.array(pairs.mirrored)
    columns["shown"] = pa.array(np.minimum(area, 1 / np.maximum(area, 1e-6)), pa.float32())
    table = pa.table([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)
    order = np.lexsort((-pairs.similarity, pairs.kind, entries.sets[pairs.other], entries.sets[pairs.one]))
    return table.take(pa.array(order))
