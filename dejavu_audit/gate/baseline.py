"""A baseline: what became of each sample of an earlier release, in a small file to keep beside the code."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit import __version__
from dejavu_audit.data.manifest import is_file
from dejavu_audit.errors import AuditError
from dejavu_audit.gate.fingerprints import fingerprints, hashed, portable, sample_keys, truths
from dejavu_audit.gate.outcomes import COLUMNS, outcomes_of
from dejavu_audit.report.checksums import of_record
from dejavu_audit.report.whole import write_whole
from dejavu_audit.settings.paths import PATHS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.report.judged import JudgedRun
    from dejavu_audit.report.reading import Run

FORMAT = 1
"""Raised when a file of before can no longer be read."""
_META = b"dejavu-audit"
_SAMPLE, _CONTROL, _TRUTH = "sample", "control", "truth"
UPDATE = "dejavu-audit gate RUN --update"


@dataclass(frozen=True)
class Baseline:
    """An earlier release's samples, and what was audited."""

    name: str
    """Of the file."""
    told: Mapping[str, Any]
    """Model, scores, configuration and fingerprints, as the file has them."""
    table: pa.Table
    """A row a judged sample: `sample` (a short hash), `control`, `truth` (a short hash), and its outcomes."""

    @property
    def model(self) -> str:
        """What was audited, in words."""
        of = self.told.get("model", {})
        return f"{of.get('family', '?')} {of.get('name', '?')} {of.get('pretrained', '')}".rstrip()

    def samples(self, *, control: bool) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Keys, truths and outcomes of the targets, or of the control; all (n,)."""
        rows = self.table.filter(pa.array(np.asarray(self.table[_CONTROL]) == control))
        names = [name for name in rows.column_names if name not in (_SAMPLE, _CONTROL, _TRUTH)]
        return np.asarray(rows[_SAMPLE]), np.asarray(rows[_TRUTH]), {name: np.asarray(rows[name]) for name in names}


def baseline_of(run: Run, judged: JudgedRun, name: str) -> Baseline:
    """The baseline that a run makes."""
    parts = []
    for control, rows, of in zip((False, True), judged.rows, (judged.targets, judged.control), strict=True):
        if of is None:
            continue
        columns = {
            _SAMPLE: sample_keys(run, rows),
            _CONTROL: np.full(len(rows), control),
            _TRUTH: truths(run, rows).astype(np.uint16),
            **outcomes_of(of, judged.test),
        }
        # In the order of the keys, so that equal runs make equal files, and the keys' steps are small.
        order = np.argsort(columns[_SAMPLE], kind="stable")
        parts.append(pa.table({key: pa.array(column[order]) for key, column in columns.items()}))
    record, table = run.record, pa.concat_tables(parts).combine_chunks()
    told = {
        "format": FORMAT,
        "made_with": __version__,
        "run": run.path.name,
        "model": portable(record.model.model_dump(include={"family", "name", "pretrained", "layer", "fingerprint"})),
        "samples": {
            "targets": len(judged.rows[0]),
            "control": len(judged.rows[1]),
            "hash": hashed(f"{row[_SAMPLE]} {row[_TRUTH]}" for row in table.select([_SAMPLE, _TRUTH]).to_pylist()),
        },
        "headline": record.headline.model_dump(),
        "scores": {key: score.model_dump() for key, score in record.scores.items()},
        "config": {key: portable(value) for key, value in record.config.items() if key not in PATHS},
        "fingerprints": fingerprints(run),
    }
    return Baseline(name, told, table)


def write_baseline(baseline: Baseline, file: Path) -> None:
    """Write the file, in one piece; AuditError where that cannot be done."""
    told = {**baseline.told, "checksum": _checksum(baseline.told, baseline.table)}
    text = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    # Packed, since the format keeps metadata as they are, and twice.
    table = baseline.table.replace_schema_metadata({_META: base64.b64encode(zlib.compress(text, 9))})
    others = [name for name in table.column_names if name != _SAMPLE]

    def write(path: Path) -> None:
        pq.write_table(
            table,
            path,
            compression="zstd",
            compression_level=19,
            use_dictionary=others,
            column_encoding={_SAMPLE: "DELTA_BINARY_PACKED"},
            write_statistics=False,
        )

    write_whole(file, write)


def read_baseline(file: Path) -> Baseline:
    """Read the file; AuditError where it is not there, was damaged or edited, or is of a newer version."""
    if not is_file(file):
        raise AuditError(
            f"there is no baseline {file}, and a limit of max_increase needs one; make it from a run of the last "
            f"release with {UPDATE}"
        )
    again = f"make it anew with {UPDATE}"
    try:
        with pq.ParquetFile(file) as parquet:
            table = parquet.read()
        packed = (table.schema.metadata or {}).get(_META)
        told = None if packed is None else json.loads(zlib.decompress(base64.b64decode(packed)))
    except (pa.ArrowException, OSError, ValueError, zlib.error) as error:
        raise AuditError(f"the baseline {file} cannot be read, it is damaged; {again}") from error
    if not isinstance(told, dict) or not isinstance(told.get("format"), int):
        raise AuditError(f"{file} is no baseline of dejavu-audit; {again}")
    if told["format"] > FORMAT:
        raise AuditError(
            f"the baseline {file} has the format {told['format']}, newer than this version reads ({FORMAT}); "
            "type pip install --upgrade dejavu-audit"
        )
    table = table.replace_schema_metadata(None)
    if told.pop("checksum", None) != _checksum(told, table):
        raise AuditError(f"the baseline {file} is not as it was written: it was edited, or half copied; {again}")
    test = told.get("fingerprints", {}).get("settings", {}).get("test")
    if table.column_names != [_SAMPLE, _CONTROL, _TRUTH, *COLUMNS["objects" if test == "objects" else "label"]]:
        raise AuditError(f"the baseline {file} lacks columns; {again}")
    return Baseline(file.name, told, table)


def _checksum(told: Mapping[str, Any], table: pa.Table) -> str:
    """Over what is told and every value of the table."""
    found = hashlib.sha256(of_record(told).encode())
    for name in table.column_names:
        found.update(name.encode() + np.ascontiguousarray(np.asarray(table[name])).tobytes())
    return f"sha256:{found.hexdigest()}"
