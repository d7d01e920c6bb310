"""The list of memorized samples of a finished run: what audit.json says of it, and its samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dejavu_audit.errors import AuditError
from dejavu_audit.report.columns import MEMORIZED
from dejavu_audit.report.listing import listing
from dejavu_audit.report.memorized_record import MemorizedRecord
from dejavu_audit.report.ranking import rank_listed
from dejavu_audit.report.reading import Run, columns_of, read_record, read_run

if TYPE_CHECKING:
    from pathlib import Path


def read_memorized(path: Path, top: int) -> tuple[Run, MemorizedRecord, list[dict[str, Any]]]:
    """A run, its list's record, and the first `top` of the list as `listing` gives them, least p-value first.

    AuditError where the run has no list, because it is older than lists are or has no control to compare with.
    """
    told = read_record(path).memorized
    if told is None or not set(MEMORIZED) <= set(columns_of(path)):
        raise AuditError(
            f"the run {path} has no list of memorized samples: it is older than lists are, or a two-model test in both "
            "directions; run the audit again, with a control"
        )
    run = read_run(path, ["set", *MEMORIZED])
    rows = listing(run, rank_listed(run.samples, top))
    return run, told, rows


def sentence(found: MemorizedRecord) -> str:
    """What the list is, or why there is none, in one sentence or two."""
    if not found.count:
        said = found.reason or "the list is empty"
        return f"{said[0].upper()}{said[1:]}."
    chance = f"on average at most {100 * found.q:g} % of such a list are there by chance"
    of = f"{found.count:,} of {found.targets:,} targets are"
    if found.count == 1:
        of = f"1 of {found.targets:,} targets is"
    return f"{of} on the list of memorized samples, by the score {found.score}; {chance}."


def counts_line(found: MemorizedRecord) -> str:
    """How long the list is at every rate: "at 5, 10, 20 %: 173, 209, 250"; empty where none can be made."""
    if not found.counts:
        return ""
    rates = ", ".join(f"{100 * one.q:g}" for one in found.counts)
    return f"at {rates} %: {', '.join(f'{one.count:,}' for one in found.counts)}"
