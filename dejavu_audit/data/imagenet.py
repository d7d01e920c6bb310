"""ImageNet (ILSVRC2012 CLS-LOC) from disk, in the layouts of `imagenet_layouts`: train pictures, val as the control.

Loading only lists folders, so that 1.28 M pictures take seconds; pictures and annotations are read when asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.imagenet_labels import class_names, val_labels
from dejavu_audit.data.imagenet_layouts import (
    Layout,
    annotated,
    class_folders,
    find_layout,
    first_holding,
    picture_files,
)
from dejavu_audit.data.pictures import encoded_picture, file_identity, open_picture
from dejavu_audit.data.voc_xml import read_annotation
from dejavu_audit.errors import AuditError, SetAside
from dejavu_audit.membership.drawn import SOURCE, coded

if TYPE_CHECKING:
    from PIL import Image

    from dejavu_audit.types import Annotation

SCHEMA = pa.schema(
    [
        *(("id", pa.string()), ("path", pa.string()), ("label", pa.int32())),
        *(("boxed", pa.bool_()), ("set", pa.string()), ("group", pa.string())),
    ]
)


@dataclass(eq=False)
class ImageNet:
    """The `Dataset` of an ILSVRC folder. `id` is the path relative to the root, `path` the absolute one."""

    root: str
    classes: Sequence[str]
    wnids: Sequence[str]
    """WordNet ids, in the order of `classes`."""
    table: pa.Table
    notes: Sequence[str]
    train_boxes: str | None
    """Where the annotations of train are, relative to the root."""
    val_boxes: str | None
    name: str = "imagenet"

    def identity(self, row: int) -> str:
        """Path, size and time of change of a picture; SetAside if it is missing."""
        return file_identity(self._value("path", row))

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """The decoded RGB picture of a row; SetAside as `open_picture` says."""
        return open_picture(Path(self._value("path", row)), draft)

    def read(self, row: int) -> bytes:
        """The file's bytes; SetAside where it cannot be read."""
        return encoded_picture(Path(self._value("path", row)))

    def annotation(self, row: int) -> Annotation:
        """All boxes of a row's annotation file, of whatever class; SetAside as `read_annotation` says."""
        place = self.val_boxes if self._value("set", row) == "control" else self.train_boxes
        if place is None:
            raise SetAside("annotation is missing")
        folder, name = Path(self.root, place), Path(self._value("id", row)).stem + ".xml"
        by_class = folder / self.wnids[int(self._value("label", row))] / name
        return read_annotation(by_class if by_class.exists() else folder / name)

    def _value(self, column: str, row: int) -> str:
        value: str = self.table.column(column)[row].as_py()
        return value


def load(root: str | None, options: Mapping[str, str], seed: int) -> ImageNet:
    """ILSVRC as it lies under `root`; nothing is drawn, so the seed is not used. AuditError for what is not there."""
    if options:
        raise AuditError(f"the data set imagenet has no option {min(options)!r}: it takes none, leave it out")
    if root is None:
        raise AuditError(
            "data set imagenet needs --root FOLDER (or DEJAVU_AUDIT_IMAGENET_ROOT): the folder above train/ or ILSVRC/"
        )
    place = Path(root).expanduser().absolute()
    layout = find_layout(place)
    return _Reader(place, layout).read()


