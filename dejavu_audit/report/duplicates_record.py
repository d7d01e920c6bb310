"""audit.json's `data.duplicates`: pictures that are in several sets, or twice in one, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dejavu_audit.report.folder import DUPLICATES
from dejavu_audit.report.score_record import Record
from dejavu_audit.types import SetName

if TYPE_CHECKING:
    from dejavu_audit.duplicates.outcome import Duplicates

EXAMPLES = 20
"""Pairs that are named."""
_ONE = {"target": "target", "control": "control picture", "public": "public picture", "fit": "picture to fit on"}
_MANY = {"target": "targets", "control": "control pictures", "public": "public pictures", "fit": "pictures to fit on"}


class FoundRecord(Record):
    """Duplicates between two sets, or within one."""

    set: SetName
    """The set whose picture stays."""
    other: SetName
    """The same set, or the one whose picture is the duplicate."""
    kinds: dict[str, int]
    """Of `other`, pictures that have a duplicate in `set`: "same bytes", "same pixels" or "near"."""


class ExampleRecord(Record):
    """One pair."""

    set: SetName
    id: str
    other_set: SetName
    other_id: str
    kind: Literal["same bytes", "same pixels", "near"]
    similarity: float
    """0 to 1; 1: the same."""
    mirrored: bool


class DuplicatesRecord(Record):
    """Pictures that are in the audit more than once."""

    looked_for: bool
    """False: the data say that their pictures are distinct by construction."""
    kept: bool
    """True: they were reported and left in (--keep-duplicates)."""
    searched: dict[SetName, int]
    """Pictures that were compared, by set."""
    found: list[FoundRecord]
    """Empty: none."""
    removed: int
    """Pictures of control, public and fit set that were taken out: see `set_aside` for why."""
    clusters: int
    """Clusters of targets, or of control pictures, that are alike: they are resampled whole."""
    clustered: int
    """Samples in them."""
    examples: list[ExampleRecord]
    file: str | None = Field(default=None)
    """Where all pairs are, in the run folder; null: there is none."""

    def sentences(self) -> list[str]:
        """What the reader of the number must know of them."""
        if not self.looked_for:
            return ["Duplicates were not looked for: the data are procedural, and every picture is drawn anew."]
        across = [one for one in self.found if one.set != one.other]
        told = [f"{_count(one)} {_among(one)}" for one in across]
        said = []
        if told and self.kept:
            said.append(
                f"Duplicates across the sets were left in, as was asked (--keep-duplicates): {_listed(told)}; copies "
                "of targets among public pictures look like memory, and in the control they hide it."
            )
        elif told:
            said.append(f"Duplicates across the sets were taken out: {_listed(told)}.")
        else:
            said.append(f"No duplicates across the sets were found among {sum(self.searched.values()):,} pictures.")
        if self.clusters:
            said.append(
                f"{self.clustered:,} samples are near-duplicates of others of their own set; they make "
                f"{self.clusters:,} cluster{'' if self.clusters == 1 else 's'}, resampled whole."
            )
        return said


def _count(found: FoundRecord) -> str:
    total = sum(found.kinds.values())
    exact = total - found.kinds.get("near", 0)
    what = (_ONE if total == 1 else _MANY)[found.other]
    return f"{total:,} {what}" + (f" ({exact:,} exact)" if exact else "")


def _among(found: FoundRecord) -> str:
    return f"like {_MANY[found.set]}"


def _listed(parts: list[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else ", ".join(parts[:-1]) + " and " + parts[-1]


def duplicates_record(found: Duplicates) -> DuplicatesRecord:
    """The record of a search."""
    return DuplicatesRecord(
        looked_for=found.looked_for,
        kept=found.kept,
        searched=dict(found.searched),
        found=[FoundRecord(set=one, other=other, kinds=dict(kinds)) for (one, other), kinds in found.counts.items()],
        removed=len(found.lost),
        clusters=len(set(found.clusters.values())),
        clustered=len(found.clusters),
        examples=list(_examples(found)),
        file=DUPLICATES if found.pairs.num_rows else None,
    )


def _examples(found: Duplicates) -> Iterator[ExampleRecord]:
    """The first of the pairs, which are in order of sets and kinds."""
    fields = ("set", "id", "other_set", "other_id", "kind", "similarity", "mirrored")
    for pair in found.pairs.slice(0, EXAMPLES).select(list(fields)).to_pylist():
        yield ExampleRecord(**pair)
