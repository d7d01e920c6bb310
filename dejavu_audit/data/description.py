"""Own data without code: a TOML file that says where the pictures are and what is known of each."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dejavu_audit.data.box_column import box_column, has_boxes
from dejavu_audit.data.folders import pictures_by_class
from dejavu_audit.data.labels import numbered
from dejavu_audit.data.manifest import Manifest, is_file, read_manifest, user_path
from dejavu_audit.data.names import OBJECTS, names_from
from dejavu_audit.data.own_data import OwnData, with_source
from dejavu_audit.data.rows import from_rows, read_rows, twice_in
from dejavu_audit.data.sources import Files
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.types import SetName

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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
    vocabulary: list[str] | str | None = None
    """Names that may stand in the column `objects`, as for `classes`; without it, any may."""
    source: str | dict[SetName, str] | None = None
    """The published data set that the pictures are of, as "imagenet-1k train"; or a table of one for each set."""
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
    _refuse_contradictions(told, path)
    return told


def _refuse_contradictions(told: Description, path: Path) -> None:
    if not told.name.strip() or not told.name.isprintable():
        raise AuditError(f"{path}: name is {told.name!r}; write a word that names the data")
    if told.classes is not None and not told.classes:
        raise AuditError(f"{path}: classes is empty; list the names, or leave it out")
    if told.vocabulary is not None and not told.vocabulary:
        raise AuditError(f"{path}: vocabulary is empty; list the objects, or leave it out")
    if (told.manifest is None) == (told.folder is None):
        raise AuditError(f'{path} must name either a manifest or a folder, as in manifest = "images.parquet"')
    if told.manifest is not None and told.boxes is not None:
        raise AuditError(f"{path}: boxes = … goes with a folder; a manifest has its own column 'boxes'")
    if told.folder is not None and told.vocabulary is not None:
        raise AuditError(f"{path}: vocabulary = … goes with a manifest, whose column 'objects' it is for")
    if told.folder is not None and told.root is not None:
        raise AuditError(f"{path}: root = … goes with a manifest; a folder is its own root")


def load(path: Path, root: str | None, told: Description | None = None) -> OwnData:
    """The data set that a description describes; `root` says elsewhere where the pictures are.

    Nothing but the manifest, or the listing of the folder, is read; pictures and boxes are looked at when asked for.
    AuditError for a fault of the whole; a fault of one row sets its picture aside later on.
    """
    told = told or read_description(path)
    data = (_from_manifest if told.manifest is not None else _from_folder)(told, path.parent, root)
    return data if told.source is None else with_source(data, _by_name(told.source))


def _by_name(source: str | dict[SetName, str]) -> str | dict[str, str]:
    return source if isinstance(source, str) else {str(name): one for name, one in source.items()}


def _from_manifest(told: Description, here: Path, root: str | None) -> OwnData:
    file = here / str(told.manifest)
    return from_rows(
        told.name,
        read_rows([file]),
        user_path(root or (here / told.root if told.root else file.parent)),
        classes=_class_names(told, here),
        vocabulary=told.vocabulary and names_from(told.vocabulary, here, OBJECTS),
        boxes_format=told.boxes_format,
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
        Files(os.path.realpath(folder), files, links=True),
        boxes=boxes,
        boxes_format=told.boxes_format,
        notes=(*_notes(told), *notes),
    )


def _notes(told: Description) -> tuple[str, ...]:
    return (" ".join(told.description.split()),) if told.description else ()


def _boxes_of(files: pa.Array, rows: Manifest, folder: Path) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """The boxes of each file, and a note on those of other files; AuditError if they are of other files altogether."""
    rows.full("path")
    paths, boxes = rows.text("path"), box_column(rows)
    twice = twice_in(paths)
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
    return None if told.classes is None else names_from(told.classes, here, "class names")