class _Reader:
    """Lists the folders once and builds the table by class, so that few file names are Python strings at a time."""

    def __init__(self, root: Path, layout: Layout) -> None:
        self.root = root
        self.layout = layout
        self.train_boxes = first_holding(root, layout.train_boxes)
        self.val_boxes = first_holding(root, layout.val_boxes)
        self.batches: list[pa.RecordBatch] = []
        self.notes: list[str] = []

    def read(self) -> ImageNet:
        """The whole data set."""
        wnids = self._train()
        texts = [self.root / text for text in self.layout.texts]
        self._val({wnid: label for label, wnid in enumerate(wnids)}, texts)
        table = pa.Table.from_batches(self.batches, SCHEMA).combine_chunks()
        table = table.append_column(SOURCE, _sources(table, len(wnids)))
        names = class_names(texts, wnids)
        return ImageNet(str(self.root), names, wnids, table, self.notes, self.train_boxes, self.val_boxes)

    def _train(self) -> list[str]:
        folder, boxed, empty = self.root / self.layout.train, 0, 0
        wnids: list[str] = []
        flat = annotated(self.root / self.train_boxes) if self.train_boxes else set()
        for wnid in class_folders(folder):
            files = picture_files(folder / wnid)
            if not files:
                empty += 1
                continue
            with_boxes = flat | annotated(self.root / self.train_boxes / wnid) if self.train_boxes else flat
            boxed += self._add(f"{self.layout.train}/{wnid}", files, [len(wnids)] * len(files), with_boxes, None)
            wnids.append(wnid)
        if not wnids:
            raise AuditError(
                f"the class folders in {folder} hold no pictures (.JPEG, .jpg, .png): unpack the train archives there"
            )
        if empty:
            self.notes.append(f"{empty:,} class folders of train hold no pictures and were left out")
        if not boxed:
            looked = ", ".join(self.layout.train_boxes)
            self.notes.append(f"no train picture has boxes: no annotation was found for any (looked in {looked})")
        return wnids

    def _val(self, labels: Mapping[str, int], texts: Sequence[Path]) -> None:
        folder = self.root / self.layout.val
        by_class = class_folders(folder) if folder.is_dir() else []
        files = picture_files(folder) if folder.is_dir() and not by_class else []
        if not by_class and not files:
            self.notes.append(f"no pictures in {self.layout.val}: there is no held-out control")
            return
        flat = annotated(self.root / self.val_boxes) if self.val_boxes else set()
        strangers = boxed = 0
        for wnid in by_class:
            names = picture_files(folder / wnid)
            if wnid not in labels:
                strangers += len(names)
                continue
            with_boxes = flat | annotated(self.root / self.val_boxes / wnid) if self.val_boxes else flat
            boxed += self._add(f"{self.layout.val}/{wnid}", names, [labels[wnid]] * len(names), with_boxes, "control")
        if files:
            found = val_labels(texts, [stem(name) for name in files], folder)
            known = [(name, labels[wnid]) for name, wnid in zip(files, found, strict=True) if wnid and wnid in labels]
            strangers += len(files) - len(known)
            if known:
                names, numbers = map(list, zip(*known, strict=True))
                boxed += self._add(self.layout.val, names, numbers, flat, "control")
        if strangers:
            self.notes.append(f"{strangers:,} val pictures are of no class of train, or unlabelled, and were left out")
        if not boxed:
            self.notes.append("no val picture has boxes: no annotation was found for any")

    def _add(self, place: str, files: Sequence[str], labels: Sequence[int], boxed: set[str], into: str | None) -> int:
        """Append the pictures of a folder; how many have boxes."""
        flags = [stem(name) in boxed for name in files]
        ids = [f"{place}/{name}" for name in files]
        columns = [
            pa.array(ids, pa.string()),
            pa.array([f"{self.root}/{name}" for name in ids], pa.string()),
            pa.array(labels, pa.int32()),
            pa.array(flags, pa.bool_()),
            pa.array([into] * len(files), pa.string()),
            pa.nulls(len(files), pa.string()),
        ]
        self.batches.append(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
        return sum(flags)


def _sources(table: pa.Table, classes: int) -> pa.Array:
    """Whether a picture is of ILSVRC2012's train or val, by its file's name; null where it is called otherwise.

    More classes than its 1,000 are those of a larger ImageNet.
    """
    train = pc.match_substring_regex(table["id"], r"/n\d{8}_\d+\.[A-Za-z]+$")
    val = pc.match_substring_regex(table["id"], r"/ILSVRC2012_val_\d{8}\.[A-Za-z]+$")
    places = pc.if_else(
        pc.equal(table["set"], "control").fill_null(False), pc.if_else(val, 1, 2), pc.if_else(train, 0, 2)
    )
    first = "imagenet-1k train" if classes <= 1_000 else "imagenet-21k"
    return coded([first, "imagenet-1k val", None], pc.cast(places.combine_chunks(), pa.int8()))


def stem(name: str) -> str:
    """A file's name without its ending."""
    return name.rpartition(".")[0]
