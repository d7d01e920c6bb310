"""From the rows of a manifest to a data set: whose columns they are, and where the pictures lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.box_column import box_column, has_boxes
from dejavu_audit.data.caption_column import as_text, caption_notes, captions_of
from dejavu_audit.data.embedded import holds_pictures
from dejavu_audit.data.labels import numbered
from dejavu_audit.data.manifest import Manifest, is_folder, read_manifests
from dejavu_audit.data.object_column import objects_of
from dejavu_audit.data.own_data import OwnData, no_labels
from dejavu_audit.data.sources import Files, InParquet
from dejavu_audit.errors import AuditError

COLUMNS = frozenset({"path", "image", "id", "label", "boxes", "caption", "objects", "set", "group"})


def read_rows(files: Sequence[Path]) -> Manifest:
    """The rows of one manifest, or of several of one format; pictures in Parquet stay in the file for now."""
    parquet = all(file.suffix.lower() == ".parquet" for file in files)
    return read_manifests(files, COLUMNS - {"image"} if parquet else COLUMNS)


def from_rows(
    name: str,
    rows: Manifest,
    base: Path,
    *,
    classes: list[str] | None = None,
    vocabulary: Sequence[str] | None = None,
    boxes_format: str = "xyxy",
    notes: tuple[str, ...] = (),
) -> OwnData:
    """The data set `name` of the rows, whose paths start at `base`; AuditError for a fault of the whole.

    Pictures have labels where there is a column `label`; there must be one where `classes` names them, or where no
    captions tell of the pictures either.
    """
    embedded = _is_embedded(rows)
    paths = rows.text("path") if embedded and rows.has("path") else None
    if not embedded:
        if not is_folder(base):
            raise AuditError(f"the pictures' root {base} is not a folder; say where they are with --root")
        rows.full("path")
        paths = rows.text("path")
        refuse_outside(paths, base, rows.path)
    size = rows.table.num_rows
    names: list[str] = []
    labels = no_labels(size)
    if classes is not None or rows.has("label") or not rows.has("caption"):
        labels, names = numbered(rows.full("label"), classes, rows.path, typed=rows.typed)
    ids = _ids(rows, paths)
    boxes = box_column(rows) if rows.has("boxes") else None
    columns = {
        "id": ids,
        "path": ids if paths is None or paths.null_count else paths,
        "label": labels,
        "boxed": pa.array(has_boxes(boxes) if boxes is not None else np.zeros(size, bool)),
        "set": _blank_is_null(rows, "set"),
        "group": _blank_is_null(rows, "group"),
    }
    if rows.has("caption"):
        captions, faults = captions_of(rows)
        columns["caption"] = as_text(captions)
        notes += caption_notes(faults)
    if rows.has("objects"):
        columns["objects"] = objects_of(rows, vocabulary)
    pictures = (
        InParquet([file for file, _ in rows.files], [count for _, count in rows.files])
        if embedded
        else Files(os.path.realpath(base), columns["path"])
    )
    return OwnData(name, base, names, pa.table(columns), pictures, boxes=boxes, boxes_format=boxes_format, notes=notes)


def _is_embedded(rows: Manifest) -> bool:
    if "image" not in rows.found:
        return False
    if rows.path.suffix.lower() == ".parquet" and all(holds_pictures(str(file)) for file, _ in rows.files):
        return True
    if "path" in rows.found:
        return False
    raise AuditError(
        f"the column 'image' of {rows.path} must hold encoded pictures as bytes, in a Parquet file; "
        "paths go into a column 'path'"
    )


def _ids(rows: Manifest, paths: pa.ChunkedArray | None) -> Any:
    """The ids: as given, else the paths, else row numbers, written so that they sort as the rows lie in the file."""
    if rows.has("id"):
        rows.full("id")
        return rows.text("id")
    if paths is not None and (rows.has("path") and "image" not in rows.found):
        return paths
    if paths is not None and not paths.null_count and twice_in(paths) is None:
        return paths
    size = rows.table.num_rows
    return pa.array([f"{number:0{len(str(size - 1))}d}" for number in range(size)], pa.string())


def twice_in(column: pa.ChunkedArray) -> str | None:
    """A value that stands in the column more than once."""
    if pc.count_distinct(column).as_py() == len(column):
        return None
    counts = pc.value_counts(column)
    name: str = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"].as_py()
    return name


def _blank_is_null(rows: Manifest, name: str) -> Any:
    if not rows.has(name):
        return pa.nulls(rows.table.num_rows, pa.string())
    column = rows.text(name)
    return pc.if_else(pc.equal(column, ""), None, column)


def refuse_outside(paths: pa.ChunkedArray, root: Path, manifest: Path) -> None:
    """Paths are data: none may point out of the root. Links are looked at when a picture is opened."""
    base = os.path.abspath(root)  # noqa: PTH100
    inner = os.path.join(base, "")  # noqa: PTH118
    absolute = pc.filter(paths, pc.match_substring_regex(paths, r"^([/\\]|[A-Za-z]:[/\\])")).to_pylist()
    turning = pc.filter(paths, pc.match_substring_regex(paths, r"(^|[/\\])\.\.([/\\]|$)")).to_pylist()
    outside = [
        path
        for path in absolute + turning
        if not os.path.normpath(os.path.join(inner, path.replace("\\", "/"))).startswith(inner)  # noqa: PTH118
    ]
    if absolute and not outside:
        raise AuditError(
            f"{manifest} has {len(absolute):,} absolute paths, the first is {absolute[0]!r}; "
            f"write them relative to {base}"
        )
    if outside:
        raise AuditError(
            f"{manifest} has {len(outside):,} paths that leave the root, the first is {outside[0]!r}; "
            f"the root is {base}: say with root = … in the description, or --root, if all pictures lie elsewhere"
        )
