"""Tables that users write: Parquet, CSV or JSONL, read into arrow columns; a fault is one sentence with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.json as pajson
import pyarrow.parquet as pq

from dejavu_audit.errors import AuditError

FORMATS = (".parquet", ".csv", ".jsonl")


def read_table(path: Path, *, without: Iterable[str] = ()) -> pa.Table:
    """The table in `path`, its format told by the suffix, less the columns `without`; AuditError if it cannot be read.

    A CSV is read as text throughout: what looks like a number may be an id with leading zeros.
    """
    if not path.is_file():
        raise AuditError(f"there is no file {path}; name a {', '.join(FORMATS)} file")
    try:
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path)
            left_out = set(without)
            names = [name for name in file.schema_arrow.names if name not in left_out]
            return file.read(columns=names)
        if path.suffix == ".csv":
            names = _header(path)
            text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True)
            return csv.read_csv(path, convert_options=text, parse_options=csv.ParseOptions(newlines_in_values=True))
        if path.suffix == ".jsonl":
            return _read_jsonl(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise AuditError(f"{path} cannot be read as {path.suffix[1:]}: {first}") from None
    raise AuditError(f"{path} is of no known format; write it as {', '.join(FORMATS)}")


def columns_of(path: Path) -> list[str]:
    """The column names of a Parquet file, nothing else read."""
    return list(pq.ParquetFile(path).schema_arrow.names)


def require(table: pa.Table, path: Path, *alternatives: str) -> str:
    """The first of the `alternatives` that is a column of the table; AuditError that says what was found instead."""
    for name in alternatives:
        if name in table.column_names:
            return name
    wanted = " or ".join(repr(name) for name in alternatives)
    raise AuditError(f"{path} has no column {wanted}; found: {', '.join(table.column_names) or 'none'}")


def _header(path: Path) -> list[str]:
    with csv.open_csv(path) as reader:
        return list(reader.schema.names)


def _read_jsonl(path: Path) -> pa.Table:
    try:
        return pajson.read_json(path)
    except pa.ArrowInvalid:
        pass
    # Arrow stops at the block of the fault: a second, slow look finds the line, and rows of ragged or mixed columns.
    rows = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise AuditError(f"line {number:,} of {path} is not JSON: {error}") from None
            if not isinstance(row, dict):
                raise AuditError(f"line {number:,} of {path} is not a JSON object")
            rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _column(name, [row.get(name) for row in rows], path) for name in names})


def _column(name: str, values: list[object], path: Path) -> pa.Array:
    """A column of one type; boxes, whose faults set one picture aside, as JSON text where they are ragged."""
    if name == "boxes":
        return pa.array([None if value is None else json.dumps(value) for value in values], pa.string())
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1:
        first = next(value for value in values if value is not None)
        place, other = next((i, v) for i, v in enumerate(values, 1) if v is not None and type(v) is not type(first))
        raise AuditError(
            f"the column {name!r} of {path} mixes types: {first!r} first, {other!r} in row {place:,}; "
            "write all as one type"
        )
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise AuditError(f"the column {name!r} of {path} cannot be read: {str(error).splitlines()[0]}") from None
