"""JSONL read line by line, where arrow's reader gave up or guessed wrong: slower, but it names the line of a fault."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from dejavu_audit.errors import AuditError


def read_line_by_line(path: Path) -> pa.Table:
    """A column for every key; AuditError, with the line, for what is no JSON object or mixes types in a column.

    The column `boxes` comes as JSON text: a row whose boxes are no boxes sets its picture aside, not the run.
    """
    rows: list[dict[str, object]] = []
    lines: list[int] = []
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise AuditError(f"line {number:,} of {path} is not JSON: {error}") from None
            if not isinstance(row, dict):
                raise AuditError(f"line {number:,} of {path} is not a JSON object")
            rows.append(row)
            lines.append(number)
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: _column(name, [row.get(name) for row in rows], lines, path) for name in names})


def _column(name: str, values: list[object], lines: list[int], path: Path) -> pa.Array:
    if name == "boxes":
        return pa.array([None if value is None else json.dumps(value) for value in values], pa.string())
    if name in {"caption", "objects"} and any(isinstance(value, list) for value in values):
        values = [[value] if isinstance(value, str) else value for value in values]
    full = [(line, value) for line, value in zip(lines, values, strict=True) if value is not None]
    other = next(((line, value) for line, value in full if type(value) is not type(full[0][1])), None)
    if other is not None:
        raise AuditError(
            f"the column {name!r} of {path} mixes types: {full[0][1]!r} in line {full[0][0]:,}, "
            f"{other[1]!r} in line {other[0]:,}; write all as one type"
        )
    try:
        return pa.array(values)
    except UnicodeEncodeError:  # JSON can spell half a character, "\\ud800"
        line = next(line for line, value in full if not _is_text(str(value)))
        raise AuditError(f"the column {name!r} of {path} holds what is no text, in line {line:,}") from None
    except (pa.ArrowException, OverflowError) as error:
        raise AuditError(f"the column {name!r} of {path} cannot be read: {str(error).splitlines()[0]}") from None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
