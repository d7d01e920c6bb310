"""What earlier inspections found, on disk beside the embeddings: one folder a data set, content-addressed, lock-free.

<cache>/inspections/<key>/meta.json            which data set and version of the inspection, for people
<cache>/inspections/<key>/shard-<sum>.parquet  some pictures' rows; <sum> is the BLAKE2b of the file's bytes
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dejavu_audit.embeddings.store import DAMAGED, KEYS, META, Store, write_atomically
from dejavu_audit.errors import AuditError
from dejavu_audit.inspection.looking import INSPECTION_VERSION, SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.types import Dataset, Progress

FOLDER = "inspections"
KEYED = SCHEMA.insert(0, pa.field("key", KEYS))


class Shelf:
    """The rows of one data set's pictures; only their keys are held in memory."""

    def __init__(self, store: Store, dataset: Dataset) -> None:
        """Name the shelf; nothing is read or written yet."""
        parts = [INSPECTION_VERSION, dataset.name, dataset.root]
        key = hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
        self.store = store
        self.path = store.root / FOLDER / key
        self._meta = {
            "name": dataset.name,
            "root": dataset.root,
            "inspection": INSPECTION_VERSION,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        self._shards: list[tuple[Path, pa.Array]] = []

    def scan(self, progress: Progress) -> None:
        """Check every shard's checksum and read the keys; damaged shards are moved aside and said."""
        with contextlib.suppress(OSError):
            os.utime(self.path / META)  # the time of last use, for `cache prune`
        self._shards = []
        for path in sorted(self.path.glob("shard-*.parquet")):
            keys = self._checked(path)
            if keys is not None:
                self._shards.append((path, keys))
                continue
            with contextlib.suppress(FileNotFoundError), self.store.writing():  # another run may have been faster
                path.replace(path.with_suffix(DAMAGED))
            progress.say(f"a damaged file in the cache was moved aside, its pictures are inspected again: {path.name}")

    def find(self, keys: pa.Array) -> NDArray[np.int64]:
        """Where each key is on the shelf, -1 where it is not."""
        known = pa.concat_arrays([found for _, found in self._shards]) if self._shards else pa.array([], KEYS)
        at = pc.index_in(keys, value_set=known)
        return np.asarray(at.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)

    def rows(
        self, at: NDArray[np.int64], columns: Sequence[str] = SCHEMA.names
    ) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
        """The rows of found places, shard by shard: columns of `SCHEMA`, and where in `at` the rows belong.

        Places of -1 are passed over.
        """
        ends = np.cumsum([len(keys) for _, keys in self._shards])
        shard_of = np.where(at < 0, -1, np.searchsorted(ends, at, side="right"))
        order = np.argsort(shard_of, kind="stable")
        cuts = np.searchsorted(shard_of[order], np.arange(len(self._shards) + 1))
        for number, (path, keys) in enumerate(self._shards):
            wanted = order[cuts[number] : cuts[number + 1]]
            if len(wanted):
                within = at[wanted] - (ends[number] - len(keys))
                yield self._rows(path, columns).take(pa.array(within)), wanted

    def append(self, keys: list[bytes], rows: pa.Table) -> None:
        """Write one shard; AuditError where the disk refuses."""
        if not keys:
            return
        if not (self.path / META).exists():
            write_atomically(self.store, self.path / META, (json.dumps(self._meta, indent=2) + "\n").encode())
        named = pa.array(keys, KEYS)
        sink = pa.BufferOutputStream()
        # Thumbnails are noise to a dictionary; without compression they are read at the speed of memory.
        pq.write_table(rows.add_column(0, "key", named), sink, compression="none", use_dictionary=["format", "reason"])
        content = sink.getvalue()
        path = self.path / f"shard-{_checksum(content)}.parquet"
        write_atomically(self.store, path, content)
        self._shards.append((path, named))

    def _checked(self, path: Path) -> pa.Array | None:
        try:
            content = path.read_bytes()
            if _checksum(content) != path.stem.removeprefix("shard-"):
                return None
            file = pq.ParquetFile(pa.BufferReader(content))
            if not file.schema_arrow.equals(KEYED):
                return None
            return pa.concat_arrays(file.read(columns=["key"])["key"].chunks)
        except (FileNotFoundError, pa.ArrowInvalid):
            return None
        except OSError as error:
            raise AuditError(
                f"{path} in the cache cannot be read ({error.strerror or error}); choose another with --cache-dir"
            ) from error

    def _rows(self, path: Path, columns: Sequence[str]) -> pa.Table:
        try:
            return pq.ParquetFile(pa.memory_map(str(path))).read(columns=list(columns))
        except (OSError, pa.ArrowInvalid) as error:
            raise AuditError(f"{path} in the cache was removed while it was in use; start the run again") from error


def _checksum(content: bytes | pa.Buffer) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
