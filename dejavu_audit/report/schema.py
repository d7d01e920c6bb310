"""The published JSON Schema of audit.json: `python -m dejavu_audit.report.schema docs/audit.schema.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dejavu_audit.report.record import AuditRecord


def audit_schema() -> str:
    """The schema as text, made from the record and its docstrings."""
    return json.dumps(AuditRecord.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(audit_schema(), encoding="utf-8")
