"""The folder layouts in which ILSVRC lies on people's disks, and finding out which one a folder has."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dejavu_audit.errors import AuditError

WNID = re.compile(r"n\d{8}")
PICTURES = (".jpeg", ".jpg", ".png")


@dataclass(frozen=True)
class Layout:
    """Where things are, relative to the root; of several places the first that holds something is taken."""

    name: str
    train: str
    val: str
    train_boxes: tuple[str, ...]
    val_boxes: tuple[str, ...]
    texts: tuple[str, ...]
    """Folders that may hold class names and the labels of val."""


DEVKIT = Layout(
    "devkit",
    train="train",
    val="val",
    train_boxes=(
        *("Annotation", "Annotations", "bbox", "Annotation/train", "Annotations/train", "bbox/train"),
        *("Annotations/CLS-LOC/train", "ILSVRC2012_bbox_train_v2", "train_annotations"),
    ),
    val_boxes=(
        *("Annotation/val", "Annotations/val", "bbox/val", "val_annotations", "Annotations/CLS-LOC/val"),
        *("ILSVRC2012_bbox_val_v3", "ILSVRC2012_bbox_val_v3/val"),
    ),
    texts=(".", "devkit/data", "ILSVRC2012_devkit_t12/data", "devkit", "data"),
)
KAGGLE = Layout(
    "Kaggle",
    train="ILSVRC/Data/CLS-LOC/train",
    val="ILSVRC/Data/CLS-LOC/val",
    train_boxes=("ILSVRC/Annotations/CLS-LOC/train",),
    val_boxes=("ILSVRC/Annotations/CLS-LOC/val",),
    texts=(".", "ILSVRC", "ILSVRC/devkit/data"),
)
KAGGLE_INNER = Layout(
    "Kaggle, from within ILSVRC",
    train="Data/CLS-LOC/train",
    val="Data/CLS-LOC/val",
    train_boxes=("Annotations/CLS-LOC/train",),
    val_boxes=("Annotations/CLS-LOC/val",),
    texts=(".", "..", "devkit/data"),  # the tables lie beside the ILSVRC folder
)
LAYOUTS = (DEVKIT, KAGGLE, KAGGLE_INNER)


def find_layout(root: Path) -> Layout:
    """The layout whose train folder has class folders in it; AuditError, saying what was looked for, if none has."""
    try:
        is_folder = stat.S_ISDIR(root.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise AuditError(f"there is no folder {root}: give the folder that holds ILSVRC with --root FOLDER") from None
    except OSError as error:
        raise AuditError(
            f"cannot look into {root}: {error.strerror or error}; make it readable or give another --root FOLDER"
        ) from error
    if not is_folder:
        raise AuditError(f"{root} is not a folder: unpack ILSVRC and give the folder that holds it with --root FOLDER")
    for layout in LAYOUTS:
        if holds(root / layout.train, _is_class):
            return layout
    if holds(root, _is_class):
        raise AuditError(
            f"{root} holds class folders itself: give the folder above its train folder with --root FOLDER"
        )
    names = listing(root)
    found = ", ".join(repr(name) for name in names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    looked = " nor ".join(f"{layout.train}/<WordNet id>/" for layout in LAYOUTS)
    raise AuditError(
        f"{root} has no ILSVRC layout: neither {looked} is there, it holds {found or 'nothing'}; "
        "give the folder above train (or above ILSVRC) with --root FOLDER"
    )


def first_holding(root: Path, places: Iterable[str]) -> str | None:
    """The first of several folders that holds annotation files, directly or by class."""
    for place in places:
        if holds(root / place, _is_class) or holds(root / place, _is_xml):
            return place
    return None


def class_folders(folder: Path) -> list[str]:
    """The WordNet ids that a folder has folders for, sorted."""
    return [name for name in listing(folder) if WNID.fullmatch(name) and (folder / name).is_dir()]


def picture_files(folder: Path) -> list[str]:
    """The names of the picture files in a folder, sorted; no file is looked into."""
    return [name for name in listing(folder) if name.lower().endswith(PICTURES)]


def annotated(folder: Path) -> set[str]:
    """The stems of the annotation files in a folder; none where there is no such folder."""
    return {name[:-4] for name in listing(folder) if name.endswith(".xml")} if folder.is_dir() else set()


def listing(folder: Path) -> list[str]:
    """The names in a folder, sorted; AuditError if it cannot be listed. Names that are no text are left out."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise AuditError(
            f"cannot list {folder}: {error.strerror or error}; make it readable or give another --root FOLDER"
        ) from error
    return names if "".join(names).isascii() else [name for name in names if _is_text(name)]


def holds(folder: Path, wanted: Callable[[os.DirEntry[str]], bool]) -> bool:
    """Is there such an entry in a folder? Stops at the first, so that a folder of a million files costs nothing."""
    try:
        with os.scandir(folder) as entries:
            return any(wanted(entry) for entry in entries)
    except OSError:
        return False


def _is_class(entry: os.DirEntry[str]) -> bool:
    return WNID.fullmatch(entry.name) is not None and entry.is_dir()


def _is_xml(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(".xml")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8: no table could name the picture
        return False
    return True
