"""Own data without code: a TOML file that says where the pictures are and what is known of each."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, ValidationError

from dejavu_audit.data.manifest import columns_of, read_table, require
from dejavu_audit.data.own_data import OwnData
from dejavu_audit.errors import AuditError, unknown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".jp2", ".avif"}


class Description(BaseModel):
    """The keys of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    manifest: str | None = None
    """Parquet, CSV or JSONL, relative to the description."""
    folder: str | None = None
    """Or a folder of pictures, one subfolder a class, relative to the description."""
    root: str | None = None
    """Where the manifest's paths start; the manifest's own folder without it."""
    boxes: str | None = None
    """For a folder: a manifest of path and boxes."""
    boxes_format: Literal["xyxy", "xywh", "xyxy-normalized", "xywh-normalized"] = "xyxy"
    classes: list[str] | None = None
    """Names of the classes, where labels are numbers."""
    description: str | None = None


def load(path: Path, root: str | None) -> OwnData:
    """The data set that a description describes; `root` says elsewhere where the pictures are."""
    told = _read(path)
    if (told.manifest is None) == (told.folder is None):
        raise AuditError(f'{path} must name either a manifest or a folder, as in manifest = "images.parquet"')
    if told.manifest is not None:
        if told.boxes is not None:
            raise AuditError(f"{path}: boxes = … goes with a folder; a manifest has its own column 'boxes'")
        return _from_manifest(told, path.parent / told.manifest, root or (told.root and str(path.parent / told.root)))
    return _from_folder(told, path, Path(root) if root else path.parent / str(told.folder))


def _read(path: Path) -> Description:
    if not path.is_file():
        raise AuditError(f"there is no dataset description {path}; give the path of a .toml file")
    try:
        keys = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuditError(f"{path} is not TOML: {error}") from None
    for key in keys:
        if key not in Description.model_fields:
            raise unknown("key", key, Description.model_fields, hint=f"(in {path})")
    try:
        return Description(**keys)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise AuditError(f"{path}, {where}: {first['msg'][0].lower()}{first['msg'][1:]}") from None


def _from_manifest(told: Description, manifest: Path, root: str | None) -> OwnData:
    rows = read_table(manifest, without=["image"])
    embedded = manifest.suffix == ".parquet" and "image" in columns_of(manifest)
    if not embedded:
        require(rows, manifest, "path", "image")
    if not rows.num_rows:
        raise AuditError(f"{manifest} has no rows")
    labels, classes = _labels(rows[require(rows, manifest, "label")], told.classes, manifest)
    paths = rows["path"].cast(pa.string()) if "path" in rows.column_names else None
    base = Path(root) if root else manifest.parent
    if paths is not None and not embedded:
        if not base.is_dir():
            raise AuditError(f"the pictures' root {base} is not a folder; say where they are with --root")
        _refuse_outside(paths, manifest)
    numbers = pa.array([str(number) for number in range(rows.num_rows)], pa.string())
    ids = rows["id"].cast(pa.string()) if "id" in rows.column_names else paths if paths is not None else numbers
    boxes = rows["boxes"] if "boxes" in rows.column_names else None
    columns = {
        "id": ids,
        "path": paths if paths is not None else ids,
        "label": labels,
        "boxed": pc.is_valid(boxes) if boxes is not None else pa.array(np.zeros(rows.num_rows, bool)),
        "set": _text(rows, "set"),
        "group": _text(rows, "group"),
        **{name: rows[name] for name in ("caption", "objects") if name in rows.column_names},
    }
    return OwnData(
        told.name, base, classes, pa.table(columns), boxes, told.boxes_format, manifest if embedded else None
    )


