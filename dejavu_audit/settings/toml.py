"""Reading a TOML file that the user wrote."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from dejavu_audit.data.manifest import is_file
from dejavu_audit.errors import AuditError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The keys of a TOML file, which `what` names in messages; AuditError where it is not there or is no TOML."""
    if not is_file(path):
        raise AuditError(f"there is no {what} {path}; give the path of a .toml file")
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError, OSError) as error:
        raise AuditError(f"{path} cannot be read as TOML: {error}") from None
