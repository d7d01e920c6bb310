"""Reading a tagger's options KEY=VALUE, and lists of names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from dejavu_audit.data.manifest import is_file, on_one_line, user_path
from dejavu_audit.errors import AuditError, unknown

LONGEST = 200
"""Characters of a name; what is longer is no list of names."""


def check(given: Mapping[str, str], known: Collection[str], tagger: str) -> None:
    """AuditError for an option that the tagger does not have."""
    for name in given:
        if name not in known:
            raise unknown(f"option of the tagger {tagger}", name, known)


def whole(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number in [low, high]; AuditError for anything else."""
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise AuditError(f"the tagger's option {name}={text} must be a whole number from {low:,} to {high:,}")
    return int(text)


def names_in(path: str | Path, what: str) -> list[str]:
    """The names in a text file, one a line, white space around them and empty lines dropped; none may come twice."""
    path = user_path(path)
    if not is_file(path):
        raise AuditError(f"{what}: there is no file {path}; write one with a name a line")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"{what}: {path} cannot be read as text: {error}") from None
    return distinct([line for line in map(str.strip, lines) if line], f"{what}: {path}")


def names_or_file(text: str, what: str) -> list[str]:
    """The names in a file of that name, else those between the commas of the text."""
    if is_file(user_path(text)) or Path(text).suffix == ".txt":
        return names_in(text, what)
    return distinct([name for name in map(str.strip, text.split(",")) if name], what)


def distinct(names: Sequence[str], what: str) -> list[str]:
    """The names as they are; AuditError where there are none, one comes twice, or one is no name."""
    if not names:
        raise AuditError(f"{what} holds no names; write one a line")
    seen: set[str] = set()
    for name in names:
        if len(name) > LONGEST:
            raise AuditError(
                f"{what} holds a name of {len(name):,} characters, {on_one_line(name[:30])!r}…; shorten it"
            )
        if name in seen:
            raise AuditError(f"{what} holds the name {name!r} twice; drop one")
        seen.add(name)
    return list(names)
