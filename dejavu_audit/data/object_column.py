"""Objects as users write them: a list of names a picture, or JSON text of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.manifest import Manifest, on_one_line
from dejavu_audit.errors import AuditError, unknown

LISTS = pa.list_(pa.string())


def objects_of(rows: Manifest, vocabulary: Sequence[str] | None) -> pa.ChunkedArray:
    """The column `objects` of a manifest as list<string>, null where nothing is annotated.

    AuditError for what holds no lists of text, for an empty place within a list, and, with near matches, for an object
    outside the vocabulary, if there is one. White space around a name does not count.
    """
    column, fault = rows.column("objects"), f"the column 'objects' of {rows.path}"
    if pa.types.is_string(column.type):
        lists = [_from_json(text, row, fault) for row, text in enumerate(column.to_pylist(), 1)]
        column = pa.chunked_array([pa.array(lists, LISTS)])
    kind = column.type
    inner = getattr(kind, "value_type", None) if not pa.types.is_dictionary(kind) else None
    text = inner is not None and (pa.types.is_null(inner) or "string" in str(inner))
    if not text and not pa.types.is_null(kind):
        raise AuditError(f"{fault} is of type {on_one_line(kind)}; write a list of names a picture, in a CSV as JSON")
    try:
        column = column.cast(LISTS)
    except pa.ArrowException:
        raise AuditError(f"{fault} cannot be read as lists of names; write a list of names a picture") from None
    if pc.list_flatten(column).null_count:
        raise AuditError(f"{fault} has lists with empty places; drop these")
    refuse_strangers(column, vocabulary, str(rows.path))
    return column


def _from_json(text: str | None, row: int, fault: str) -> list[str] | None:
    if text is None or not text.strip():
        return None
    names = read_names(text)
    if names is None:
        raise AuditError(
            f"{fault} has {on_one_line(text[:60])!r} in row {row:,}; "
            'write a list of names, in a CSV as JSON: ["dog", "tree"]'
        )
    return names


def read_names(text: str) -> list[str] | None:
    """The names in a JSON list of text; None if it is no such list."""
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None


def refuse_strangers(lists: pa.ChunkedArray, vocabulary: Sequence[str] | None, where: str) -> None:
    """AuditError for the first of the objects that is not in the vocabulary."""
    if vocabulary is None:
        return
    names = pc.unique(pc.utf8_trim_whitespace(pc.list_flatten(lists)))
    strange = names.filter(pc.invert(pc.is_in(names, value_set=pa.array(vocabulary, pa.string()))))
    strange = strange.filter(pc.not_equal(strange, ""))
    if len(strange):
        raise unknown("object", strange[0].as_py(), vocabulary, hint=f"(in {where})")
