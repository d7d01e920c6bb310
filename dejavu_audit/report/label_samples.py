"""samples.parquet of the label test: one row a judged sample, from which every headline number can be recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit.report.columns import lists_of_members, memorized_columns, neighbor_lists, offsets, shared_columns
from dejavu_audit.scores.confidence import memorization_confidence
from dejavu_audit.scores.label_test import PARTS, part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dejavu_audit.inference.reference import Expected
    from dejavu_audit.neighbors import Neighbors
    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.scores.votes import Votes
    from dejavu_audit.types import Array, Rows


def label_columns(
    *,
    table: pa.Table,
    classes: Sequence[str],
    rows: Rows,
    sets: Sequence[str],
    folds: Array,
    crops: Array,
    votes: Votes,
    neighbors: Neighbors,
    public: Rows,
    expected: Expected,
    members: Mapping[str, Expected],
    memorized: Memorized | None = None,
) -> pa.Table:
    """Assemble the table; the columns are those of product.md.

    Args:
        table: the data set's table; `rows` (n,) and `public` (p,) are row numbers in it.
        classes: unique class names.
        rows: the judged samples.
        sets: (n,) "target" or "control".
        folds: (n,) which fold's estimator judged the sample.
        crops: (n, 4) x, y, w, h of the background crop.
        votes: of the n samples.
        neighbors: of the n samples; its indices point into `public`.
        public: rows of the public pictures.
        expected: the reference's answers.
        members: every reference's own, where there are several.
        memorized: which samples are listed, in the order of `rows`; None: no list was made.

    """
    chosen = table.take(pa.array(rows))
    labels = np.asarray(chosen["label"])
    names = pa.array(list(classes), pa.string())
    parts = part(votes.top1 == labels, expected.top1 == labels)
    surplus = memorization_confidence(votes.confidence, expected.confidence)
    not_memorized = parts != PARTS.index("memorized")
    crop = pa.StructArray.from_arrays([pa.array(crops[:, i], pa.int32()) for i in range(4)], names=["x", "y", "w", "h"])
    return pa.table(
        {
            **shared_columns(chosen, sets),
            "fold": pa.array(folds, pa.int8()),
            "label": _named(labels, names),
            "crop": crop,
            "target_top1": _named(votes.top1, names),
            "target_top5": _named_lists(votes.top5, names),
            "target_confidence": pa.array(votes.confidence, pa.float64()),
            "target_tied": pa.array(votes.tied, pa.bool_()),
            "votes": _vote_lists(votes, names),
            "neighbors": neighbor_lists(neighbors, table["id"].take(pa.array(public)).combine_chunks()),
            "reference_top1": _named(expected.top1, names),
            "reference_top5": _named_lists(expected.top5, names),
            "reference_confidence": pa.array(expected.confidence, pa.float64()),
            "reference_probability": pa.array(expected.probability, pa.float64()),
            "part": _named(parts, pa.array(PARTS)),
            "memorization_confidence": pa.array(surplus, pa.float64(), mask=not_memorized),
            **memorized_columns(memorized, len(rows)),
            **({"references": _opinions(members, labels, names)} if len(members) > 1 else {}),
        }
    )


def _opinions(members: Mapping[str, Expected], labels: Array, names: pa.Array) -> pa.Array:
    """A list a sample of what each reference says."""
    return lists_of_members(
        {
            name: {
                "right": pa.array(one.top1 == labels),
                "top1": _named(one.top1, names),
                "probability": pa.array(one.probability, pa.float64()),
            }
            for name, one in members.items()
        }
    )


def _named(classes: Array, names: pa.Array) -> pa.Array:
    """Class numbers to names, null for -1."""
    return pa.DictionaryArray.from_arrays(pa.array(classes, pa.int32(), mask=np.asarray(classes) < 0), names)


def _named_lists(classes: Array, names: pa.Array) -> pa.Array:
    """(n, 5) class numbers, -1 where there are fewer, to lists of names."""
    there = classes >= 0
    return pa.ListArray.from_arrays(offsets(there.sum(axis=1)), names.take(pa.array(classes[there])))


def _vote_lists(votes: Votes, names: pa.Array) -> pa.Array:
    entries = pa.StructArray.from_arrays(
        [_named(votes.classes, names), pa.array(votes.counts, pa.int32())], names=["class", "count"]
    )
    return pa.ListArray.from_arrays(pa.array(votes.indptr, pa.int32()), entries)
