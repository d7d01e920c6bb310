"""Opening a finished run: which folder is meant, and what its audit.json and samples.parquet hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.report import checksums
from dejavu_audit.report.folder import AUDIT, CLAIM, SAMPLES
from dejavu_audit.report.record import SCHEMA_VERSION, AuditRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

Test: TypeAlias = Literal["label", "objects"]
RUNS = Path("runs")
LATEST = "latest"
BATCH = 16_384
"""Rows of samples.parquet that are in memory at a time where a few of them are looked for."""


@dataclass(frozen=True)
class Run:
    """A finished run."""

    record: AuditRecord
    samples: pa.Table
    """The columns of samples.parquet that were asked for."""
    path: Path

    @property
    def test(self) -> Test:
        """Which test it was."""
        return test_of(self.record)

    @property
    def level(self) -> float:
        """Confidence level of the run's intervals."""
        return self.record.headline.level

    def detail(self, rows: Sequence[int] | NDArray[Any], columns: Sequence[str]) -> pa.Table:
        """More `columns` of the sample table's `rows`, in the order given; only these rows are kept in memory."""
        file, wanted = self.path / SAMPLES, [int(row) for row in rows]
        with _reading(file):
            names = pq.read_schema(file).names
            _refuse_if_lacking(file, names, columns)
            found, start = [], 0
            with pq.ParquetFile(file) as parquet:
                found.append(parquet.schema_arrow.empty_table().select(list(columns)))
                for batch in parquet.iter_batches(BATCH, columns=list(columns)):
                    here = [row - start for row in sorted(wanted) if start <= row < start + len(batch)]
                    if here:
                        found.append(pa.Table.from_batches([batch]).take(pa.array(here)).select(list(columns)))
                    start += len(batch)
            place = {row: at for at, row in enumerate(sorted(wanted))}
            order = pa.array([place[row] for row in wanted], pa.int64())
            return pa.concat_tables(found).unify_dictionaries().combine_chunks().take(order)


def resolve_run(text: str, runs: Path = RUNS) -> Path:
    """The run folder that is meant: a path, `latest` (the newest finished one in `runs`), or a prefix of a name there.

    A path counts before a name, and a whole name before a prefix. AuditError where nothing or several are meant.
    """
    try:
        path = Path(text).expanduser()
        if path.name == AUDIT and path.is_file():
            return path.parent
        if path.is_dir():
            return path
        finished = {folder.name: folder for folder in _folders(runs)}
        if text == LATEST:
            if not finished:
                raise AuditError(f"there is no finished run in {runs}; run an audit first, or name its folder")
            return max(finished.values(), key=lambda folder: ((folder / AUDIT).stat().st_mtime_ns, folder.name))
    except (OSError, ValueError, RuntimeError) as error:  # too long, a null byte, ~nobody, no right to read
        reason = getattr(error, "strerror", None) or error
        raise AuditError(f"the run {text[:80]!r} cannot be looked for ({reason}); name its folder") from error
    if text in finished:
        return finished[text]
    meant = [name for name in sorted(finished) if name.startswith(text)] if text else []
    if len(meant) == 1:
        return finished[meant[0]]
    if meant:
        listed = ", ".join(meant[:5]) + (f" and {len(meant) - 5:,} more" if len(meant) > 5 else "")
        raise AuditError(f"{text!r} may mean {len(meant):,} runs in {runs}: {listed}; type more of the name")
    if finished:
        raise unknown("run", text, [*finished, LATEST], hint=f"(looked for such a folder, and for a run in {runs})")
    raise AuditError(f"there is no run {text!r}: no such folder, and no finished run in {runs}; name a run's folder")


def _folders(runs: Path) -> list[Path]:
    """The finished runs in a folder: audit.json is written last."""
    return [folder for folder in runs.iterdir() if (folder / AUDIT).is_file()] if runs.is_dir() else []


def read_run(path: Path, columns: Sequence[str] | None = None) -> Run:
    """Read a run folder; of samples.parquet the `columns` named, or all of them.

    AuditError for a folder that is none, a run that has not ended, files that are damaged or of a newer version.
    """
    record = read_record(path)
    file = path / SAMPLES
    if not file.is_file():
        raise AuditError(f"the run {path} has lost its {SAMPLES}; run the audit again")
    with _reading(file):
        left = record.checksums.get(SAMPLES)
        if left is not None and left != checksums.of_file(file):
            raise AuditError(f"{file} is not as the audit left it: it was changed, or half copied; run the audit again")
        _refuse_if_lacking(file, pq.read_schema(file).names, columns or [])
        with pq.ParquetFile(file) as parquet:  # pq.read_table loads pandas, for half a second, and has no use for it
            samples = parquet.read(None if columns is None else list(columns))
        samples = samples if columns is None else samples.select(list(columns))
    return Run(record, samples, path)


def columns_of(path: Path) -> list[str]:
    """The columns that a run's samples.parquet has; AuditError where it cannot be read."""
    with _reading(path / SAMPLES):
        names: list[str] = pq.read_schema(path / SAMPLES).names
        return names


def read_record(path: Path) -> AuditRecord:
    """audit.json of a run folder; AuditError as `read_run` has it."""
    file = path / AUDIT
    try:
        if not path.is_dir():
            raise AuditError(f"there is no run folder {path}; name the folder that holds {AUDIT}")
        if not file.is_file():
            if (path / CLAIM).is_file():
                raise AuditError(f"the run {path} has not ended: it has no {AUDIT} yet; type its audit's command again")
            raise AuditError(f"the folder {path} is not an audit's: it has no {AUDIT}; name a run folder")
        told = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise AuditError(f"cannot read {file}: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        raise AuditError(f"{file} is damaged: it is not JSON; run the audit again") from None
    version = told.get("schema_version") if isinstance(told, dict) else None
    if _newer(version):
        raise AuditError(
            f"{file} has schema {version}, newer than this version reads ({SCHEMA_VERSION}); "
            "type pip install --upgrade dejavu-audit"
        )
    if isinstance(told, dict) and isinstance(own := told.get(checksums.OWN), str) and own != checksums.of_record(told):
        raise AuditError(f"{file} is not as the audit left it: it was edited, or half copied; run the audit again")
    try:
        return AuditRecord.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its top"
        raise AuditError(
            f"{file} is not what this version reads (at {where}: {first['msg'][:1].lower()}{first['msg'][1:]}); "
            "run the audit again"
        ) from None


def test_of(record: AuditRecord) -> Test:
    """Which test a run was; the label test where its configuration does not say."""
    return "objects" if record.config.get("test") == "objects" else "label"


def _newer(version: object) -> bool:
    """Is a schema's version beyond ours? The whole of it counts: fields of a later minor version are unknown here."""
    try:
        given, ours = ([int(part) for part in str(text).split(".")] for text in (version, SCHEMA_VERSION))
    except ValueError:
        return False
    return given > ours


def _refuse_if_lacking(file: Path, names: Sequence[str], columns: Sequence[str]) -> None:
    lacking = [column for column in columns if column not in names]
    if lacking:
        raise AuditError(f"{file} has no column {lacking[0]!r}; found: {', '.join(names)}; run the audit again")


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Turn whatever pyarrow says of a bad file into one sentence."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0][:120].rstrip(".") if str(error) else type(error).__name__
        raise AuditError(f"{file} cannot be read ({reason}); run the audit again") from error
