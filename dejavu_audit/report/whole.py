"""Writing a file that the user named, in one piece or not at all."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `file`, then put it in its place; AuditError where that cannot be done."""
    unfinished = file.with_name(f".{os.getpid()}.tmp{file.suffix}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished)
        unfinished.replace(file)
    except (OSError, ValueError) as error:
        raise AuditError(
            f"cannot write {file}: {getattr(error, 'strerror', None) or error}; name another file"
        ) from error
    finally:
        with contextlib.suppress(OSError, ValueError):  # not made, or replaced
            unfinished.unlink()