def _from_folder(told: Description, path: Path, folder: Path) -> OwnData:
    if not folder.is_dir():
        raise AuditError(f"{path} names the folder {folder}, which is not there; mend it or use --root")
    files = sorted(
        file.relative_to(folder).as_posix() for file in folder.glob("*/**/*") if file.suffix.lower() in SUFFIXES
    )
    if not files:
        raise AuditError(f"{folder} holds no pictures in subfolders; each class is to have a subfolder of its own")
    labels, classes = _labels(
        pa.chunked_array([pa.array([file.split("/")[0] for file in files])]), told.classes, folder
    )
    boxes = None
    if told.boxes is not None:
        listed = path.parent / told.boxes
        rows = read_table(listed)
        of = dict(
            zip(
                rows[require(rows, listed, "path")].to_pylist(),
                rows[require(rows, listed, "boxes")].to_pylist(),
                strict=True,
            )
        )
        strange = next((name for name in of if name not in set(files)), None)
        if strange is not None:
            raise AuditError(f"{listed} has boxes for {strange!r}, which is not in {folder}")
        # As text, since a row whose boxes are no boxes must set its picture aside, not stop the run.
        texts = [None if of.get(file) is None else _as_text(of[file]) for file in files]
        boxes = pa.chunked_array([pa.array(texts, pa.string())])
    empty = pa.nulls(len(files), pa.string())
    columns = {
        "id": pa.array(files, pa.string()),
        "path": pa.array(files, pa.string()),
        "label": labels,
        "boxed": pc.is_valid(boxes) if boxes is not None else pa.array(np.zeros(len(files), bool)),
        "set": empty,
        "group": empty,
    }
    return OwnData(told.name, folder, classes, pa.table(columns), boxes, told.boxes_format, None)


def _as_text(boxes: Any) -> str:
    return boxes if isinstance(boxes, str) else json.dumps(boxes)


def _labels(column: pa.ChunkedArray, classes: list[str] | None, where: Path) -> tuple[pa.Array, list[str]]:
    """Class numbers and names. Names are sorted; whole numbers are numbers of `classes`, or stand for themselves."""
    if column.null_count:
        raise AuditError(
            f"the column 'label' of {where} has {column.null_count:,} empty places; fill them or drop the rows"
        )
    if pa.types.is_integer(column.type) and classes is not None:
        numbers = np.asarray(column, dtype=np.int64)
        if numbers.min() < 0 or numbers.max() >= len(classes):
            raise AuditError(f"a label in {where} lies outside the {len(classes):,} classes of the description")
        return pa.array(numbers, pa.int32()), classes
    if not (pa.types.is_integer(column.type) or pa.types.is_string(column.type) or pa.types.is_dictionary(column.type)):
        raise AuditError(f"the column 'label' of {where} is of type {column.type}; write class names or whole numbers")
    if pa.types.is_integer(column.type):
        names = [str(number) for number in sorted(pc.unique(column).to_pylist())]
    else:
        names = sorted(pc.unique(column.cast(pa.string())).to_pylist())
    if classes is not None:
        stranger = next((name for name in names if name not in classes), None)
        if stranger is not None:
            raise unknown("class", stranger, classes, hint=f"(a label in {where})")
        names = classes
    return pc.index_in(column.cast(pa.string()), value_set=pa.array(names, pa.string())).combine_chunks(), list(names)


def _text(rows: pa.Table, name: str) -> Any:
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.string())
    column = rows[name].cast(pa.string())
    return pc.if_else(pc.equal(column, ""), None, column)


def _refuse_outside(paths: pa.ChunkedArray, manifest: Path) -> None:
    """Paths are data: none may point out of the root."""
    outside = pc.match_substring_regex(paths, r"^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)")
    bad = pc.filter(paths, pc.fill_null(outside, False))
    if len(bad):
        raise AuditError(
            f"{manifest} has {len(bad):,} paths that leave the root, the first is {bad[0].as_py()!r}; "
            "write them relative to the manifest's folder, or say with root where they start"
        )
    if paths.null_count:
        raise AuditError(f"{manifest} has {paths.null_count:,} rows without a path; fill them or drop the rows")
