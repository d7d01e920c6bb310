"""Tar shards of pictures with captions as a data set: indexed shard by shard, never unpacked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.data.caption_column import as_text, caption_notes
from dejavu_audit.data.labels import numbered
from dejavu_audit.data.loading import SETS
from dejavu_audit.data.object_column import refuse_strangers
from dejavu_audit.data.own_data import OwnData, no_labels
from dejavu_audit.data.pictures import file_identity
from dejavu_audit.data.tar_index import PICTURES, read_shard
from dejavu_audit.data.tar_pictures import InTars
from dejavu_audit.errors import AuditError, SetAside


def from_shards(name: str, root: Path, shards: Sequence[Path], vocabulary: Sequence[str] | None) -> OwnData:
    """The data set `name` of the shards below `root`, in their order; AuditError for a fault of the whole.

    An id is the shard's path below the root, without its ending, and the key. A shard in a folder named target, public,
    control or fit prescribes that set.
    """
    captions: Counter[str] = Counter()
    others: dict[str, Counter[str]] = {}
    tables: list[pa.Table] = []
    identities: list[str] = []
    for number, shard in enumerate(shards):
        identities.append(_identity(shard))
        found = read_shard(shard)
        captions += found.captions
        for fault, count in found.others.items():
            others.setdefault(fault, Counter())[shard.name] += count
        tables.append(_with_place(found.table, shard.relative_to(root), number))
    table = pa.concat_tables(tables)
    if not table.num_rows:
        raise AuditError(
            f"no shard in {root} holds a picture ({', '.join(f'key.{ending}' for ending in PICTURES)}); "
            f"looked into {len(shards):,}"
        )
    refuse_strangers(table["objects"], vocabulary, str(root))
    labels, classes = _labels(table, root)
    columns = {
        "id": table["id"],
        "path": table["id"],
        "label": labels,
        "boxed": pa.array(np.zeros(table.num_rows, bool)),
        "set": table["set"],
        "group": table["group"],
        "caption": as_text(table["caption"]),
    }
    if table["objects"].null_count < table.num_rows:
        columns["objects"] = table["objects"]
    pictures = InTars(
        [os.path.realpath(shard) for shard in shards],
        identities,
        *(np.asarray(table[column]) for column in ("shard", "offset", "size")),
    )
    notes = (*caption_notes(captions), *(_note(fault, counts) for fault, counts in others.items()))
    return OwnData(name, root, classes, pa.table(columns), pictures, notes=notes)


def _identity(shard: Path) -> str:
    try:
        return file_identity(os.path.realpath(shard))
    except SetAside:
        raise AuditError(f"there is no shard {shard}") from None


def _with_place(table: pa.Table, within: Path, number: int) -> pa.Table:
    """The table with ids, the number of the shard, and the set that its folder names where a picture names none."""
    size = table.num_rows
    stem = within.with_suffix("").as_posix()
    table = table.append_column("id", pc.binary_join_element_wise(stem, table["key"], "/"))
    table = table.append_column("shard", pa.repeat(pa.scalar(number, pa.int32()), size))
    if len(within.parts) > 1 and within.parts[0] in SETS:
        place = table.schema.get_field_index("set")
        table = table.set_column(place, "set", table["set"].fill_null(within.parts[0]))
    return table.drop_columns("key")


def _labels(table: pa.Table, root: Path) -> tuple[pa.Array, list[str]]:
    column = table["label"]
    if column.null_count == len(column):
        return no_labels(len(column)), []
    if column.null_count:
        first = table["id"].filter(pc.is_null(column))[0].as_py()
        raise AuditError(
            f"{column.null_count:,} of the {len(column):,} pictures in {root} have no label, {first!r} for one, and "
            "the others have; give all a key.cls or a label in key.json, or none"
        )
    return numbered(column, None, root, typed=False)


def _note(fault: str, counts: Counter[str]) -> str:
    shard, most = counts.most_common(1)[0]
    where = f"in shard {shard}" if len(counts) == 1 else f"in {len(counts):,} shards, {most:,} of them in {shard}"
    return f"{counts.total():,} {fault} ({where})"
