"""The samples of a sequential gate: parts of one draw, each within the next; public and fit pictures stay the same."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dejavu_audit.config import PRESETS, AuditConfig
from dejavu_audit.report.reading import RUNS
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOKS = "looks"
"""Folder, beside the runs, of the lists of what each look has in which set."""


def largest(config: AuditConfig, most: int) -> AuditConfig:
    """The audit at `most` targets: what the last look is, and what the smaller ones are parts of.

    A control that was asked for stays; otherwise it is in the preset's proportion to the targets, which is one to one.
    """
    control, preset = config.control, PRESETS[config.preset]["control"]
    if control is None and preset is not None and preset < most:
        control = most
    return config.model_copy(update={"targets": most, "control": control, "out": _out(config, most)})


def sizes_in(sets: pa.Table) -> tuple[int, int]:
    """Targets and control in a table of sets, as split.parquet has it."""
    counts = {one["values"]: one["counts"] for one in pc.value_counts(sets["set"].cast(pa.string())).to_pylist()}
    return counts.get("target", 0), counts.get("control", 0)


def control_of(targets: int, every: tuple[int, int]) -> int:
    """Control of a look at so many targets of `every` (targets, control): in proportion, no fewer where there are."""
    of, control = every
    return min(control, max(targets, -(-control * targets // of)))


def part_of(sets: pa.Table, targets: int, control: int, seed: int) -> pa.Table:
    """So many of the targets and of the control, the rest of the table whole; of a larger number a larger part."""
    names = sets["set"].cast(pa.string())
    keep = np.ones(len(sets), bool)
    for name, size in (("target", targets), ("control", control)):
        rows = np.flatnonzero(np.asarray(pc.equal(names, name)))
        keep[rows] = _rank(len(rows), name, seed) < size
    return sets.filter(pa.array(keep))


def _rank(n: int, name: str, seed: int) -> NDArray[np.int64]:
    """(n,) the place of each row in an order drawn from the seed."""
    order = np.random.default_rng([seed, *f"look {name}".encode()]).permutation(n)
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    return rank


def look_config(config: AuditConfig, part: pa.Table) -> AuditConfig:
    """The audit of a part: its list is written beside the runs, under a name that its content decides."""
    targets, control = sizes_in(part)
    ids, sets = ("\n".join(map(str, part[name].to_pylist())) for name in ("id", "set"))
    told = hashlib.blake2b(f"{ids}\n\n{sets}\n\n{part['fold'].to_pylist()}".encode(), digest_size=4).hexdigest()
    where = RUNS if config.out is None else Path(config.out)
    file = where / LOOKS / f"{targets}-{told}.parquet"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, partial(pq.write_table, part))
    # Sizes do not count beside a list, but for a control of 0.
    asked = {
        "targets": None,
        "public": None,
        "control": 0 if not control and config.control == 0 else None,
        "fit": None,
    }
    return config.model_copy(update={"split": str(file), "out": _out(config, targets), **asked})


def _out(config: AuditConfig, targets: int) -> str | None:
    """A folder of its own for the look, in the one that was asked for; None: the default, whose name is the look's."""
    return None if config.out is None else str(Path(config.out) / str(targets))
