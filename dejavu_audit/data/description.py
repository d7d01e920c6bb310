"""Own data without code: a TOML file that says where the pictures are and what is known of each."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dejavu_audit.data.box_column import box_column, has_boxes
from dejavu_audit.data.embedded import holds_pictures
from dejavu_audit.data.folders import pictures_by_class
from dejavu_audit.data.labels import numbered
from dejavu_audit.data.manifest import Manifest, is_file, is_folder, read_manifest, user_path
from dejavu_audit.data.own_data import OwnData
from dejavu_audit.errors import AuditError, unknown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COLUMNS = frozenset({"path", "image", "id", "label", "boxes", "caption", "objects", "set", "group"})


class Description(BaseModel):
    """The keys of the file; every path in it is relative to the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(min_length=1)
    manifest: str | None = None
    """Parquet, CSV or JSONL, a row a picture."""
    folder: str | None = None
    """Or a folder of pictures, one subfolder a class."""
    root: str | None = None
    """Where the manifest's paths start; the manifest's own folder without it."""
    boxes: str | None = None
    """For a folder: a manifest of path and boxes."""
    boxes_format: Literal["xyxy", "xywh", "xyxy-normalized", "xywh-normalized"] = "xyxy"
    classes: list[str] | str | None = None
    """Names of the classes, in the order of the numbers; or a text file with one a line, or a JSON list."""
    description: str | None = None


def read_description(path: Path) -> Description:
    """The keys of a description; AuditError where the file is missing, no TOML, or says something unknown."""
    if path.suffix.lower() in {".parquet", ".csv", ".jsonl"}:
        raise AuditError(
            f"--data {path} is a manifest; write a file {path.stem}.toml with the two lines "
            f'name = "{path.stem}" and manifest = "{path.name}", and pass that'
        )
    if not is_file(path):
        raise AuditError(f"there is no dataset description {path}; give the path of a .toml file")
    try:
        keys = tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError, OSError) as error:
        raise AuditError(f"{path} cannot be read as TOML: {error}") from None
    for key in keys:
        if key not in Description.model_fields:
            raise unknown("key", key, Description.model_fields, hint=f"(in {path})")
    try:
        told = Description(**keys)
    except ValidationError as error:
        first = error.errors()[0]
        missing = first["type"] == "missing"
        fault = "is missing" if missing else f"{first['msg'][0].lower()}{first['msg'][1:]} (given: {first['input']!r})"
        raise AuditError(f"{path}: {first['loc'][0]} {'' if missing else '- '}{fault}") from None
    if not told.name.strip() or not told.name.isprintable():
        raise AuditError(f"{path}: name is {told.name!r}; write a word that names the data")
    if told.classes is not None and not told.classes:
        raise AuditError(f"{path}: classes is empty; list the names, or leave it out")
    if (told.manifest is None) == (told.folder is None):
        raise AuditError(f'{path} must name either a manifest or a folder, as in manifest = "images.parquet"')
    if told.manifest is not None and told.boxes is not None:
        raise AuditError(f"{path}: boxes = … goes with a folder; a manifest has its own column 'boxes'")
    if told.folder is not None and told.root is not None:
        raise AuditError(f"{path}: root = … goes with a manifest; a folder is its own root")
    return told


def load(path: Path, root: str | None, told: Description | None = None) -> OwnData:
    """The data set that a description describes; `root` says elsewhere where the pictures are.

    Nothing but the manifest, or the listing of the folder, is read; pictures and boxes are looked at when asked for.
    AuditError for a fault of the whole; a fault of one row sets its picture aside later on.
    """
    told = told or read_description(path)
    if told.manifest is not None:
        return _from_manifest(told, path.parent, root)
    return _from_folder(told, path.parent, root)


