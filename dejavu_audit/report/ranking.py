"""Which samples are the most memorized, the most correlated and so on: pure functions on the sample table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.scores.confidence import SAME, memorization_confidence
from dejavu_audit.scores.label_test import PARTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.report.reading import Test

    Floats = NDArray[np.float64]

SORTS: dict[str, dict[str, str]] = {
    "label": {
        "memorization": "H(p) - H(c / k): how much surer the audited model is than the reference, in nats",
        "confidence": "-H(c / k): how sure the audited model is, in nats",
        "margin": "votes of the label less those of the strongest other class, as a share of all votes",
        "reference": "probability that the reference gives the label",
    },
    "objects": {
        "recall": "recall of the audited model less that of the reference",
        "precision": "precision of the audited model less that of the reference",
        "correct": "objects that the audited model finds less those that the reference finds",
        "reference": "recall of the reference",
        "distance": "how near the nearest public sample is",
    },
}
"""What samples can be ranked by, largest first, with its meaning."""

_DEFAULT = {
    "label": {"correlated": "reference", "unassociated": "confidence"},
    "objects": {"correlated": "reference"},
}
_GAPS = {"memorization", "margin", "recall", "precision", "correct"}
_COLUMNS = {
    "memorization": ("target_confidence", "reference_confidence"),
    "confidence": ("target_confidence",),
    "margin": ("label", "votes"),
    "recall": ("target_recall", "reference_recall", "target_precision", "reference_precision"),
    "precision": ("target_precision", "reference_precision", "target_recall", "reference_recall"),
    "correct": ("target_correct", "reference_correct"),
    "distance": ("min_distance",),
}


@dataclass(frozen=True)
class Ranked:
    """The first samples of a part of a set."""

    rows: NDArray[np.int64]
    """Rows of the sample table, best first; at most as many as asked for."""
    total: int
    """Samples of the part in the set."""
    of: int
    """Samples of the set."""
    part: str
    set: str
    sort: str
    values: Floats
    """(rows,) what they were ranked by; NaN where it was not measured."""


def sort_of(test: Test, part: str, sort: str | None) -> str:
    """What to rank by: as asked, or what fits the part; AuditError for what the test has not."""
    if part not in PARTS:
        raise unknown("part", part, PARTS)
    if sort is None:
        return _DEFAULT[test].get(part, "memorization" if test == "label" else "recall")
    if sort not in SORTS[test]:
        raise unknown("order", sort, SORTS[test], hint=f"(the run is a test of {test})")
    return sort


def columns_for(test: Test, sort: str) -> list[str]:
    """The columns that `rank` reads."""
    reference = ("reference_probability",) if test == "label" else ("reference_recall", "reference_precision")
    return ["set", "part", *_COLUMNS.get(sort, reference)]


def rank(samples: pa.Table, test: Test, *, set_: str, part: str, sort: str | None, top: int) -> Ranked:
    """The `top` samples of a part of a set, best first.

    Largest first; among the misrepresented a gap between model and reference ranks from its lowest end. Equal to ten
    decimals counts as tied: then the second measure decides (recall: the precision gap, precision: the recall gap,
    reference: its precision), then the order of the table. What was not measured comes last.
    """
    sort = sort_of(test, part, sort)
    in_set = members(samples, set_)
    chosen = np.flatnonzero(in_set & is_(samples, "part", part))
    keys = [measure(samples, key)[chosen] for key in _keys(test, sort)]
    sign = 1.0 if part == "misrepresented" and sort in _GAPS else -1.0
    # np.lexsort sorts by its last key first; NaN sorts last whatever its sign.
    order = np.lexsort([np.round(sign * key, SAME) for key in reversed(keys)])[:top]
    return Ranked(chosen[order], len(chosen), int(in_set.sum()), part, set_, sort, keys[0][order])


def rank_listed(samples: pa.Table, top: int) -> Ranked:
    """The `top` targets on the list of memorized samples: least p-value first, then largest score, then in order.

    Reads the columns "set" and MEMORIZED.
    """
    listed = np.asarray(_cast(samples, "memorized", pa.bool_()).fill_null(False))
    chosen, p = np.flatnonzero(listed), numbers(samples, "p_value")
    order = np.lexsort((-numbers(samples, "score")[chosen], p[chosen]))[:top]
    of = int(np.isfinite(p).sum())
    return Ranked(chosen[order], len(chosen), of, "memorized", "target", "p_value", p[chosen[order]])


def members(samples: pa.Table, set_: str) -> NDArray[np.bool_]:
    """(n,) whether a sample is of a set; AuditError where none is."""
    found = is_(samples, "set", set_)
    if not found.any():
        raise unknown("set", set_, map(str, pc.unique(strings(samples, "set")).drop_null().to_pylist()))
    return found


def _keys(test: str, sort: str) -> tuple[str, ...]:
    """The measure that ranks, and the one that breaks its ties."""
    if sort == "reference":
        return ("probability",) if test == "label" else ("reference_recall", "reference_precision")
    return {"recall": ("recall", "precision"), "precision": ("precision", "recall")}.get(sort, (sort,))


def measure(samples: pa.Table, name: str) -> Floats:
    """(n,) values of a measure; NaN where it was not measured."""
    if name == "memorization":
        return memorization_confidence(numbers(samples, "target_confidence"), numbers(samples, "reference_confidence"))
    if name == "confidence":
        return numbers(samples, "target_confidence")
    if name == "probability":
        return numbers(samples, "reference_probability")
    if name == "margin":
        own, other, cast = label_votes(samples)
        margin: Floats = np.divide(own - other, cast, out=np.full(len(own), np.nan), where=cast > 0)
        return margin
    if name == "distance":
        return -numbers(samples, "min_distance")
    if name in ("recall", "precision", "correct"):
        gap: Floats = numbers(samples, f"target_{name}") - numbers(samples, f"reference_{name}")
        return gap
    return numbers(samples, name)


def label_votes(samples: pa.Table) -> tuple[Floats, Floats, Floats]:
    """(n,) votes of each sample's label, of the strongest other class, and of all classes, from `label` and `votes`."""
    lists = _one(samples["votes"])
    try:
        n, sample, entries = len(lists), np.asarray(pc.list_parent_indices(lists)), lists.flatten()
        counts, classes = np.asarray(entries.field("count"), np.float64), entries.field("class").cast(pa.string())
    except (pa.ArrowException, AttributeError, KeyError, TypeError):
        raise _odd(samples, "votes") from None
    labels = _one(strings(samples, "label")).take(pa.array(sample))
    own = np.asarray(pc.equal(classes, labels).fill_null(False))
    strongest_other = np.zeros(n)
    np.maximum.at(strongest_other, sample[~own], counts[~own])
    for_label, cast = (np.bincount(sample, some, n).astype(np.float64) for some in (counts * own, counts))
    return for_label, strongest_other, cast


