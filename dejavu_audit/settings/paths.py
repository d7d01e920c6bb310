"""Paths in a settings file or a sweep are seen from its folder, wherever the command is typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dejavu_audit.data.manifest import is_file, user_path

PATHS = ("root", "split", "members", "reference_members", "cache_dir", "out")
"""Settings that are always paths."""
SUFFIXES = (
    ".bin", ".ckpt", ".csv", ".json", ".jsonl", ".npz", ".parquet", ".pt", ".pth", ".py", ".safetensors", ".tar",
    ".toml", ".txt",
)  # fmt: skip
"""What tells a path in a setting that may be a name too."""


def seen_from(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The settings of an audit with every path absolute, relative ones seen from `folder`.

    A text that may be a name is a path by its suffix, or if it has a separator and is there; of FAMILY:NAME:FILE the
    last part is looked at.
    """
    return {key: _seen_from(key, value, folder) for key, value in settings.items()}


def _seen_from(key: str, value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return seen_from(value, folder)
    if not isinstance(value, str):
        return value
    if key in PATHS:
        return str((folder / user_path(value)).resolve())
    if not value or "\0" in value:
        return value
    whole = user_path(value)
    named = ":" in value and not (whole.is_absolute() or (folder / whole).exists())
    head, colon, last = value.rpartition(":") if named and value.count(":") <= 2 else ("", "", value)
    file = folder / user_path(last)
    separated = "/" in last or "\\" in last
    if last.lower().endswith(SUFFIXES) or (separated and file.exists()):
        return f"{head}{colon}{file.resolve()}"
    return value


def files_of(settings: Mapping[str, Any]) -> list[Path]:
    """The files that settings name, as `seen_from` leaves them: what a finished row rests on."""
    found = []
    for value in settings.values():
        if isinstance(value, dict):
            found += files_of(value)
        elif isinstance(value, str) and "\0" not in value:
            either = (Path(value), Path(value.rpartition(":")[2]))
            found += [file for file in either if file.is_absolute() and is_file(file)][:1]
    return found
