"""Where the pictures of a set come from, counted in the data set's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.membership.scenes import world_of

if TYPE_CHECKING:
    from dejavu_audit.types import Rows

SOURCE = "source"
"""The table's optional column: where a picture comes from, as in "imagenet-1k train"; null: not said."""


@dataclass(frozen=True)
class Drawn:
    """The pictures of one set."""

    count: int
    sources: Mapping[str, int]
    """Source -> pictures; "" counts those of which it is not said."""
    prescribed: int = 0
    """Whom the data themselves put into this set."""
    ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Source -> ids, where a source is told apart picture by picture: the procedural scenes."""


def drawn(table: pa.Table, rows: Rows, set_name: str) -> Drawn:
    """Count the sources of the rows of a set, and whom the column `set` puts there."""
    at = pa.array(rows)
    given = table["set"].cast(pa.string()).take(at)
    prescribed = int(pc.sum(pc.equal(given, set_name)).as_py() or 0)
    if SOURCE not in table.column_names:
        return Drawn(len(rows), {"": len(rows)} if len(rows) else {}, prescribed)
    column = pc.fill_null(table[SOURCE].cast(pa.string()).take(at), "")
    counted = pc.value_counts(column)
    sources = dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
    ids = {
        source: table["id"].take(at).filter(pc.equal(column, source)).to_pylist()
        for source in sources
        if world_of(source) is not None
    }
    return Drawn(len(rows), sources, prescribed, ids)


def constant(source: str | None, size: int) -> pa.Array:
    """(size,) the column of pictures that all come from one place."""
    return coded([source], pa.repeat(pa.scalar(0, pa.int8()), size))


def coded(sources: Sequence[str | None], places: pa.Array) -> pa.Array:
    """(rows,) the column by the number of each picture's source among `sources`; kept as numbers, a byte a picture."""
    named = [one for one in sources if one is not None]
    numbers = [named.index(one) if one is not None else None for one in sources]
    return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int8()).take(places), pa.array(named, pa.string()))
