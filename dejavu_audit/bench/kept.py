"""A study's table as a CSV file: what is read back is what was written, to six digits."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from dejavu_audit.bench.study import Cell
from dejavu_audit.errors import AuditError
from dejavu_audit.report.whole import write_whole


def write_table(rows: Sequence[Mapping[str, Cell]], file: Path) -> None:
    """One line a row; an empty cell was not measured."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    if rows:
        table.writerow(rows[0])
        table.writerows([_text(cell) for cell in row.values()] for row in rows)
    write_whole(file, lambda path: path.write_text(text.getvalue(), "utf-8"))


def read_table(file: Path) -> list[dict[str, Cell]]:
    """What `write_table` left; AuditError where it cannot be read."""
    try:
        with file.open(encoding="utf-8", newline="") as source:
            return [{name: _cell(cell) for name, cell in row.items()} for row in csv.DictReader(source)]
    except OSError as error:
        raise AuditError(f"{file} cannot be read: {error.strerror}; run its study again") from error


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        # repr of the rounded number keeps a point or an exponent, so that a whole float stays one.
        return repr(float(f"{cell:.6g}"))
    return str(cell)


def _cell(text: str) -> Cell:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None
