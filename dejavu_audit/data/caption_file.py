"""A folder of pictures with one text file of captions: a line each, or the form that Flickr8k has."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from dejavu_audit.data.caption_column import as_text, caption_notes, clean_captions
from dejavu_audit.data.folders import SUFFIXES
from dejavu_audit.data.loading import SETS
from dejavu_audit.data.manifest import is_file, is_folder, is_text, text_of
from dejavu_audit.data.own_data import OwnData, no_labels
from dejavu_audit.data.rows import refuse_outside
from dejavu_audit.data.sources import Files
from dejavu_audit.errors import AuditError

FILES = ("captions.txt", "captions.tsv")
PLACES = ("", "Images", "images")
"""Where the paths may start, within the folder."""
_HEADERS = ("image", "path")


def from_caption_file(name: str, file: Path) -> OwnData:
    """The data set `name` of a caption file and the pictures in its folder; AuditError for a fault of the whole.

    A line is `path<TAB>caption`, or below the header `image,caption` a row of CSV; a path that comes several times has
    several captions. Pictures that no line names have none. A picture in a subfolder named target, public, control or
    fit prescribes that set.
    """
    told: dict[str, list[bytes]] = {}
    for path, caption in _lines(file):
        told.setdefault(path.replace("\\", "/").removeprefix("./"), []).append(caption)
    if not told:
        raise AuditError(f"{file} is empty; write a line path<TAB>caption for every picture")
    base = _base(file.parent, next(iter(told)))
    refuse_outside(pa.chunked_array([list(told)], pa.string()), base, file)
    there = set(_pictures_below(base))
    gone = [path for path in told if path not in there and not is_file(base / path)]
    if len(gone) == len(told):
        raise AuditError(
            f"none of the {len(told):,} pictures that {file} names is there, {gone[0]!r} for one; their paths start in "
            f"{file.parent}, or in its folder Images"
        )
    notes: tuple[str, ...] = ()
    if gone:
        lines = sum(len(told.pop(path)) for path in gone)
        notes = (f"{lines:,} captions in {file.name} are of pictures that are not there, {gone[0]!r} for one",)
    bare = sorted(path for path in there if path not in told)
    if bare:
        notes += (f"{len(bare):,} pictures in {base} have no caption in {file.name}, {bare[0]!r} for one",)
    paths = pa.array([*told, *bare], pa.string())
    raw = pa.array([*told.values(), *([None] * len(bare))], pa.list_(pa.binary()))
    captions, faults = clean_captions(pa.chunked_array([raw]))
    size = len(paths)
    heads = [path.partition("/")[0] for path in (*told, *bare)]
    table = pa.table(
        {
            "id": paths,
            "path": paths,
            "label": no_labels(size),
            "boxed": pa.array(np.zeros(size, bool)),
            "set": pa.array([head if head in SETS else None for head in heads], pa.string()),
            "group": pa.nulls(size, pa.string()),
            "caption": as_text(captions),
        }
    )
    pictures = Files(os.path.realpath(base), paths)
    return OwnData(name, base, [], table, pictures, notes=(*notes, *caption_notes(faults)))


def _lines(file: Path) -> Iterator[tuple[str, bytes]]:
    """Path and caption of every line; AuditError, with the number, for a line that has not both."""
    text = text_of(file)
    first = text.partition("\n")[0].strip().lower()
    if first in {f"{name},caption" for name in _HEADERS}:
        yield from _comma_separated(text, file)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or (number == 1 and first in {f"{name}\tcaption" for name in _HEADERS}):
            continue
        path, tab, caption = line.partition("\t")
        if not tab or not path.strip():
            raise AuditError(
                f"line {number:,} of {file} is not path<TAB>caption; write it so, or begin with the header "
                "image,caption if the file is a CSV"
            )
        yield path.strip(), caption.encode()


def _comma_separated(text: str, file: Path) -> Iterator[tuple[str, bytes]]:
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        next(rows)
        for row in rows:
            if not row:
                continue
            if len(row) < 2 or not row[0].strip():
                raise AuditError(f"line {rows.line_num:,} of {file} is not image,caption")
            yield row[0].strip(), ",".join(row[1:]).encode()  # a comma within a caption that was not quoted
    except csv.Error as error:
        raise AuditError(f"line {rows.line_num:,} of {file} cannot be read as CSV: {error}") from None


def _base(folder: Path, first: str) -> Path:
    """Where the paths start: in the folder itself, unless the first picture is only in Images."""
    places = [folder / place for place in PLACES if is_folder(folder / place)]
    return next((place for place in places if is_file(place / first)), folder)


def _pictures_below(base: Path) -> Iterator[str]:
    """The pictures in a folder, as paths within it, told by their suffix; hidden ones and odd names are left out."""
    for place, inner, files in os.walk(base):
        inner[:] = [one for one in inner if one[0] != "."]
        within = os.path.relpath(place, base).replace(os.sep, "/")
        prefix = "" if within == "." else f"{within}/"
        for file in files:
            if file[0] != "." and file.lower().endswith(SUFFIXES) and is_text(prefix + file):
                yield prefix + file
