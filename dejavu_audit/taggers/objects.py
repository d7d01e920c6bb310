"""From tags and their scores to objects: sparse matrices with a row a picture and a column an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from dejavu_audit.errors import unknown

if TYPE_CHECKING:
    from dejavu_audit.types import Array

BLOCK = 4_096
"""Rows of scores that are compared at once: they may lie in a file larger than the memory."""


def tag_matrix(scores: Array, threshold: float) -> sparse.csr_array:
    """(n, t) scores to (n, t) bool: which tags score above the threshold (a score equal to it does not)."""
    parts = [
        sparse.csr_array(np.asarray(scores[start : start + BLOCK]) > threshold)
        for start in range(0, max(1, len(scores)), BLOCK)
    ]
    return sparse.vstack(parts, format="csr") if len(parts) > 1 else parts[0]


def top_tags(scores: Array, k: int, threshold: float = 0.0) -> sparse.csr_array:
    """(n, t) scores to (n, t) bool: the k highest of each row that are above the threshold.

    Equal scores keep the lower column first. Raises ValueError unless k >= 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    n, t = scores.shape
    if k >= t:
        return tag_matrix(scores, threshold)
    parts = []
    for start in range(0, max(1, n), BLOCK):
        block = np.asarray(scores[start : start + BLOCK], np.float32)
        best = _highest(block, k)
        rows, places = np.nonzero(np.take_along_axis(block, best, axis=1) > threshold)
        filled = np.ones(len(rows), bool)
        parts.append(sparse.csr_array((filled, (rows, best[rows, places])), shape=(len(block), t)))
    return sparse.vstack(parts, format="csr") if len(parts) > 1 else parts[0]


def _highest(block: Array, k: int) -> Array:
    """(rows, k) columns of the k highest scores in [0, 1], in no order."""
    # The bits of floats that are not negative stand in the order of the floats. With the column below them every key
    # is another, so that a partition, which is faster than a sort, keeps the lower column of equal scores.
    keys = np.abs(block).view(np.uint32).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(block.shape[1] - 1, -1, -1, dtype=np.uint64)
    highest: Array = np.argpartition(keys, block.shape[1] - k, axis=1)[:, block.shape[1] - k :]
    return highest


def object_matrix(
    column: pa.Array | pa.ChunkedArray, vocabulary: Sequence[str] | None
) -> tuple[sparse.csr_array, list[str]]:
    """(n,) lists of objects to (n, o) bool and the names of the o columns: `vocabulary`, or the sorted names found.

    Case counts, white space around a name does not; a name twice in a list counts once; empty names and missing lists
    count as nothing. AuditError, with near matches, for an object outside a given vocabulary.
    """
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    names = pc.utf8_trim_whitespace(pc.list_flatten(lists).cast(pa.string()))
    parents = np.asarray(pc.list_parent_indices(lists), np.int64)
    there = np.asarray(pc.fill_null(pc.not_equal(names, ""), fill_value=False), bool)
    encoded = names.filter(pa.array(there)).dictionary_encode()
    known = encoded.dictionary.to_pylist()
    columns = sorted(known) if vocabulary is None else list(vocabulary)
    place = {name: number for number, name in enumerate(columns)}
    for name in known:
        if name not in place:
            raise unknown("object", name, columns)
    at = np.array([place[name] for name in known], np.int64)[np.asarray(encoded.indices, np.int64)]
    matrix = sparse.csr_array(
        (np.ones(len(at), np.int32), (parents[there], at)), shape=(len(lists), len(columns))
    )  # adds up what a list names twice
    return matrix.astype(bool), columns
