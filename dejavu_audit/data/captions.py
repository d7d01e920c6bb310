"""The built-in data set `captions`: pictures with captions, in tar shards, a folder with captions.txt, or a table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from dejavu_audit.data.caption_file import FILES, from_caption_file
from dejavu_audit.data.manifest import FORMATS, is_file, is_folder, user_path
from dejavu_audit.data.names import names_option
from dejavu_audit.data.own_data import OwnData, with_source
from dejavu_audit.data.rows import from_rows, read_rows
from dejavu_audit.data.tar_members import compressed
from dejavu_audit.data.tar_shards import from_shards
from dejavu_audit.errors import AuditError, unknown

NAME = "captions"
LAYOUTS = ("tar", "txt", "table")
OPTIONS = ("format", "source", "vocabulary")
COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar.lz4")


def load(root: str | None, options: Mapping[str, str], seed: int) -> OwnData:
    """The captions under `root`, a folder or one file; nothing is drawn, so the seed is not used.

    Options: `format` (tar, txt or table) where a folder holds several; `source`, the published data set that they are
    of, as in laion-2b; `vocabulary` (a file, or names between commas) that objects must be of. AuditError where nothing
    is recognised, or no picture has a caption.
    """
    for name in options:
        if name not in OPTIONS:
            raise unknown("option of the data set captions", name, OPTIONS)
    layout = options.get("format")
    if layout is not None and layout not in LAYOUTS:
        raise unknown("format of captions", layout, LAYOUTS)
    if root is None:
        raise AuditError(
            "data set captions needs --root (or DEJAVU_AUDIT_CAPTIONS_ROOT): a folder of tar shards, a folder with "
            "captions.txt, or a Parquet, JSONL or CSV file"
        )
    vocabulary = names_option(options["vocabulary"]) if "vocabulary" in options else None
    data = _read(user_path(root), layout, vocabulary)
    captions = data.table["caption"] if "caption" in data.table.column_names else None
    if captions is None or captions.null_count == len(captions):
        why = f" ({'; '.join(data.notes)})" if data.notes else ""
        raise AuditError(f"none of the {data.table.num_rows:,} pictures in {root} has a caption{why}")
    return with_source(data, options["source"]) if "source" in options else data


def _read(root: Path, layout: str | None, vocabulary: Sequence[str] | None) -> OwnData:
    if not is_file(root) and not is_folder(root):
        raise AuditError(f"there is no file or folder {root}; say with --root where the captions are")
    if layout in (None, "tar"):
        shards = _shards(root)
        if shards:
            return from_shards(NAME, root.parent if is_file(root) else root, shards, vocabulary)
    if layout in (None, "txt"):
        texts = [root] if is_file(root) and _ends(root, (".txt", ".tsv")) else [root / name for name in FILES]
        text = next((file for file in texts if is_file(file)), None)
        if text is not None:
            return from_caption_file(NAME, text)
    if layout in (None, "table"):
        tables = _tables(root)
        if tables:
            base = root.parent if is_file(root) else root
            return from_rows(NAME, read_rows(tables), base, vocabulary=vocabulary)
    looked = {"tar": "*.tar", "txt": " or ".join(FILES), "table": f"files of one format of {', '.join(FORMATS)}"}
    raise AuditError(
        f"no captions are recognised in {root}; looked for "
        f"{looked[layout] if layout else '; '.join(looked.values())}: name the folder that holds them, or one file"
    )


def _ends(path: Path, endings: tuple[str, ...]) -> bool:
    return path.name.lower().endswith(endings)


def _shards(root: Path) -> list[Path]:
    """The tars in a folder and in its subfolders, sorted; AuditError if one is compressed."""
    if is_file(root):
        found = [root] if _ends(root, (".tar", *COMPRESSED)) else []
    else:
        found = sorted(
            path
            for folder in (root, *_entries(root, folders=True))
            for path in _entries(folder, folders=False)
            if _ends(path, (".tar", *COMPRESSED))
        )
    for path in found:
        if _ends(path, COMPRESSED):
            raise compressed(path, path.suffix)
    return found


def _entries(folder: Path, *, folders: bool) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir() == folders and entry.name[0] != "."]
    except OSError as error:
        raise AuditError(f"the folder {folder} cannot be looked into: {error.strerror or error}") from None


def _tables(root: Path) -> list[Path]:
    """The manifests in a folder, sorted; AuditError if they are of several formats."""
    if is_file(root):
        return [root] if _ends(root, FORMATS) else []
    found = sorted(path for path in _entries(root, folders=False) if _ends(path, FORMATS))
    kinds = sorted({path.suffix.lower() for path in found})
    if len(kinds) > 1:
        raise AuditError(f"{root} holds {' and '.join(kinds)} files; name the one with the captions as --root")
    return found
