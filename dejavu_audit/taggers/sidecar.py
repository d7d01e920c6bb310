"""Tags that somebody else found: a Parquet, CSV or JSONL file beside the data, with a picture's id and its objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.manifest import FORMATS, Manifest, is_file, on_one_line, read_manifest, user_path
from dejavu_audit.data.object_column import LISTS, read_names
from dejavu_audit.errors import AuditError

Texts: TypeAlias = Sequence[str] | pa.Array | pa.ChunkedArray

NAMES = ("id", "path")
TAGS = ("tags", "objects")


def is_sidecar(spec: str) -> bool:
    """Whether the name of a tagger means a file of tags: by its suffix, or since there is such a file."""
    if Path(spec).suffix.lower() in FORMATS:
        return True
    return "~" not in spec and is_file(Path(spec))


def read_tags(path: str | Path, ids: Texts, *, paths: Texts | None = None) -> pa.Array:
    """The tags of n pictures, (n,) list<string>, aligned with `ids`; null where the file names no such picture.

    The file has a column `id` (or `path`, which is looked up among `paths`, without them among `ids`) and a column
    `tags` or `objects`: lists of strings, in a CSV as JSON. Other pictures' rows are passed over. AuditError where the
    file cannot be read, lacks a column, names a picture twice, holds no lists, or knows none of the pictures.
    """
    found = read_manifest(user_path(path), {*NAMES, *TAGS})
    key = next((name for name in NAMES if found.has(name)), NAMES[0])
    wanted = _texts(ids if key == "id" or paths is None else paths)
    names = found.full(key) and found.text(key).combine_chunks()
    at = _places(names, wanted, key, found)
    known = np.flatnonzero(at >= 0)
    if not len(known):
        raise AuditError(
            f"{found.path} tags none of the {len(wanted):,} pictures: its {key} {names[0].as_py()!r} is unknown, the "
            f"pictures have {'such as ' + repr(wanted[0].as_py()) if len(wanted) else 'none'}"
        )
    lists = _lists(found)
    return lists.take(pa.array(np.where(at >= 0, at, 0), mask=at < 0))


def _texts(given: Texts) -> pa.Array:
    column = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else pa.array(given)
    return column.cast(pa.string())


def _places(names: pa.Array, wanted: pa.Array, key: str, found: Manifest) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Row of the file for every wanted picture; -1 where there is none."""
    counted = pc.value_counts(names)
    twice = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    if len(twice):
        raise AuditError(
            f"{found.path} has several rows with the {key} {twice[0].as_py()!r}; put a picture's tags into one"
        )
    return np.asarray(pc.index_in(wanted, value_set=names).fill_null(-1), np.int64)


def _lists(found: Manifest) -> pa.Array:
    """The column of tags as list<string>."""
    name = next((name for name in TAGS if found.has(name)), TAGS[0])
    column = found.column(name).combine_chunks()
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), LISTS)
    if pa.types.is_string(column.type):
        texts = column.to_pylist()
        return pa.array([_from_json(text, row, name, found) for row, text in enumerate(texts, 1)], LISTS)
    inner = column.type.value_type if hasattr(column.type, "value_type") else None
    if inner is None or not (pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_null(inner)):
        raise AuditError(
            f"the column {name!r} of {found.path} is of type {on_one_line(column.type)}; it must be lists of strings"
        )
    lists = column.cast(LISTS)
    if lists.flatten().null_count:
        raise AuditError(f"the column {name!r} of {found.path} has lists with empty places; drop these")
    return lists


def _from_json(text: str | None, row: int, name: str, found: Manifest) -> list[str] | None:
    if text is None:
        return None
    tags = read_names(text)
    if tags is None:
        raise AuditError(
            f"the column {name!r} of {found.path} has {on_one_line(text[:60])!r} in row {row:,}; "
            'write lists of strings, in a CSV as JSON: ["dog", "tree"]'
        )
    return tags
