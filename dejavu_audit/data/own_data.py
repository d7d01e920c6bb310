"""The data set behind a description: columns in arrow, pictures as files or as bytes in a Parquet column."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from dejavu_audit.data.box_column import parse_boxes
from dejavu_audit.data.embedded import embedded_bytes
from dejavu_audit.data.pictures import file_identity, open_picture, picture_size
from dejavu_audit.errors import SetAside
from dejavu_audit.types import Annotation

if TYPE_CHECKING:
    from PIL import Image


class OwnData:
    """A described data set; see `dejavu_audit.types.Dataset`."""

    def __init__(
        self,
        name: str,
        root: Path,
        classes: Sequence[str],
        table: pa.Table,
        *,
        boxes: pa.ChunkedArray | None = None,
        boxes_format: str = "xyxy",
        embedded: Path | None = None,
        links: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        """Take what `dejavu_audit.data.description` read.

        Args:
            name: of the data set.
            root: what the table's paths are relative to.
            classes: their names.
            table: as `Dataset.table`, and maybe the columns caption and objects.
            boxes: a list of boxes a row, or JSON text of it; None where there are none.
            boxes_format: xyxy or xywh, each maybe -normalized.
            embedded: the Parquet file whose column `image` holds the pictures, row by row as the table.
            links: may a picture be a link that points out of the root?
            notes: what the report must tell.

        """
        self.name = name
        self.root = os.path.realpath(root)
        self.classes = classes
        self.table = table.combine_chunks()
        self.notes = notes
        self._boxes = boxes
        self._format = boxes_format
        self._embedded = os.path.realpath(embedded) if embedded else None
        self._links = links

    def identity(self, row: int) -> str:
        """The file's path, size and time of change; of an embedded picture, those of the Parquet file, and the row."""
        if self._embedded:
            return f"{file_identity(self._embedded)}|row {row}"
        return file_identity(self._file(row))

    def open(self, row: int, draft: int | None = None) -> Image.Image:
        """The decoded picture."""
        return open_picture(self._source(row), draft)

    def annotation(self, row: int) -> Annotation:
        """The boxes of a row, as [x0, y0, x1, y1] in pixels."""
        boxes = parse_boxes(self._boxes[row].as_py() if self._boxes is not None else None)
        if self._format.startswith("xywh"):
            boxes = tuple((x, y, x + w, y + h) for x, y, w, h in boxes)
        if self._format.endswith("normalized"):
            width, height = picture_size(self._source(row))
            boxes = tuple((x0 * width, y0 * height, x1 * width, y1 * height) for x0, y0, x1, y1 in boxes)
        return Annotation(boxes)

    def _source(self, row: int) -> Path | bytes:
        return embedded_bytes(self._embedded, row) if self._embedded else self._file(row)

    def _file(self, row: int) -> Path:
        file = os.path.join(self.root, self.table["path"][row].as_py())  # noqa: PTH118 - called for every picture
        if not self._links:
            try:
                inside = os.path.realpath(file).startswith(os.path.join(self.root, ""))  # noqa: PTH118
            except (OSError, ValueError):  # a null byte in the name
                raise SetAside("picture is missing") from None
            if not inside:
                raise SetAside("path leaves the root")
        return Path(file)
