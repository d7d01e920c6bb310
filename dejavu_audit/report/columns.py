"""Columns of samples.parquet that both tests have, and how lists are put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dejavu_audit.neighbors import Neighbors
    from dejavu_audit.scores.memorized import Memorized
    from dejavu_audit.types import Array, Rows

MEMORIZED = ("score", "p_value", "memorized")
"""The columns of the list of memorized samples."""


def shared_columns(chosen: pa.Table, sets: Sequence[str]) -> dict[str, pa.Array]:
    """The columns that name a sample, of n `chosen` rows of the data set's table."""
    return {
        "id": chosen["id"],
        "set": pa.array(list(sets), pa.string()).dictionary_encode(),
        "path": chosen["path"],
        "group": chosen["group"],
    }


def memorized_columns(found: Memorized | None, n: int) -> dict[str, pa.Array]:
    """The columns MEMORIZED of n samples, in the order of `found`; null where there is no score, p-value or verdict."""
    if found is None:
        return dict(
            zip(MEMORIZED, (pa.nulls(n, kind) for kind in (pa.float64(), pa.float64(), pa.bool_())), strict=True)
        )
    without = np.isnan(found.p_value)
    return {
        "score": pa.array(found.score, pa.float64(), mask=np.isnan(found.score)),
        "p_value": pa.array(found.p_value, pa.float64(), mask=without),
        "memorized": pa.array(found.listed, pa.bool_(), mask=without),
    }


def neighbor_lists(neighbors: Neighbors, ids: pa.Array) -> pa.Array:
    """A list a sample of the nearest public samples' ids and distances."""
    n, k = neighbors.indices.shape
    entries = pa.StructArray.from_arrays(
        [
            pa.DictionaryArray.from_arrays(pa.array(neighbors.indices.ravel(), pa.int32()), ids),
            pa.array(neighbors.distances.ravel(), pa.float32()),
        ],
        names=["id", "distance"],
    )
    return pa.ListArray.from_arrays(offsets(np.full(n, k)), entries)


def lists_of_members(members: Mapping[str, Mapping[str, pa.Array]]) -> pa.Array:
    """A list a sample with one entry a reference, from its columns (each (n,), of one type for all references)."""
    fields = list(next(iter(members.values())))
    n, m = len(next(iter(next(iter(members.values())).values()))), len(members)
    # Columns of m references one after the other, brought into the order of samples.
    order = pa.array(np.arange(n * m).reshape(m, n).T.ravel())
    names = pa.DictionaryArray.from_arrays(pa.array(np.tile(np.arange(m), n), pa.int32()), pa.array(list(members)))
    values = [
        pa.chunked_array([one[field] for one in members.values()]).combine_chunks().take(order) for field in fields
    ]
    entries = pa.StructArray.from_arrays([names, *values], names=["name", *fields])
    return pa.ListArray.from_arrays(offsets(np.full(n, m)), entries)


def offsets(lengths: Array) -> pa.Array:
    """Where each list begins and ends."""
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())


def with_design(samples: pa.Table, groups: Rows | None, weights: Array | None) -> pa.Table:
    """The table with `cluster` (null: a sample on its own) and, where samples are weighed, `weight`.

    `groups` (n,) clusters numbered from 0, `weights` (n,).
    """
    n = samples.num_rows
    alone = np.ones(n, bool) if groups is None else np.bincount(groups)[groups] == 1
    numbers = np.zeros(n, np.int32) if groups is None else groups
    samples = samples.append_column("cluster", pa.array(numbers, pa.int32(), mask=alone))
    return samples if weights is None else samples.append_column("weight", pa.array(weights, pa.float64()))
