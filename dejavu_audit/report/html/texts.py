"""Every text that a section is given, changed alike: made harmless to look at, or without the names of files."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

LONGEST = 4_000
"""Letters of one text that are shown."""
_HARMLESS = "\n\t\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def clean(text: str) -> str:
    """The text without what would turn it round, hide it or be no letter at all: "?" stands for it."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            "?"
            if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") and letter not in _HARMLESS
            else letter
            for letter in text[: LONGEST + 1]
        )
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """`change` of every text in lists, tuples and dictionaries; the dictionaries' keys and markup are ours and stay."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: changed(one, change) for key, one in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(changed(one, change) for one in value))
    if isinstance(value, (list, tuple)):
        return type(value)(changed(one, change) for one in value)
    return value
