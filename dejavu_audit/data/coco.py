"""The built-in data set `coco`: pictures with boxes, categories and captions, as COCO publishes them.

The categories of a picture are its objects; its label, for the label test, is the category of its largest box. Val is
the held-out control.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from dejavu_audit.data.caption_column import as_text, caption_notes, clean_captions
from dejavu_audit.data.coco_files import Part, read_part
from dejavu_audit.data.manifest import is_folder, user_path
from dejavu_audit.data.own_data import OwnData
from dejavu_audit.data.rows import refuse_outside
from dejavu_audit.data.sources import Files
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.membership.drawn import SOURCE, constant

NAME = "coco"
SPLITS = ("train", "val")
OPTIONS = ("split", "year")
FOLDERS = ("{}", "images/{}", "{0}/{0}")
"""Where the pictures of a split may be, below the root."""
_INSTANCES = re.compile(r"instances_(train|val)(\d*)\.json")


def load(root: str | None, options: Mapping[str, str], seed: int) -> OwnData:
    """COCO as it lies under `root`; nothing is drawn, so the seed is not used. AuditError for what is not there.

    Options: `split` takes train or val alone, without a control; `year` chooses where there are several (2017, 2014).
    """
    for name in options:
        if name not in OPTIONS:
            raise unknown("option of the data set coco", name, OPTIONS)
    split = options.get("split")
    if split is not None and split not in SPLITS:
        raise unknown("split of coco", split, SPLITS)
    if root is None:
        raise AuditError(
            "data set coco needs --root FOLDER (or DEJAVU_AUDIT_COCO_ROOT): the folder that holds annotations/ and "
            "train2017/"
        )
    place = user_path(root)
    names = _parts(place, split, options.get("year"))
    parts = [
        read_part(place / "annotations", name, _folder(place, name), "control" if held else None)
        for name, held in ((name, name.startswith("val") and split is None) for name in names)
    ]
    return _joined(place, parts)


def _parts(root: Path, split: str | None, year: str | None) -> list[str]:
    """The splits to read, as train2017 and val2017."""
    folder = root / "annotations"
    if not is_folder(folder):
        hint = "; give the folder above it" if root.name == "annotations" else ""
        raise AuditError(f"there is no folder {folder}, where instances_train2017.json should be{hint}")
    found: dict[str, set[str]] = {}
    for file in folder.iterdir():
        if match := _INSTANCES.fullmatch(file.name):
            found.setdefault(match[2], set()).add(match[1])
    if not found:
        raise AuditError(f"{folder} holds no instances_train2017.json or instances_val2017.json; unpack COCO's there")
    if year is not None and year not in found:
        raise unknown("year of coco", year, found, hint=f"(in {folder})")
    chosen = max(found) if year is None else year
    splits = [name for name in SPLITS if name in found[chosen] and split in (None, name)]
    if not splits:
        raise AuditError(f"{folder} holds no instances_{split}{chosen}.json; drop split={split}, or unpack it there")
    return [name + chosen for name in splits]


def _folder(root: Path, part: str) -> str:
    places = [form.format(part) for form in FOLDERS]
    found = next((place for place in reversed(places) if is_folder(root / place)), None)
    if found is None:
        raise AuditError(f"there are no pictures of {part} in {root}; looked for {', '.join(places)}")
    return found


def _joined(root: Path, parts: list[Part]) -> OwnData:
    first = parts[0]
    for part in parts[1:]:
        if part.classes != first.classes:
            raise AuditError(
                f"the categories of {part.name} in {root} are not those of {first.name}; they must be alike"
            )
    told = [part.table.append_column(SOURCE, constant(f"{NAME} {part.name}", part.table.num_rows)) for part in parts]
    table = pa.concat_tables(told)
    captions, faults = clean_captions(table["caption"])
    notes = tuple(note for part in parts for note in part.notes) + caption_notes(faults)
    boxes = table["boxes"]
    place = table.schema.get_field_index("caption")
    if captions.null_count == len(captions):
        table = table.drop_columns("caption")
    else:
        table = table.set_column(place, "caption", as_text(captions))
    paths = table["path"]
    refuse_outside(paths, root, root / "annotations")
    return OwnData(
        NAME,
        root,
        first.classes,
        table.drop_columns("boxes"),
        Files(os.path.realpath(root), paths.combine_chunks()),
        boxes=boxes,
        boxes_format="xywh",
        notes=notes,
    )
