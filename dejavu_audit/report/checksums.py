"""Checksums of a run folder: a file that was changed, or half copied, is told from one that the audit left."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dejavu_audit.config import MACHINE

if TYPE_CHECKING:
    from dejavu_audit.report.record import AuditRecord

OWN = "checksum"
"""The field of audit.json that holds its own."""
_LEFT_OUT = (OWN, "timings")


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as "sha256:…"."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            found.update(piece)
    return f"sha256:{found.hexdigest()}"


def of_record(told: Mapping[str, Any]) -> str:
    """SHA-256 of what audit.json says, but for what differs between equal runs: where and how fast the machine worked.

    Spacing and the order of keys are of no matter: the content is. It tells accidents and hasty edits, not a forger,
    who can make it anew.
    """
    content = {key: value for key, value in told.items() if key not in _LEFT_OUT}
    if isinstance(config := content.get("config"), Mapping):
        content["config"] = {key: value for key, value in config.items() if key not in MACHINE}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def sealed(record: AuditRecord, folder: Path, tables: Iterable[str]) -> AuditRecord:
    """The record with the checksums of those `tables` that are in the folder, and its own."""
    found = {name: of_file(folder / name) for name in tables if (folder / name).is_file()}
    record = record.model_copy(update={"checksums": found})
    return record.model_copy(update={OWN: of_record(json.loads(record.model_dump_json()))})
