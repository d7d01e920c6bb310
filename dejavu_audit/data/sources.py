"""Where the pictures of a data set lie: as files below a root, or as bytes in a column of Parquet files.

Tar shards have a file of their own, `tar_pictures`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dejavu_audit.data.embedded import embedded_bytes
from dejavu_audit.data.pictures import file_identity
from dejavu_audit.errors import SetAside

if TYPE_CHECKING:
    import pyarrow as pa


class Source(Protocol):
    """Gives the picture of a row. Must be picklable: worker processes ask it."""

    def identity(self, row: int) -> str:
        """What pins the picture's content; SetAside if it is missing."""
        ...

    def picture(self, row: int) -> Path | bytes:
        """A file, or the bytes of one; SetAside where there is none."""
        ...


class Files:
    """Pictures that are files of their own."""

    def __init__(self, root: str, paths: pa.Array | pa.ChunkedArray, *, links: bool = False) -> None:
        """Take the resolved root and the (rows,) paths below it; with `links`, a link may point out of the root."""
        self._root, self._paths, self._links = root, paths, links

    def identity(self, row: int) -> str:
        """The file's path, size and time of change."""
        return file_identity(self.picture(row))

    def picture(self, row: int) -> Path:
        """The file."""
        file = os.path.join(self._root, self._paths[row].as_py())  # noqa: PTH118 - called for every picture
        if not self._links:
            try:
                inside = os.path.realpath(file).startswith(os.path.join(self._root, ""))  # noqa: PTH118
            except (OSError, ValueError):  # a null byte in the name
                raise SetAside("picture is missing") from None
            if not inside:
                raise SetAside("path leaves the root")
        return Path(file)


class InParquet:
    """Pictures in the column `image` of one or several Parquet files, one after the other."""

    def __init__(self, files: Sequence[Path], sizes: Sequence[int]) -> None:
        """Take the files, and how many rows each has."""
        self._files = [os.path.realpath(file) for file in files]
        self._starts = np.cumsum([0, *sizes])

    def identity(self, row: int) -> str:
        """Path, size and time of change of the Parquet file, and the row in it."""
        file, place = self._place(row)
        return f"{file_identity(file)}|row {place}"

    def picture(self, row: int) -> bytes:
        """The encoded picture."""
        return embedded_bytes(*self._place(row))

    def _place(self, row: int) -> tuple[str, int]:
        number = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self._files[number], row - int(self._starts[number])
