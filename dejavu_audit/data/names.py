"""Lists of names, as of classes or objects: written out, or a line each in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from dejavu_audit.data.manifest import is_file, user_path
from dejavu_audit.errors import AuditError

OBJECTS = "objects of the vocabulary"


def names_from(asked: Sequence[str] | str, here: Path, what: str) -> list[str]:
    """A list of names as it is, or from a file relative to `here`: a name a line, or a JSON list.

    `what` says in a complaint what they name, as in "class names". AuditError where they cannot be read or one comes
    twice.
    """
    names = _in_file(here / asked, what) if isinstance(asked, str) else list(asked)
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise AuditError(f"the {what} have the name {name!r} twice; name them apart")
        seen.add(name)
    return names


def names_option(given: str) -> list[str]:
    """Objects as typed for the option `vocabulary`: the text file that lists them, or names between commas."""
    file = user_path(given)
    if is_file(file) or file.suffix.lower() in {".txt", ".json"}:
        return names_from(str(file), Path(), OBJECTS)
    return names_from([name.strip() for name in given.split(",") if name.strip()], Path(), OBJECTS)


def _in_file(file: Path, what: str) -> list[str]:
    try:
        text = file.read_text("utf-8-sig")
        listed = file.suffix.lower() == ".json"
        names = json.loads(text) if listed else [line.strip() for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, RecursionError) as error:
        raise AuditError(f"the {what} in {file} cannot be read: {error}") from None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise AuditError(f"{file} must hold a JSON list of {what}, or a name a line in a .txt file")
    return names