def _from_manifest(told: Description, here: Path, root: str | None) -> OwnData:
    file = here / str(told.manifest)
    # The pictures themselves stay in the file until they are asked for.
    rows = read_manifest(file, COLUMNS - {"image"} if file.suffix.lower() == ".parquet" else COLUMNS)
    embedded = _is_embedded(rows)
    base = user_path(root or (here / told.root if told.root else file.parent))
    paths = rows.text("path") if embedded and rows.has("path") else None
    if not embedded:
        if not is_folder(base):
            raise AuditError(f"the pictures' root {base} is not a folder; say where they are with --root")
        rows.full("path")
        paths = rows.text("path")
        _refuse_outside(paths, base, rows.path)
    labels, classes = numbered(rows.full("label"), _class_names(told, here), file, typed=rows.typed)
    ids = _ids(rows, paths)
    boxes = box_column(rows) if rows.has("boxes") else None
    size = rows.table.num_rows
    columns = {
        "id": ids,
        "path": ids if paths is None or paths.null_count else paths,
        "label": labels,
        "boxed": pa.array(has_boxes(boxes) if boxes is not None else np.zeros(size, bool)),
        "set": _blank_is_null(rows, "set"),
        "group": _blank_is_null(rows, "group"),
        **{name: rows.table[name] for name in ("caption", "objects") if rows.has(name)},
    }
    where = file if embedded else None
    table = pa.table(columns)
    return OwnData(
        told.name,
        base,
        classes,
        table,
        boxes=boxes,
        boxes_format=told.boxes_format,
        embedded=where,
        notes=_notes(told),
    )


def _from_folder(told: Description, here: Path, root: str | None) -> OwnData:
    folder = user_path(root or here / str(told.folder))
    files, notes = pictures_by_class(folder)
    names = pc.list_element(pc.split_pattern(files, "/", max_splits=1), 0)
    labels, classes = numbered(pa.chunked_array([names]), _class_names(told, here), folder, typed=True)
    boxes = None
    if told.boxes is not None:
        boxes, strangers = _boxes_of(files, read_manifest(here / told.boxes, {"path", "boxes"}), folder)
        notes += strangers
    empty = pa.nulls(len(files), pa.string())
    table = pa.table(
        {
            "id": files,
            "path": files,
            "label": labels,
            "boxed": pa.array(has_boxes(boxes) if boxes is not None else np.zeros(len(files), bool)),
            "set": empty,
            "group": empty,
        }
    )
    # What is listed lies in the folder, even where a user linked it from elsewhere.
    return OwnData(
        told.name,
        folder,
        classes,
        table,
        boxes=boxes,
        boxes_format=told.boxes_format,
        links=True,
        notes=(*_notes(told), *notes),
    )


def _notes(told: Description) -> tuple[str, ...]:
    return (" ".join(told.description.split()),) if told.description else ()


def _boxes_of(files: pa.Array, rows: Manifest, folder: Path) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """The boxes of each file, and a note on those of other files; AuditError if they are of other files altogether."""
    rows.full("path")
    paths, boxes = rows.text("path"), box_column(rows)
    twice = _twice(paths)
    if twice is not None:
        raise AuditError(
            f"{rows.path} has two rows for {twice!r}; write all boxes of a picture into one row, as a list"
        )
    strange = pc.invert(pc.is_in(paths, value_set=files))
    strangers = int(pc.sum(strange).as_py())
    first = pc.filter(paths, strange)[0].as_py() if strangers else ""
    if strangers == len(paths):
        raise AuditError(
            f"{rows.path} has boxes for none of the pictures in {folder}: {first!r}, for one, is not there; "
            f"paths start within the folder, as in {files[0].as_py()!r}"
        )
    note = f"{rows.path} has boxes for {strangers:,} pictures that are not in {folder}, {first!r} for one"
    return boxes.take(pc.index_in(files, value_set=paths.combine_chunks())), (note,) if strangers else ()


def _class_names(told: Description, here: Path) -> list[str] | None:
    if not isinstance(told.classes, str):
        names = told.classes
    else:
        file = here / told.classes
        try:
            text = file.read_text("utf-8-sig")
            is_json = file.suffix.lower() == ".json"
            names = json.loads(text) if is_json else [line.strip() for line in text.splitlines() if line.strip()]
        except (OSError, ValueError, RecursionError) as error:
            raise AuditError(f"the class names in {file} cannot be read: {error}") from None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise AuditError(f"{file} must hold a JSON list of class names, or a name a line in a .txt file")
    if names is not None and len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise AuditError(f"the classes of {told.name} have the name {twice!r} twice; name them apart")
    return names


def _is_embedded(rows: Manifest) -> bool:
    if "image" not in rows.found:
        return False
    if rows.path.suffix.lower() == ".parquet" and holds_pictures(str(rows.path)):
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
    if paths is not None and not paths.null_count and _twice(paths) is None:
        return paths
    size = rows.table.num_rows
    return pa.array([f"{number:0{len(str(size - 1))}d}" for number in range(size)], pa.string())


def _twice(column: pa.ChunkedArray) -> str | None:
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


def _refuse_outside(paths: pa.ChunkedArray, root: Path, manifest: Path) -> None:
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
