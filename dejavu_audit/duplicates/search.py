"""Find the pictures that the sets of an audit have in common, or nearly (method: section 4.4)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dejavu_audit.data.raw import are_distinct
from dejavu_audit.duplicates.background import Background
from dejavu_audit.duplicates.candidates import candidates
from dejavu_audit.duplicates.descriptors import DIMENSIONS, descriptors
from dejavu_audit.duplicates.entries import CONTROL, FIT, PUBLIC, TARGET, entries_of
from dejavu_audit.duplicates.groups import NEAR, group
from dejavu_audit.duplicates.judging import judge
from dejavu_audit.duplicates.outcome import Duplicates, not_searched, outcome
from dejavu_audit.duplicates.pairs import Doubles, compare_pixels, joined, spread, within_groups, worth_telling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.duplicates.candidates import Pairs
    from dejavu_audit.duplicates.entries import Entries
    from dejavu_audit.inspection.looks import Looks
    from dejavu_audit.types import Dataset, Progress, Rows, SetName

    Numbers = NDArray[np.float32]


def find_duplicates(
    looks: Looks,
    sets: Mapping[SetName, Rows],
    dataset: Dataset,
    *,
    keep: bool = False,
    workers: int | None = None,
    seed: int = 0,
    progress: Progress,
) -> Duplicates:
    """Exact and near-duplicates between the sets, and within the targets and the control.

    Of a pair across sets the picture of the later set goes: control before targets, public before both, fit before all.
    With `keep`, they are reported but nothing is lost. Near-duplicates are pictures compressed again, resized, cropped
    by up to about a tenth a side, recoloured mildly or turned left to right. A data set that says by `distinct` that
    none of its pictures are alike is taken at its word. AuditError if a process that decodes pictures dies.
    """
    if are_distinct(dataset):
        return not_searched(sets)
    began = time.perf_counter()
    entries = entries_of(looks, sets)
    with progress.stage("looking for duplicates", len(entries)) as advance:
        whole = _descriptors(entries)
        background = Background(whole, ~entries.flat, seed)
        groups = group(entries, background)
        heads = groups.heads
        advance(len(entries) - len(heads))
        holds = np.zeros((len(entries), FIT + 1), bool)
        holds[groups.head, entries.sets] = True
        found = [within_groups(groups)]
        for foremost, asked in _jobs(heads[~entries.flat[heads]], holds):
            likely = candidates(entries, whole, background, foremost, asked, lambda done: None)
            found.append(spread(groups, _near(entries, background, likely)))
        advance(len(heads))
    pairs = compare_pixels(dataset, entries, worth_telling(entries, joined(found)), workers, progress)
    return outcome(dataset, entries, pairs, keep=keep, seconds=time.perf_counter() - began)


def _jobs(heads: Rows, holds: NDArray[np.bool_]) -> list[tuple[Rows, Rows]]:
    """Who is compared with whom, by the sets that have members in a head's group: the foremost, and those asked.

    A picture of a later set is asked for its nearest in the foremost, so that none of a pile is passed over.
    """

    def of(*sets: int) -> Rows:
        return heads[holds[heads][:, sets].any(axis=1)]

    judged = of(TARGET, CONTROL)
    return [
        (of(TARGET), judged),
        (of(CONTROL), of(CONTROL)),
        (judged, of(PUBLIC, FIT)),
        (of(PUBLIC), of(FIT)),
    ]


def _descriptors(entries: Entries) -> Numbers:
    """(n, 32) of the entries, read block by block: the thumbnails may lie in a file."""
    found = [
        descriptors(entries.thumbnail(np.arange(start, min(start + 16_384, len(entries)))))[:, 0]
        for start in range(0, len(entries), 16_384)
    ]
    whole: Numbers = np.concatenate(found) if found else np.zeros((0, DIMENSIONS), np.float32)
    whole[entries.flat] = 0
    return whole


def _near(entries: Entries, background: Background, pairs: Pairs) -> Doubles:
    level = background.of_pairs(pairs.one, pairs.other)
    judged = judge(entries, pairs.one, pairs.other, pairs.windows, level, pairs.mirrored)
    at = np.flatnonzero(judged.near)
    return Doubles(
        pairs.one[at],
        pairs.other[at],
        np.full(len(at), NEAR, np.int8),
        judged.similarity[at],
        judged.windows[at],
        np.zeros(len(at), bool),
        pairs.mirrored[at],
    )
