"""What is kept of earlier runs, and making room: the library side of `dejavu-audit cache info` and `cache prune`.

Shelves lie in `embeddings` and `inspections`, a folder each with a meta.json and shards; fits are single files.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dejavu_audit.embeddings.store import DAMAGED, META, cache_root
from dejavu_audit.errors import AuditError

SHELVES = {"embeddings": "embeddings", "inspections": "inspection"}
"""Folder -> kind of what lies there."""
STALE = 3_600.0
"""Seconds after which an unfinished file is taken for a killed run's."""


@dataclass(frozen=True)
class Entry:
    """Something that can be removed by itself: a view's vectors, a data set's inspection, or a fitted baseline."""

    kind: str
    """ "embeddings", "inspection" or "fit"."""
    path: Path
    name: str
    """The name of the model or the data set, or the fit's file name."""
    pretrained: str | None
    crop: str | None
    """Key of the crop rule, "full" for full pictures; None but for embeddings."""
    dim: int | None
    size: int
    """Bytes on disk, damaged and unfinished files included."""
    shards: int
    damaged: int
    """Files that were moved aside because their checksum was wrong."""
    last_used: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Pruned:
    """What was removed."""

    entries: list[Entry]
    """Whole entries."""
    files: int
    """Damaged and unfinished files of entries that stayed."""
    freed: int
    """Bytes."""


def info(cache_dir: Path | str | None = None) -> list[Entry]:
    """Everything in the cache, the largest first; empty where there is no cache. Nothing is created."""
    root = cache_root(cache_dir)
    shelves = [
        _shelf(path, kind) for folder, kind in SHELVES.items() for path in _children(root / folder) if path.is_dir()
    ]
    fits = [_fit(path) for path in _children(root / "fits") if path.is_file() and not path.name.startswith(".")]
    return sorted([*shelves, *fits], key=lambda entry: (-entry.size, str(entry.path)))


def prune(
    cache_dir: Path | str | None = None, *, unused_days: float | None = None, max_bytes: int | None = None
) -> Pruned:
    """Remove damaged and left-over files, what was not used for `unused_days`, then the longest unused to `max_bytes`.

    AuditError where files cannot be removed, or a limit is negative.
    """
    if (unused_days is not None and unused_days < 0) or (max_bytes is not None and max_bytes < 0):
        raise AuditError("a limit of the cache cannot be negative")
    root = cache_root(cache_dir)
    try:
        files, freed = _sweep(root)
        entries = sorted(info(root), key=lambda entry: entry.last_used)
        removed = []
        total, now = sum(entry.size for entry in entries), time.time()
        for entry in entries:
            old = unused_days is not None and now - entry.last_used >= unused_days * 86_400
            if old or (max_bytes is not None and total > max_bytes):
                _remove(entry.path)
                removed.append(entry)
                total -= entry.size
    except OSError as error:
        raise AuditError(
            f"{error.filename or root} cannot be removed ({error.strerror or error}); "
            "see whose it is, or name another cache with --cache-dir"
        ) from error
    return Pruned(removed, files, freed + sum(entry.size for entry in removed))


def _shelf(path: Path, kind: str) -> Entry:
    meta: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        read = json.loads((path / META).read_text())
        meta = read if isinstance(read, dict) else {}
    files = [file for file in _children(path) if file.is_file()]
    times = [_time(file) for file in files]
    used = _time(path / META) if (path / META).exists() else max(times, default=_time(path))
    dim = meta.get("dim")
    return Entry(
        kind=kind,
        path=path,
        name=str(meta.get("name") or path.name),
        pretrained=_text(meta.get("pretrained")),
        crop=_text(meta.get("crop")),
        dim=dim if isinstance(dim, int) else None,
        size=sum(_size(file) for file in files),
        shards=sum(file.suffix == ".parquet" for file in files),
        damaged=sum(file.suffix == DAMAGED for file in files),
        last_used=used,
    )


def _fit(path: Path) -> Entry:
    return Entry("fit", path, path.name, None, None, None, _size(path), 0, 0, _time(path))


def _sweep(root: Path) -> tuple[int, int]:
    """Remove damaged shards and what killed runs left half written; how many files, how many bytes."""
    files = freed = 0
    shelves = [shelf for folder in SHELVES for shelf in _children(root / folder)]
    for path in [file for shelf in shelves for file in _children(shelf)]:
        stale = path.suffix == ".tmp" and time.time() - _time(path) > STALE
        if path.suffix == DAMAGED or stale:
            size = _size(path)
            path.unlink(missing_ok=True)
            files, freed = files + 1, freed + size
    return files, freed


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _children(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise AuditError(f"{path} in the cache cannot be read ({error.strerror or error})") from error


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):  # another run moved it
        return path.stat().st_size
    return 0


def _time(path: Path) -> float:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime
    return time.time()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
