"""Boxes as users write them: a column of lists, or of JSON text, of any length and of any quality."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.manifest import Manifest, on_one_line
from dejavu_audit.errors import AuditError, SetAside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Box

MALFORMED = "annotation is malformed"


def box_column(rows: Manifest) -> pa.ChunkedArray:
    """The column of boxes; AuditError for a type that holds none in any row."""
    column = rows.column("boxes")
    inner = column.type
    while pa.types.is_list(inner) or pa.types.is_large_list(inner) or pa.types.is_fixed_size_list(inner):
        inner = inner.value_type
    number = pa.types.is_floating(inner) or pa.types.is_integer(inner)
    listed = number and inner != column.type
    if not (listed or pa.types.is_string(inner) or pa.types.is_null(inner)):
        raise AuditError(
            f"the column 'boxes' of {rows.path} is of type {on_one_line(column.type)}; "
            "write a list of boxes a picture, each a list of four numbers, or the same as JSON text"
        )
    return column


def has_boxes(boxes: pa.ChunkedArray) -> NDArray[np.bool_]:
    """(rows,) where something is annotated; an empty list says as little as an empty place."""
    full = boxes.is_valid()
    if pa.types.is_string(boxes.type):
        full = pc.and_(full, pc.invert(pc.match_substring_regex(boxes, r"^\s*(\[\s*\]\s*|null\s*)?$").fill_null(True)))
    elif pa.types.is_list(boxes.type) or pa.types.is_large_list(boxes.type):
        full = pc.and_(full, pc.greater(pc.list_value_length(boxes), 0).fill_null(False))
    return np.asarray(full, dtype=np.bool_)


def parse_boxes(value: Any) -> tuple[Box, ...]:
    """A list of four numbers each, or JSON of it; SetAside for anything else."""
    try:
        listed = json.loads(value) if isinstance(value, str) else value
        if listed and isinstance(listed[0], (int, float)):  # one box, its brackets left out
            listed = [listed]
        return tuple(_box(box) for box in listed or ())
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
        raise SetAside(MALFORMED) from None


def _box(numbers: Any) -> Box:
    if isinstance(numbers, (str, dict)):
        raise TypeError("a box is a list of four numbers")
    x0, y0, x1, y1 = (math.nan if number is None else float(number) for number in numbers)
    return x0, y0, x1, y1