def right(samples: pa.Table, column: str) -> NDArray[np.bool_]:
    """(n,) whether a column of class names holds the label."""
    return np.asarray(pc.equal(strings(samples, column), strings(samples, "label")).fill_null(False))


def numbers(samples: pa.Table, column: str) -> Floats:
    """(n,) a column as float64, NaN for null; AuditError where it holds something else."""
    values: Floats = np.asarray(_cast(samples, column, pa.float64()).fill_null(np.nan), np.float64)
    return values


def strings(samples: pa.Table, column: str) -> pa.ChunkedArray:
    """A column of names as plain strings; AuditError where it holds something else."""
    return _cast(samples, column, pa.string())


def clusters(samples: pa.Table) -> NDArray[np.int64] | None:
    """(n,) number of each sample's group, those without one on their own; None where there is no group at all."""
    group = strings(samples, "group")
    if group.null_count == len(group):
        return None
    codes = np.asarray(_one(group).dictionary_encode().indices.fill_null(-1), np.int64)
    alone = codes < 0
    codes[alone] = codes.max() + 1 + np.arange(alone.sum())
    return codes


def is_(samples: pa.Table, column: str, value: str) -> NDArray[np.bool_]:
    """(n,) whether a column of names holds one name."""
    return np.asarray(pc.equal(strings(samples, column), value).fill_null(False))


def _one(column: pa.ChunkedArray) -> Any:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def _cast(samples: pa.Table, column: str, kind: pa.DataType) -> pa.ChunkedArray:
    try:
        return samples[column].cast(kind)
    except pa.ArrowException:
        raise _odd(samples, column) from None


def _odd(samples: pa.Table, column: str) -> AuditError:
    return AuditError(
        f"the column {column!r} of samples.parquet is of type {samples[column].type}, which no audit writes; "
        "run the audit again"
    )
