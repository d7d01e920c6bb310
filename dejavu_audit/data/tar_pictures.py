"""Pictures within tar shards, read where they lie; nothing is unpacked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dejavu_audit.data.pictures import MOST_BYTES, file_identity
from dejavu_audit.errors import SetAside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPEN_SHARDS = 16
"""Files that a process keeps open: pictures are mostly asked for shard by shard."""


class InTars:
    """Where every picture lies: which shard, from which byte on, and how many bytes; see `sources.Source`."""

    def __init__(
        self,
        shards: Sequence[str],
        identities: Sequence[str],
        shard: NDArray[np.int32],
        offset: NDArray[np.int64],
        size: NDArray[np.int64],
    ) -> None:
        """Take the shards, their `file_identity` when they were indexed, and the (rows,) places."""
        self._shards, self._identities = shards, identities
        self._shard, self._offset, self._size = shard, offset, size

    def identity(self, row: int) -> str:
        """Path, size and time of change of the shard as it was indexed, and the picture's place in it."""
        return f"{self._identities[self._shard[row]]}|{self._offset[row]}+{self._size[row]}"

    def picture(self, row: int) -> bytes:
        """The encoded picture; SetAside if the shard is gone, or has changed since it was indexed."""
        number, size = int(self._shard[row]), int(self._size[row])
        if size > MOST_BYTES:
            raise SetAside("picture does not fit into memory")
        if size == 0:
            raise SetAside("picture is missing")
        try:
            file = _opened(self._shards[number], self._identities[number], os.getpid())
            file.seek(int(self._offset[row]))
            content = file.read(size)
        except OSError as error:
            raise SetAside("picture cannot be read") from error
        if len(content) < size:
            raise SetAside("picture is truncated")
        return content


@lru_cache(maxsize=OPEN_SHARDS)
def _opened(path: str, identity: str, process: int) -> IO[bytes]:
    """A shard, opened once a process, since a forked one shares its parent's place in the file."""
    if file_identity(path) != identity:
        raise SetAside("picture cannot be read")
    return Path(path).open("rb")
