"""Captions as users write them: text or lists of text, some of it blank, broken or endless."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.manifest import Manifest, on_one_line
from dejavu_audit.data.object_column import LISTS, read_names
from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 10_000
"""Characters of a caption; what is longer is a web page, not a caption."""
NOT_UTF8 = "are not UTF-8"
TOO_LONG = f"are longer than {LONGEST:,} characters"


def caption_notes(faults: Mapping[str, int]) -> tuple[str, ...]:
    """A sentence a fault: how many captions are taken as missing, and why."""
    return tuple(f"{count:,} captions {fault}: they are taken as missing" for fault, count in faults.items() if count)


def captions_of(rows: Manifest) -> tuple[pa.ChunkedArray, Counter[str]]:
    """The column `caption` of a manifest, cleaned as `clean_captions` says; in a CSV a JSON list means several."""
    column = rows.column("caption")
    if not rows.typed:
        column = _lists_in_text(column)
    try:
        return clean_captions(column)
    except pa.ArrowException:
        raise AuditError(
            f"the column 'caption' of {rows.path} is of type {on_one_line(column.type)}; write a string, or a list of "
            "strings where a picture has several"
        ) from None


def clean_captions(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Counter[str]]:
    """Captions without surrounding space, null where there is none; and how many were dropped, by fault.

    Takes (n,) text, bytes, or lists of either, and gives string or list<string>. What is blank, not UTF-8 or longer
    than `LONGEST` characters is dropped; a list that is left empty becomes null. ArrowException for any other type.
    """
    faults: Counter[str] = Counter()
    if not _is_list(column.type):
        return pa.chunked_array([_clean(chunk, faults) for chunk in column.chunks], pa.string()), faults
    return pa.chunked_array([_clean_lists(chunk, faults) for chunk in column.chunks], LISTS), faults


def _clean(values: pa.Array, faults: Counter[str]) -> pa.Array:
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        try:  # a Parquet file may claim to be text what is none
            values.validate(full=True)
        except pa.ArrowInvalid:
            values = values.view(pa.large_binary() if pa.types.is_large_string(kind) else pa.binary())
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        values = _decoded(values, faults)
    elif not pa.types.is_null(kind) and not _is_text(kind):
        raise pa.ArrowInvalid(f"captions of type {kind}")
    text = pc.utf8_trim_whitespace(values.cast(pa.string()))
    long = pc.greater(pc.utf8_length(text), LONGEST)
    faults[TOO_LONG] += pc.sum(long).as_py() or 0
    return pc.if_else(pc.or_(long, pc.equal(text, "")), pa.scalar(None, pa.string()), text)


def _decoded(values: pa.Array, faults: Counter[str]) -> pa.Array:
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:  # slower, but it tells the good from the bad
        texts = [None if value is None else _text(value) for value in values.to_pylist()]
        decoded = pa.array(texts, pa.string())
        faults[NOT_UTF8] += decoded.null_count - values.null_count
        return decoded


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _clean_lists(lists: pa.Array, faults: Counter[str]) -> pa.Array:
    if not pa.types.is_list(lists.type):
        lists = lists.cast(pa.list_(lists.type.value_type))
    values = lists.flatten()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    clean = _clean(values, faults)
    parents = np.repeat(np.arange(len(lists)), np.asarray(pc.list_value_length(lists).fill_null(0)))
    counts = np.bincount(parents[np.asarray(clean.is_valid())], minlength=len(lists))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), clean.drop_null(), mask=pa.array(counts == 0))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of cleaned captions as plain text, if no list has more than one; else as it is."""
    if not _is_list(column.type) or (pc.max(pc.list_value_length(column)).as_py() or 0) > 1:
        return column
    counts = np.asarray(pc.list_value_length(column).fill_null(0))
    texts = pc.list_flatten(column)
    return pa.chunked_array([texts.take(pa.array(np.cumsum(counts) - 1, mask=counts == 0)).combine_chunks()])


def _lists_in_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text, or lists where one of the texts is a JSON list of strings."""
    if not pa.types.is_string(column.type):
        return column
    opens = np.flatnonzero(np.asarray(pc.starts_with(pc.utf8_ltrim_whitespace(column), "[").fill_null(False)))
    read = {row: read_names(column[row].as_py()) for row in opens.tolist()}
    lists = {row: names for row, names in read.items() if names is not None}  # a caption may begin with a bracket
    if not lists:
        return column
    texts = enumerate(column.to_pylist())
    return pa.chunked_array([pa.array([lists.get(row, text and [text]) for row, text in texts], LISTS)])


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view")
