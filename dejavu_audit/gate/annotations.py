"""What GitHub shows beside a pull request: annotations by workflow commands, and the summary of the job."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dejavu_audit.gate.record import GateRecord

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
MOST = 10
"""Annotations of one kind that GitHub shows for a step; more are dropped without a word."""
Kind: TypeAlias = Literal["error", "warning", "notice"]
_KINDS: dict[str, Kind] = {"pass": "notice", "fail": "error", "inconclusive": "warning"}
_CONTROLS = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class _Note(NamedTuple):
    kind: Kind
    title: str
    message: str


def annotate(record: GateRecord) -> list[str]:
    """Workflow commands, a line each: the verdict, then whatever did not pass.

    Exceeded limits and requirements that are not met are errors, undecided limits are warnings, or notices where the
    gate passes all the same. Of each kind there are as many as GitHub shows; the last counts those that it replaces.
    """
    notes = list(_notes(record))
    total, shown = Counter(note.kind for note in notes), Counter[Kind]()
    lines = []
    for note in notes:
        shown[note.kind] += 1
        if shown[note.kind] == MOST < total[note.kind]:
            more = total[note.kind] - MOST + 1
            lines.append(command(note.kind, "dejavu-audit gate", f"{more:,} more are in the summary and in junit.xml"))
        elif shown[note.kind] <= MOST:
            lines.append(command(*note))
    return lines


def _notes(record: GateRecord) -> Iterator[_Note]:
    yield _Note(_KINDS[record.verdict], f"dejavu-audit gate: {record.verdict}", record.sentence)
    for one in record.requirements:
        if not one.met:
            yield _Note("error", f"Requirement not met: {one.name}", one.sentence)
    for limit in record.limits:
        if limit.verdict == "fail":
            yield _Note("error", f"Limit exceeded: {limit.score}", limit.sentence)
        elif limit.verdict == "inconclusive":
            kind: Kind = "notice" if record.verdict == "pass" else "warning"
            yield _Note(kind, f"Limit undecided: {limit.score}", limit.sentence)


def command(kind: Kind, title: str, message: str) -> str:
    """One workflow command; what the texts hold cannot end it, start another, or set another property of it."""
    return f"::{kind} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(message)}"


def _escaped(text: str) -> str:
    # The percent sign first, for the others are escaped by one.
    return _CONTROLS.sub("", text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def step_summary(text: str) -> Path | None:
    """Append Markdown to the summary of the running GitHub step; the file, or None where there is no such step."""
    named = os.environ.get(SUMMARY_VARIABLE)
    if not named:
        return None
    try:
        with Path(named).open("a", encoding="utf-8", errors="replace") as file:
            file.write(text.rstrip("\n") + "\n\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AuditError(
            f"the job summary cannot be written to {named} ({reason}), which {SUMMARY_VARIABLE} names; unset the "
            "variable, or make the file writable"
        ) from error
    return Path(named)
