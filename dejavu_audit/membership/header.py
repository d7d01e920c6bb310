"""What a safetensors file says of itself: the strings in its header."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open

TRAINING_DATA = "training_data"
"""A key that anybody may write: sources between semicolons, as in "imagenet-1k train; laion-2b"."""


def read_header(path: str | None) -> Mapping[str, str]:
    """The header's strings; none for what is no safetensors file, or cannot be read: others have said so by then."""
    if path is None or not path.endswith(".safetensors") or not Path(path).expanduser().is_file():
        return {}
    try:
        with safe_open(Path(path).expanduser(), framework="numpy") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError):
        return {}
