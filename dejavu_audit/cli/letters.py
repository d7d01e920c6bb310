"""What stands for a letter that the terminal lacks: its nearest in ASCII, and "?" only where there is none."""

from __future__ import annotations

import codecs
import sys
import unicodedata

NAME = "dejavu-audit-plain"
# Of the same width where they stand in tables and frames.
SIGNS = {
    "–": "-", "—": "-", "−": "-", "…": ".", "±": "+-", "×": "x", "≥": ">=", "≤": "<=", "→": "->", "‘": "'", "’": "'",
    "“": '"', "”": '"', "·": "*", "•": "*", "─": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "ß": "ss",
    "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
}  # fmt: skip


def plain_letters(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: "déjà vu" is "deja vu" where there are no accents."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_plain(letter) for letter in lacking), error.end


def _plain(letter: str) -> str:
    if letter in SIGNS:
        return SIGNS[letter]
    base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return base or ("" if unicodedata.combining(letter) else "?")


def make_safe() -> None:
    """Let standard output and error show what they cannot encode in letters that they can."""
    import io

    codecs.register_error(NAME, plain_letters)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAME)
