"""samples.parquet of the object test: one row a judged sample, from which every headline number can be recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit.neighbors import Neighbors
from dejavu_audit.report.columns import lists_of_members, memorized_columns, neighbor_lists, offsets, shared_columns
from dejavu_audit.scores.judged_objects import object_part
from dejavu_audit.scores.label_test import PARTS
from dejavu_audit.scores.strongest import best_f1, strongest_objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scipy import sparse

    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.scores.objects import PerSample
    from dejavu_audit.types import Rows


def object_columns(
    *,
    table: pa.Table,
    rows: Rows,
    sets: Sequence[str],
    vocabulary: Sequence[str],
    truth: sparse.csr_array,
    neighbors: Neighbors,
    k: int,
    public: Rows,
    predicted: sparse.csr_array,
    target: PerSample,
    members: Mapping[str, tuple[sparse.csr_array, PerSample]],
    memorized: Memorized | None = None,
) -> pa.Table:
    """Assemble the table; the columns are those of product.md.

    Args:
        table: the data set's table; `rows` (n,) and `public` (p,) are row numbers in it.
        rows: the judged samples.
        sets: (n,) "target" or "control".
        vocabulary: names of the o objects.
        truth: (n, o) what is on the pictures.
        neighbors: of the n captions; its indices point into `public`. The first `k` are kept.
        k: neighbours that predicted.
        public: rows of the public samples.
        predicted: (n, o) what the audited model's neighbours say.
        target: how right that is.
        members: the same of every reference.
        memorized: which samples are listed, in the order of `rows`; None: no list was made.

    """
    chosen = table.take(pa.array(rows))
    names = pa.array(list(vocabulary), pa.string())
    reference = strongest_objects([of for _, of in members.values()])
    kept = Neighbors(neighbors.indices[:, :k], neighbors.distances[:, :k])
    opinions = {name: {key: pa.array(getattr(of, key)) for key in _MEASURES} for name, (_, of) in members.items()}
    return pa.table(
        {
            **shared_columns(chosen, sets),
            "caption": chosen["caption"],
            "objects": _lists(truth, names),
            "target_objects": _lists(predicted, names),
            **{f"target_{key}": pa.array(getattr(target, key)) for key in (*_MEASURES, "correct")},
            "reference_objects": _lists(_told(members), names),
            **{f"reference_{key}": pa.array(getattr(reference, key)) for key in (*_MEASURES, "correct")},
            "part": pa.DictionaryArray.from_arrays(
                pa.array(object_part(target, reference), pa.int32()), pa.array(PARTS)
            ),
            **memorized_columns(memorized, len(rows)),
            "min_distance": pa.array(neighbors.distances[:, 0], pa.float32()),
            "neighbors": neighbor_lists(kept, table["id"].take(pa.array(public)).combine_chunks()),
            **({"references": lists_of_members(opinions)} if len(members) > 1 else {}),
        }
    )


_MEASURES = ("precision", "recall", "f1")


def _told(members: Mapping[str, tuple[sparse.csr_array, PerSample]]) -> sparse.csr_array:
    """(n, o) what the reference says; of several, sample by sample the one with the best F1, the first among equals."""
    from scipy import sparse

    stacked = sparse.vstack([said for said, _ in members.values()], format="csr")
    best = best_f1([of for _, of in members.values()])
    n = len(best)
    told: sparse.csr_array = stacked[best * n + np.arange(n)]
    return told


def _lists(matrix: sparse.csr_array, names: pa.Array) -> pa.Array:
    """The objects of every row, in the order of the vocabulary."""
    matrix = matrix.sorted_indices()
    return pa.ListArray.from_arrays(offsets(np.diff(matrix.indptr)), names.take(pa.array(matrix.indices)))
