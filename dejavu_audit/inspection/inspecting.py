"""Look at every picture once, before anything is embedded, or find in the cache what an earlier run saw."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from dejavu_audit.embeddings.lanes import PASSING
from dejavu_audit.embeddings.store import KEY_BYTES, KEYS, Store
from dejavu_audit.embeddings.workers import in_workers, worker_died
from dejavu_audit.errors import SetAside
from dejavu_audit.inspection.looking import SCHEMA, THUMBNAIL, Inspector, fixed_binary
from dejavu_audit.inspection.looks import Looks, bytes_of
from dejavu_audit.inspection.shelf import Shelf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Array, Dataset, Progress, Rows

CHUNK_ROWS = 32
SHARD_ROWS = 4_096
"""Pictures of 1.4 kB each that are lost, at most, where a run is killed."""
MEMORY_LIMIT = 64 << 20
"""Bytes of thumbnails above which they lie in a memory-mapped scratch file."""


def inspect(
    dataset: Dataset, rows: Rows, cache_root: Path | str | None, *, workers: int | None, progress: Progress
) -> Looks:
    """Hashes, thumbnail, size, format and statistics of every row's picture; each stored picture is opened once.

    What is new is in the cache as soon as a shard is full. `workers` processes decode (None: one a core, 0: this one).
    A picture that cannot be opened is in `Looks.lost`. AuditError where the cache cannot be written, or a decoding
    process dies.
    """
    shelf = Shelf(Store(cache_root, memory_limit=MEMORY_LIMIT), dataset)
    shelf.scan(progress)
    asked, keys, lost = _keys(dataset, rows)
    unique, first, picture = np.unique(keys, return_index=True, return_inverse=True)
    named = fixed_binary(unique.view(np.uint8).reshape(-1, KEY_BYTES)) if len(unique) else pa.array([], KEYS)
    missing = np.flatnonzero(shelf.find(named) < 0)
    missing = missing[np.argsort(first[missing])]  # in the order of the rows, so that shards are read from end to end
    passing = _look(dataset, shelf, asked[first[missing]], unique[missing], workers, progress)
    at = shelf.find(named)
    reasons = _reasons(shelf, at, unique, passing)
    kept = np.array([reasons[one] is None for one in picture.ravel().tolist()], bool)
    lost |= {int(row): str(reasons[one]) for row, one in zip(asked[~kept], picture.ravel()[~kept], strict=True)}
    thumbnails = shelf.store.room((int(kept.sum()), THUMBNAIL**2), np.dtype(np.uint8))
    table = _collect(shelf, at, asked[kept], keys[kept], picture.ravel()[kept], thumbnails)
    return Looks(table, lost, decoded=len(missing), cached=len(unique) - len(missing), scratch=thumbnails)


def _keys(dataset: Dataset, rows: Rows) -> tuple[Rows, NDArray[np.void], dict[int, str]]:
    """The rows whose picture is there, the keys of what pins it (16 bytes each), and why the others are lost."""
    found: list[int] = []
    keys: list[bytes] = []
    lost: dict[int, str] = {}
    for row in dict.fromkeys(np.asarray(rows, np.int64).tolist()):
        try:
            identity = dataset.identity(row).encode(errors="surrogateescape")  # file names need not be UTF-8
        except SetAside as aside:
            lost[row] = aside.reason
            continue
        found.append(row)
        keys.append(hashlib.blake2b(identity, digest_size=KEY_BYTES).digest())
    return np.asarray(found, np.int64), np.frombuffer(b"".join(keys), np.dtype((np.void, KEY_BYTES))), lost


def _look(
    dataset: Dataset, shelf: Shelf, rows: Rows, keys: NDArray[np.void], workers: int | None, progress: Progress
) -> dict[bytes, str]:
    """Open the pictures and put what is seen on the shelf; the reasons, by key, that may pass and are not kept."""
    if not len(rows):
        return {}
    passing: dict[bytes, str] = {}
    held: list[tuple[list[bytes], pa.RecordBatch]] = []
    chunks = [rows[start : start + CHUNK_ROWS].tolist() for start in range(0, len(rows), CHUNK_ROWS)]
    try:
        with (
            progress.stage("inspecting", len(rows)) as advance,
            contextlib.closing(in_workers(Inspector(dataset), chunks, workers)) as answers,
        ):
            for number, batch in enumerate(answers):
                names = [key.tobytes() for key in keys[number * CHUNK_ROWS :][: len(batch)]]
                reasons = batch.column("reason").to_pylist()
                passing |= {key: why for key, why in zip(names, reasons, strict=True) if why in PASSING}
                held.append((names, batch))
                if len(held) * CHUNK_ROWS >= SHARD_ROWS:
                    _keep(shelf, held)
                advance(len(batch))
    except RuntimeError as error:
        raise worker_died(error) or error from None
    finally:
        _keep(shelf, held)  # what was seen is worth a shard, whatever ends the run
    return passing


def _keep(shelf: Shelf, held: list[tuple[list[bytes], pa.RecordBatch]]) -> None:
    """Put what is held on the shelf, and hold nothing."""
    if not held:
        return
    keys = [key for names, _ in held for key in names]
    table = pa.Table.from_batches([batch for _, batch in held])
    held.clear()
    lasting = [why not in PASSING for why in table["reason"].to_pylist()]
    shelf.append([key for key, keep in zip(keys, lasting, strict=True) if keep], table.filter(pa.array(lasting)))


def _reasons(
    shelf: Shelf, at: NDArray[np.int64], keys: NDArray[np.void], passing: dict[bytes, str]
) -> list[str | None]:
    """Why each picture could not be opened; None where it could."""
    reasons: list[str | None] = [passing.get(key.tobytes()) for key in keys] if passing else [None] * len(keys)
    for table, places in shelf.rows(at, ["reason"]):
        if table["reason"].null_count < len(table):
            for place, why in zip(places.tolist(), table["reason"].to_pylist(), strict=True):
                reasons[place] = why
    return reasons


def _collect(
    shelf: Shelf,
    at: NDArray[np.int64],
    rows: Rows,
    keys: NDArray[np.void],
    picture: NDArray[np.int64],
    thumbnails: Array,
) -> pa.Table:
    """The table of `Looks`: `picture` says where in `at` each row's picture is; (n, 1024) `thumbnails` are filled."""
    others = [name for name in SCHEMA.names if name not in {"thumbnail", "reason"}]
    parts, order = [], []
    local = np.full(len(at), -1, np.int64)
    for table, places in shelf.rows(at):
        local[places] = np.arange(len(places))
        mine = np.flatnonzero(local[picture] >= 0)
        within = local[picture[mine]]
        local[places] = -1
        if len(mine):
            thumbnails[mine] = bytes_of(table["thumbnail"])[within]
            parts.append(table.select(others).take(pa.array(within)))
            order.append(mine)
    schema = pa.schema([SCHEMA.field(name) for name in others])
    table = pa.concat_tables(parts) if parts else schema.empty_table()
    back = np.argsort(np.concatenate(order)) if order else np.zeros(0, np.int64)
    columns = {
        "row": pa.array(rows, pa.int64()),
        "key": fixed_binary(keys.view(np.uint8).reshape(-1, KEY_BYTES)) if len(keys) else pa.array([], KEYS),
        "thumbnail": fixed_binary(thumbnails),
        **dict(zip(others, table.take(pa.array(back)).columns, strict=True)),
    }
    return pa.table(columns).combine_chunks()
