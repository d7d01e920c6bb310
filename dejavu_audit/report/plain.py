"""What comes from data, made fit to be shown: one line, no control characters."""

from __future__ import annotations

import unicodedata

_HARMLESS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def plain(value: object, width: int = 80) -> str:
    """One line of at most `width` characters; what would steer the terminal or turn the text round shows as "?"."""
    text = str(value)[: 4 * width]
    line = " ".join(text.split())
    line = "".join(
        "?" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") and letter not in _HARMLESS else letter
        for letter in line
    )
    return line if len(line) <= width and len(str(value)) == len(text) else line[: width - 3].rstrip() + "..."


def number(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """A number, or "-" where it was not measured."""
    return "-" if value is None else f"{round(value, digits) + 0.0:{'+' if signed else ''}.{digits}f}"  # never -0.00
