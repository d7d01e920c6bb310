"""The on-disk store of vectors: content-addressed, written atomically, shared by any number of runs without locks.

    <cache>/embeddings/<shelf key>/meta.json            what the shelf holds, for people and for `cache info`
    <cache>/embeddings/<shelf key>/shard-<sum>.parquet  some pictures' vectors; <sum> is the BLAKE2b of the file's bytes

A shelf is one view: featurizer, transform and crop rule. A row's key hashes what pins the picture. Shards are
immutable and their name carries their checksum, so a damaged one is found when it is opened.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import platformdirs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.embeddings.views import View
    from dejavu_audit.types import Array, Progress

KEY_BYTES = 16
KEYS = pa.binary(KEY_BYTES)
META = "meta.json"
DAMAGED = ".damaged"
MEMORY_LIMIT = 1 << 30
"""Bytes of one job's vectors above which they lie in a memory-mapped scratch file."""


class Store:
    """The cache folder; AuditError where it cannot be written to."""

    def __init__(self, cache_dir: Path | str | None = None, *, memory_limit: int = MEMORY_LIMIT) -> None:
        """Open the cache in `cache_dir`; None: the platform's cache folder."""
        self.root = cache_root(cache_dir)
        self.memory_limit = memory_limit
        with self.writing():
            (self.root / "embeddings").mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root / "embeddings") as file:
                file.write(b"writable")

    def shelf(self, view: View, jpeg_draft: bool = False) -> Shelf:
        """The shelf of a view, read but for its vectors by `Shelf.scan`."""
        return Shelf(self, view, jpeg_draft)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn a full or forbidden disk into an AuditError that says what to type."""
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                fault = "has no room left; make some with `dejavu-audit cache prune`"
            else:
                fault = f"cannot be written to ({error.strerror or error}); make it writable"
            raise AuditError(f"the cache folder {self.root} {fault} or choose another with --cache-dir") from error

    def room(self, shape: tuple[int, int], dtype: np.dtype[Any]) -> Array:
        """An uninitialised array; beyond the memory limit on a scratch file that vanishes with it."""
        size = shape[0] * shape[1] * dtype.itemsize
        if size <= self.memory_limit:
            return np.empty(shape, dtype)
        with self.writing(), tempfile.TemporaryFile(dir=self.root / "embeddings") as file:
            if hasattr(os, "posix_fallocate"):  # a sparse file on a full disk would kill the process at some write
                os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, dtype, "w+", shape=shape)


class Shelf:
    """All stored vectors of one view; only the keys, crops and reasons are held in memory."""

    def __init__(self, store: Store, view: View, jpeg_draft: bool) -> None:
        """Name the shelf; nothing is read or written yet."""
        featurizer = view.featurizer
        self.store = store
        self.key = view.shelf_key(jpeg_draft)
        self.path = store.root / "embeddings" / self.key
        self.dim = featurizer.dim
        self.dtype = np.dtype(featurizer.dtype)
        self._meta: dict[str, Any] = {
            "family": getattr(featurizer, "family", None),
            "name": getattr(featurizer, "name", type(featurizer).__name__),
            "pretrained": getattr(featurizer, "pretrained", None),
            "fingerprint": featurizer.fingerprint,
            "dim": self.dim,
            "dtype": self.dtype.name,
            "transform": featurizer.transform.key,
            "crop": view.crop_key,
            "jpeg_draft": view.draft(jpeg_draft),
            "batch_size": None,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        self._shards: list[tuple[Path, pa.Table]] = []

    @property
    def batch_size(self) -> int | None:
        """The batch size that vectors on this shelf were computed with, if it is known."""
        size = self._meta["batch_size"]
        return size if isinstance(size, int) and size > 0 else None

    def remember_batch_size(self, size: int) -> None:
        """Keep the batch size for later runs, so that they compute the same bits."""
        if size != self._meta["batch_size"] or not (self.path / META).exists():
            self._meta["batch_size"] = size
            text = json.dumps(self._meta, indent=2) + "\n"
            write_atomically(self.store, self.path / META, text.encode())

    def scan(self, progress: Progress) -> None:
        """Check every shard's checksum and read the keys; damaged shards are moved aside and said."""
        with contextlib.suppress(OSError, ValueError):
            meta = json.loads((self.path / META).read_text())
            self._meta.update({name: meta[name] for name in ("batch_size", "created") if name in meta})
            os.utime(self.path / META)  # the time of last use, for `cache prune`
        self._shards = []
        for path in sorted(self.path.glob("shard-*.parquet")):
            table = self._checked(path)
            if table is not None:
                self._shards.append((path, table))
                continue
            with contextlib.suppress(FileNotFoundError), self.store.writing():  # another run may have been faster
                path.replace(path.with_suffix(DAMAGED))
            progress.say(f"a damaged file in the cache was moved aside, its pictures are embedded again: {path.name}")

    def find(self, keys: pa.Array) -> NDArray[np.int64]:
        """Where each key is on the shelf, as `gather` takes it; -1 where it is not."""
        known = pa.chunked_array([table["key"].combine_chunks() for _, table in self._shards], KEYS)
        at = pc.index_in(keys, value_set=known.combine_chunks() if known.num_chunks else pa.array([], KEYS))
        return np.asarray(at.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)

    def details(self, at: NDArray[np.int64]) -> tuple[NDArray[np.int32], list[str | None]]:
        """Crops (n, 4) and the reasons (None: embedded) of found places."""
        if not len(at):
            return np.zeros((0, 4), np.int32), []
        table = pa.concat_tables([table for _, table in self._shards]).take(pa.array(at))
        crops = np.stack([table[name].to_numpy() for name in "xywh"], axis=1).astype(np.int32, copy=False)
        return crops, table["reason"].to_pylist()

    def gather(self, at: NDArray[np.int64]) -> Array:
        """The vectors (n, dim) at found places that are embedded, in that order; read shard by shard."""
        vectors = self.store.room((len(at), self.dim), self.dtype)
        ends = np.cumsum([len(table) for _, table in self._shards])
        shard_of = np.searchsorted(ends, at, side="right")
        order = np.argsort(shard_of, kind="stable")
        cuts = np.searchsorted(shard_of[order], np.arange(len(self._shards) + 1))
        for number, (path, table) in enumerate(self._shards):
            wanted = order[cuts[number] : cuts[number + 1]]
            if len(wanted):
                within = at[wanted] - (ends[number] - len(table))
                vectors[wanted] = self._vectors(path)[within]
        return vectors

    def append(self, keys: bytes, vectors: Array, crops: NDArray[np.int32], reasons: dict[bytes, str]) -> None:
        """Write one shard: m embedded pictures (keys of 16 bytes, joined) and the set-asides, key -> reason."""
        m, lost = len(vectors), len(reasons)
        if m + lost == 0:
            return
        empty = bytes(lost * self.dim * self.dtype.itemsize)
        width = self.dim * self.dtype.itemsize
        valid = np.packbits(np.arange(m + lost) < m, bitorder="little").tobytes()
        flat = np.ascontiguousarray(vectors, self.dtype)
        values = pa.py_buffer(flat.tobytes() + empty) if lost else pa.py_buffer(flat)
        sides = np.concatenate([crops, np.zeros((lost, 4), np.int32)]).astype(np.int32, copy=False)
        table = pa.table(
            {
                "key": pa.Array.from_buffers(KEYS, m + lost, [None, pa.py_buffer(keys + b"".join(reasons))]),
                "vector": pa.Array.from_buffers(pa.binary(width), m + lost, [pa.py_buffer(valid), values]),
                **{name: pa.array(np.ascontiguousarray(sides[:, i])) for i, name in enumerate("xywh")},
                "reason": pa.array([None] * m + list(reasons.values()), pa.string()),
            }
        )
        sink = pa.BufferOutputStream()
        # Neither dictionaries nor compression: vectors are noise to both, and this reads at the speed of memory.
        pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False)
        content = sink.getvalue()
        path = self.path / f"shard-{_checksum(content)}.parquet"
        write_atomically(self.store, path, content)
        self._shards.append((path, table.drop_columns("vector")))

    def _checked(self, path: Path) -> pa.Table | None:
        try:
            content = path.read_bytes()
            if _checksum(content) != path.stem.removeprefix("shard-"):
                return None
            return pq.ParquetFile(pa.BufferReader(content)).read(columns=["key", *"xywh", "reason"])
        except FileNotFoundError:
            return None
        except pa.ArrowInvalid:
            return None
        except OSError as error:
            raise AuditError(
                f"{path} in the cache cannot be read ({error.strerror or error}); choose another with --cache-dir"
            ) from error

    def _vectors(self, path: Path) -> Array:
        try:
            column = pq.ParquetFile(pa.memory_map(str(path))).read(columns=["vector"])["vector"]
        except (OSError, pa.ArrowInvalid) as error:
            raise AuditError(f"{path} in the cache was removed while it was in use; start the run again") from error
        parts = [
            np.frombuffer(chunk.buffers()[1], self.dtype).reshape(-1, self.dim)[chunk.offset :][: len(chunk)]
            for chunk in column.chunks
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def cache_root(cache_dir: Path | str | None) -> Path:
    """The cache folder; None: the platform's."""
    return Path(cache_dir).expanduser() if cache_dir is not None else platformdirs.user_cache_path("dejavu-audit")


def write_atomically(store: Store, path: Path, content: bytes | pa.Buffer) -> None:
    """Put a file in place whole or not at all, also when the machine stops; AuditError where the disk refuses."""
    with store.writing():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".tmp", prefix=".", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _checksum(content: bytes | pa.Buffer) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
