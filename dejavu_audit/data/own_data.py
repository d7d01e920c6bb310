"""The data set behind descriptions and caption data: columns in arrow, pictures wherever their source has them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.box_column import parse_boxes
from dejavu_audit.data.pictures import encoded_picture, open_picture, picture_size
from dejavu_audit.errors import AuditError
from dejavu_audit.membership.drawn import SOURCE, coded, constant
from dejavu_audit.types import Annotation

if TYPE_CHECKING:
    from PIL import Image

    from dejavu_audit.data.sources import Source


class OwnData:
    """A data set that was read from files; see `dejavu_audit.types.Dataset`."""

    def __init__(
        self,
        name: str,
        root: str | Path,
        classes: Sequence[str],
        table: pa.Table,
        pictures: Source,
        *,
        boxes: pa.Array | pa.ChunkedArray | None = None,
        boxes_format: str = "xyxy",
        notes: Sequence[str] = (),
    ) -> None:
        """Take what was read.

        Args:
            name: of the data set.
            root: where the files are.
            classes: their names; empty where there are no labels.
            table: as `Dataset.table`, and maybe the columns caption and objects.
            pictures: gives the picture of a row of the table.
            boxes: a list of boxes a row, or JSON text of it; None where there are none.
            boxes_format: xyxy or xywh, each maybe -normalized.
            notes: what the report must tell.

        """
        self.name = name
        self.root = os.path.realpath(root)
        self.classes = classes
        self.table = table.combine_chunks()
        self.notes = notes
        self._pictures = pictures
        self._boxes = boxes
        self._format = boxes_format

    def identity(self, row: int) -> str:
        """What pins the picture: path, size and time of change of its file, and its place in it."""
        return self._pictures.identity(row)

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """The decoded picture."""
        return open_picture(self._pictures.picture(row), draft)

    def read(self, row: int) -> bytes:
        """The encoded picture, as it is stored."""
        return encoded_picture(self._pictures.picture(row))

    def annotation(self, row: int) -> Annotation:
        """The boxes of a row, as [x0, y0, x1, y1] in pixels."""
        boxes = parse_boxes(self._boxes[row].as_py() if self._boxes is not None else None)
        if self._format.startswith("xywh"):
            boxes = tuple((x, y, x + w, y + h) for x, y, w, h in boxes)
        if self._format.endswith("normalized"):
            width, height = picture_size(self._pictures.picture(row))
            boxes = tuple((x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in boxes)
        return Annotation(boxes)


def with_source(data: OwnData, source: str | Mapping[str, str]) -> OwnData:
    """The data with the column `source`: one for all pictures, or one for those of each set that the data prescribe.

    AuditError for a source of a set that no picture is prescribed for, or one that is empty.
    """
    named = {"": source} if isinstance(source, str) else source
    for name, one in named.items():
        if not one.strip() or not one.isprintable():
            of = f" of the set {name}" if name else ""
            raise AuditError(f"the source{of} of {data.name} is {one!r}; name the data set, as in imagenet-1k train")
    if isinstance(source, str):
        column = constant(source.strip(), data.table.num_rows)
    else:
        sets = pc.fill_null(data.table["set"].cast(pa.string()), "").combine_chunks()
        for name in named:
            if not pc.any(pc.equal(sets, name)).as_py():
                raise AuditError(
                    f"the source of {data.name} is told for the set {name!r}, but no picture of its manifest has set = "
                    f'{name}; name one source for all, as in source = "imagenet-1k train"'
                )
        places = pc.index_in(sets, value_set=pa.array(list(named))).cast(pa.int8())
        column = coded([one.strip() for one in named.values()], places)
    data.table = data.table.append_column(SOURCE, column)
    return data


def no_labels(size: int) -> pa.Array:
    """(size,) the label of pictures that have none."""
    return pa.repeat(pa.scalar(-1, pa.int32()), size)
