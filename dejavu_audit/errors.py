"""What can go wrong, in two kinds: a fault of the run ends it, a fault of one picture sets that picture aside."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AuditError(Exception):
    """A fault that the user can mend: one sentence that says what was wrong, where, and what to type (exit code 2)."""


class SetAside(Exception):  # noqa: N818 - not an error: the audit goes on without this picture
    """One picture that cannot be used; `reason` is counted in the report.

    Reasons are short and without the picture's name, so that equal faults count together
    ("no usable background", "picture is truncated").
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def unknown(kind: str, given: str, known: Iterable[str], *, hint: str = "") -> AuditError:
    """An AuditError for a name that nobody knows, with the near matches."""
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
    if near:
        advice = f"did you mean {' or '.join(near)}?"
    elif len(names) <= 20:
        advice = f"choose from {', '.join(names)}" if names else "none is installed"
    else:
        advice = f"{len(names):,} are known"
    return AuditError(f"unknown {kind} {given!r}: {advice}{' ' + hint if hint else ''}")
