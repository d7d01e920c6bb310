"""One split of COCO from its two annotation files: a row a picture, its boxes and captions gathered."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dejavu_audit.data.json_stream import elements
from dejavu_audit.data.manifest import is_file, is_text
from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """What a split holds."""

    name: str
    table: pa.Table
    """As `Dataset.table`, with caption (a list of bytes, null without any) and boxes (a list of [x, y, w, h])."""
    classes: list[str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Instances:
    """(n,) pictures, and (m,) boxes on them."""

    ids: Ints
    files: list[str]
    classes: list[str]
    picture: Ints
    """(m,) place of the picture among the n."""
    category: Ints
    """(m,) place among the classes."""
    boxes: Floats
    """(m, 4) x, y, w, h."""
    notes: tuple[str, ...]


def read_part(annotations: Path, name: str, folder: str, into: str | None) -> Part:
    """The split `name`, whose pictures lie in `folder` below the root; `into` is the set that it prescribes.

    Pictures on which nothing is annotated are left out. AuditError for files that are not COCO's.
    """
    found = _instances(annotations / f"instances_{name}.json")
    order = np.lexsort([np.arange(len(found.picture)), found.picture])
    picture, category, boxes = found.picture[order], found.category[order], found.boxes[order]
    kept, counts = np.unique(picture, return_counts=True)
    if not len(kept):
        raise AuditError(f"no picture of {annotations / f'instances_{name}.json'} has a box")
    notes = found.notes
    if len(kept) < len(found.ids):
        notes += (f"{len(found.ids) - len(kept):,} pictures of {name} were left out: nothing on them is annotated",)
    paths = pa.array([f"{folder}/{found.files[place]}" for place in kept.tolist()], pa.string())
    captions, more = _captions(annotations / f"captions_{name}.json", found.ids, kept)
    size = len(kept)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    table = pa.table(
        {
            "id": paths,
            "path": paths,
            "label": pa.array(_largest(category, boxes, np.repeat(np.arange(size), counts)), pa.int32()),
            "boxed": pa.array(np.ones(size, bool)),
            "set": pa.array([into] * size, pa.string()),
            "group": pa.nulls(size, pa.string()),
            "caption": captions,
            "objects": _objects(category, np.repeat(np.arange(size), counts), size, found.classes),
            "boxes": pa.ListArray.from_arrays(
                pa.array(offsets, pa.int32()), pa.FixedSizeListArray.from_arrays(pa.array(boxes.reshape(-1)), 4)
            ),
        }
    )
    return Part(name, table, found.classes, (*notes, *more))


def _instances(path: Path) -> _Instances:
    ids, of, kinds, sides = array("q"), array("q"), array("q"), array("d")
    files: list[str] = []
    categories: dict[int, str] = {}
    for key, row in elements(path, {"images", "annotations", "categories"}):
        try:
            if key == "images":
                ids.append(int(row["id"]))
                files.append(str(row["file_name"]))
            elif key == "categories":
                categories[int(row["id"])] = str(row["name"])
            else:
                x, y, w, h = map(float, row["bbox"])
                of.append(int(row["image_id"]))
                kinds.append(int(row["category_id"]))
                sides.extend((x, y, w, h))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _strange(path, key, row) from None
    strange = next((name for name in (*files, *categories.values()) if not is_text(name)), None)
    if strange is not None:
        raise AuditError(f"{path} holds the name {strange!r}, which is no text")
    pictures, classes = np.array(ids, np.int64), sorted(categories)
    if len(np.unique(pictures)) < len(pictures):
        raise AuditError(f"two pictures in {path} have one id; ids must be unique")
    if len(set(categories.values())) < len(categories):
        raise AuditError(f"two categories in {path} have one name; name them apart")
    boxes = np.array(sides, np.float64).reshape(-1, 4)
    at, known = _places(np.array(of, np.int64), pictures)
    category, named = _places(np.array(kinds, np.int64), np.array(classes, np.int64))
    if not named.all():
        raise AuditError(f"{path} has a box of the category {kinds[int(named.argmin())]}, which it does not name")
    flat = ~(boxes[:, 2:] > 0).all(axis=1)
    notes = []
    if not known.all():
        notes.append(f"{(~known).sum():,} boxes in {path.name} are of pictures that it does not list: left out")
    if (flat & known).any():
        notes.append(f"{(flat & known).sum():,} boxes in {path.name} have no area and were left out")
    keep = known & ~flat
    names = [categories[number] for number in classes]
    return _Instances(pictures, files, names, at[keep], category[keep], boxes[keep], tuple(notes))


def _captions(path: Path, ids: Ints, kept: Ints) -> tuple[pa.Array, tuple[str, ...]]:
    """(kept,) lists of captions, as bytes, in the order of the file."""
    if not is_file(path):
        return pa.nulls(len(kept), pa.list_(pa.binary())), (f"there is no {path.name}: its pictures have no captions",)
    of = array("q")
    texts: list[bytes] = []
    for key, row in elements(path, {"annotations"}):
        try:
            of.append(int(row["image_id"]))
            texts.append(row["caption"].encode(errors="surrogatepass"))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise _strange(path, key, row) from None
    at, known = _places(np.array(of, np.int64), ids[kept])
    order = np.flatnonzero(known)[np.argsort(at[known], kind="stable")]
    counts = np.bincount(at[known], minlength=len(kept))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    lists = pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(texts, pa.binary()).take(pa.array(order)), mask=pa.array(counts == 0)
    )
    strangers = int(np.isin(np.array(of, np.int64)[~known], ids, invert=True).sum())
    note = f"{strangers:,} captions in {path.name} are of pictures that are not in the instances: left out"
    return lists, (note,) if strangers else ()


def _places(values: Ints, known: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """(m,) where each value stands among the known ones, and whether it does."""
    if not len(known):
        return np.zeros(len(values), np.int64), np.zeros(len(values), bool)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known, values, sorter=order), len(known) - 1)]
    return at, known[at] == values


def _largest(category: Ints, boxes: Floats, picture: Ints) -> Ints:
    """(size,) the category of each picture's largest box; of equal ones the lowest category. `picture` is sorted."""
    areas = boxes[:, 2] * boxes[:, 3]
    order = np.lexsort([category, -areas, picture])
    first = np.concatenate([[True], picture[1:] != picture[:-1]])
    largest: Ints = category[order][first]
    return largest


def _objects(category: Ints, picture: Ints, size: int, classes: Sequence[str]) -> pa.Array:
    """(size,) the names of what is on each picture, each once, in the order of the classes."""
    pairs = np.unique(np.stack([picture, category], axis=1), axis=0)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(pairs[:, 0], minlength=size))])
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(classes, pa.string()).take(pa.array(pairs[:, 1]))
    )


def _strange(path: Path, key: str, row: Any) -> AuditError:
    shown = " ".join(str(row).split())
    shown = shown if len(shown) <= 80 else shown[:79] + "…"
    return AuditError(f"{path} has under {key!r} an entry that is not COCO's: {shown}")
