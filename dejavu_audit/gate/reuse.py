"""Auditing only what is not audited yet: a finished run of the same configuration, over files that nobody changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from dejavu_audit.data.manifest import is_file
from dejavu_audit.errors import AuditError
from dejavu_audit.report.folder import AUDIT, CLAIM, default_folder
from dejavu_audit.report.reading import Run, read_run
from dejavu_audit.settings.paths import files_of, seen_from
from dejavu_audit.settings.toml import read_toml

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Progress


def audited(config: AuditConfig, progress: Progress, *, again: bool = False) -> Run:
    """The finished run of a configuration: the one that is there, or a new one; `again`: a new one in any case.

    AuditError as an audit raises it.
    """
    if not again:
        found = finished(config, progress)
        if found is not None:
            return found
    from dejavu_audit.audit import run_audit  # loads torch

    result = run_audit(config, progress)
    return Run(result.record, result.samples, result.folder)


def finished(config: AuditConfig, progress: Progress) -> Run | None:
    """The run of exactly this configuration, if it is whole and no file that it names was changed after it.

    Of data in folders the files are not looked at, of which there may be millions: that their content is the same is
    the user's word.
    """
    folder = Path(config.out) if config.out else default_folder(config)
    try:
        if json.loads((folder / CLAIM).read_text("utf-8"))["hash"] != config.hash():
            return None
        ended = (folder / AUDIT).stat().st_mtime_ns
        changed = next((file for file in named_files(config) if _touched(file) > ended), None)
    except (OSError, ValueError, KeyError, TypeError):  # not there, or not whole
        return None
    if changed is not None:
        progress.say(f"{changed} was changed after {folder} was made: it is audited anew")
        return None
    try:
        run = read_run(folder)
    except AuditError as error:
        progress.say(f"It is audited anew: {error}")
        return None
    progress.say(
        f"Judged as it is: {folder} is a finished run of this configuration, and no file that it names was changed "
        "since; to audit anew type --again"
    )
    return run


def named_files(config: AuditConfig) -> list[Path]:
    """The files that a configuration names, and those that its dataset description names."""
    told = config.model_dump(mode="json")
    absolute = seen_from(told, Path())
    files = files_of(absolute)
    description = Path(str(absolute["data"]))
    if description.suffix == ".toml" and is_file(description):
        files += files_of(seen_from(_texts(read_toml(description, "dataset description")), description.parent))
    return files


def _texts(table: dict[str, object]) -> dict[str, object]:
    """Only what may name a file."""
    return {key: value for key, value in table.items() if isinstance(value, (str, dict))}


def _touched(file: Path) -> int:
    """When a file's content or name was last changed: one that was moved here keeps the age of its content."""
    status = file.stat()
    return max(status.st_mtime_ns, status.st_ctime_ns)
