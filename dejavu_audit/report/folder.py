"""The run folder: claimed once by one audit, written file by file, each in one piece."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError

CLAIM = "config.json"
AUDIT, SAMPLES, SPLIT, DUPLICATES = "audit.json", "samples.parquet", "split.parquet", "duplicates.parquet"


def default_folder(config: AuditConfig) -> Path:
    """`runs/<model>-<data>-<hash>` in the working directory; the hash names the configuration."""
    data = Path(config.data).stem
    name = re.sub(r"[^\w.]+", "-", f"{Path(config.model).name}-{data}").strip("-")
    return Path("runs") / f"{name}-{config.hash()}"


class RunFolder:
    """A folder that belongs to one configuration."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: set[str] = set()

    @classmethod
    def check(cls, config: AuditConfig) -> RunFolder:
        """The folder of this run, nothing written yet; AuditError if it holds anything else."""
        path = Path(config.out) if config.out else default_folder(config)
        try:
            _refuse_unwritable(path)
            used = path.is_dir() and any(path.iterdir())
        except (OSError, ValueError) as error:  # a name too long, a link to itself, a folder that may not be read
            raise AuditError(
                f"the folder {path} cannot be used ({getattr(error, 'strerror', None) or error}); choose another --out"
            ) from error
        if used:
            claim = path / CLAIM
            try:
                owner = json.loads(claim.read_text("utf-8"))["hash"] if claim.exists() else None
            except (OSError, ValueError, KeyError, TypeError):
                owner = None
            if owner is None:
                raise AuditError(f"the folder {path} holds files that are not an audit's; choose another --out")
            if owner != config.hash():
                raise AuditError(
                    f"the folder {path} holds another run (its config.json differs from what was asked); "
                    "choose another --out, or remove it"
                )
        return cls(path)

    @contextmanager
    def claimed(self, config: AuditConfig) -> Iterator[None]:
        """Claim the folder for a run; one that fails gives up what it newly claimed, so that the mended one has it."""
        made, fresh = not self.path.exists(), not (self.path / CLAIM).exists()
        try:
            self.claim(config)
            yield
        except BaseException:
            if fresh:
                self._withdraw(folder_too=made)
            raise

    def _withdraw(self, *, folder_too: bool) -> None:
        with contextlib.suppress(OSError):  # the error that is under way says more
            for name in self._written:
                (self.path / name).unlink(missing_ok=True)
            if folder_too:
                self.path.rmdir()  # refused by the system where somebody has put something else there

    def claim(self, config: AuditConfig) -> None:
        """Make the folder and say in it whose it is."""
        claim = {"hash": config.hash(), "config": config.model_dump(mode="json")}
        self.write_text(CLAIM, json.dumps(claim, indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file in one piece."""
        self._write(name, lambda file: file.write_text(text, encoding="utf-8"))

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a Parquet file in one piece."""
        self._write(name, lambda file: pq.write_table(table, file, compression="zstd"))

    def adopt(self, files: Iterable[Path]) -> None:
        """Take files that others left in the folder for this run's own."""
        self._written.update(file.name for file in files)

    def _write(self, name: str, write: Callable[[Path], Any]) -> None:
        unfinished = self.path / f".{name}.{os.getpid()}.tmp"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write(unfinished)
            unfinished.replace(self.path / name)
            self._written.add(name)
        except OSError as error:
            advice = "make room there or " if error.errno in {errno.ENOSPC, errno.EDQUOT} else ""
            raise AuditError(
                f"cannot write {self.path / name}: {error.strerror or error}; {advice}choose another --out"
            ) from error
        finally:
            with contextlib.suppress(OSError):  # not made, or replaced
                unfinished.unlink()


def _refuse_unwritable(path: Path) -> None:
    """Find out before the long part of a run that its folder cannot be made or written to."""
    if path.exists() and not path.is_dir():
        raise AuditError(f"--out {path} is a file; name a folder")
    nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not nearest.is_dir():
        raise AuditError(f"--out {path} lies under {nearest}, which is a file; choose another --out")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise AuditError(f"--out {path} cannot be made: {nearest} may not be written to; choose another --out")
