"""Pictures that lie in a folder by class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from dejavu_audit.errors import AuditError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".jp2", ".avif")


def pictures_by_class(folder: Path) -> tuple[pa.Array, tuple[str, ...]]:
    """The pictures below the subfolders of a folder, as sorted paths within it, and notes; AuditError if there is none.

    Told by their suffix; hidden files and folders are left out, and so are names that are no UTF-8.
    """
    files: list[str] = []
    strange = 0
    try:
        if not folder.is_dir():
            raise AuditError(f"there is no folder {folder}; mend the description, or say with --root where it is")
        classes = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and entry.name[0] != ".")
        for name in classes:
            for file in _below(folder / name, name):
                if file.isascii() or _is_utf8(file):
                    files.append(file)
                else:
                    strange += 1
    except OSError as error:  # a class that cannot be read must not be missing in silence
        raise AuditError(
            f"the folder {error.filename} cannot be looked into: {error.strerror}; mend its rights"
        ) from None
    if not files:
        raise AuditError(
            f"{folder} holds no pictures in subfolders ({', '.join(SUFFIXES[:4])}, …); "
            "each class is to have a subfolder of its own"
        )
    notes = (f"{strange:,} files in {folder} were left out: their names are not UTF-8",) if strange else ()
    return pa.array(sorted(files), pa.string()), notes


def _below(folder: Path, name: str) -> Iterator[str]:
    for place, inner, files in os.walk(folder, onerror=_refuse):
        inner[:] = [one for one in inner if one[0] != "."]
        within = os.path.relpath(place, folder)
        prefix = name if within == "." else f"{name}/{within.replace(os.sep, '/')}"
        yield from (f"{prefix}/{file}" for file in files if file[0] != "." and file.lower().endswith(SUFFIXES))


def _refuse(error: OSError) -> None:
    raise error


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
