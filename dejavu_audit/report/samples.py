"""samples.parquet: one row a target or control sample, from which every headline number can be recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit.scores.confidence import memorization_confidence
from dejavu_audit.scores.label_test import PARTS, part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dejavu_audit.neighbors import Neighbors
    from dejavu_audit.reference import Expected
    from dejavu_audit.scores.votes import Votes
    from dejavu_audit.types import Array, Rows


def sample_table(
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
        expected: the baseline's answers.

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
            "id": chosen["id"],
            "set": pa.array(list(sets), pa.string()).dictionary_encode(),
            "fold": pa.array(folds, pa.int8()),
            "path": chosen["path"],
            "group": chosen["group"],
            "label": _named(labels, names),
            "crop": crop,
            "target_top1": _named(votes.top1, names),
            "target_top5": _named_lists(votes.top5, names),
            "target_confidence": pa.array(votes.confidence, pa.float64()),
            "target_tied": pa.array(votes.tied, pa.bool_()),
            "votes": _vote_lists(votes, names),
            "neighbors": _neighbor_lists(neighbors, table["id"].take(pa.array(public)).combine_chunks()),
            "reference_top1": _named(expected.top1, names),
            "reference_top5": _named_lists(expected.top5, names),
            "reference_confidence": pa.array(expected.confidence, pa.float64()),
            "reference_probability": pa.array(expected.probability, pa.float64()),
            "part": _named(parts, pa.array(PARTS)),
            "memorization_confidence": pa.array(surplus, pa.float64(), mask=not_memorized),
        }
    )


def _named(classes: Array, names: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(classes, pa.int32()), names)


def _named_lists(classes: Array, names: pa.Array) -> pa.Array:
    """(n, 5) class numbers, -1 where there are fewer, to lists of names."""
    there = classes >= 0
    return pa.ListArray.from_arrays(_offsets(there.sum(axis=1)), names.take(pa.array(classes[there])))


def _vote_lists(votes: Votes, names: pa.Array) -> pa.Array:
    entries = pa.StructArray.from_arrays(
        [_named(votes.classes, names), pa.array(votes.counts, pa.int32())], names=["class", "count"]
    )
    return pa.ListArray.from_arrays(pa.array(votes.indptr, pa.int32()), entries)


def _neighbor_lists(neighbors: Neighbors, ids: pa.Array) -> pa.Array:
    n, k = neighbors.indices.shape
    entries = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(neighbors.indices.ravel(), pa.int32()), ids),
            pa.array(neighbors.distances.ravel(), pa.float32()),
        ],
        names=["id", "distance"],
    )
    return pa.ListArray.from_arrays(_offsets(np.full(n, k)), entries)


def _offsets(lengths: Array) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
