"""The auditor against known truth, at full size: every bar of `dejavu-audit bench` with 1,000 audits a setting."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from benchmarks.bar import AtLeast, Bar
from dejavu_audit.bench.running import SIMULATED, STUDIES, study_of
from dejavu_audit.bench.study import Check
from dejavu_audit.errors import AuditError

AUDITS, SEED = 1_000, 0


def run(folder: Path) -> list[Bar]:
    """All simulated studies; the trained encoders too where `make bench-models` has made them in `folder`."""
    bars = []
    for name in STUDIES:
        try:
            found = study_of(name).run(AUDITS, SEED, os.cpu_count() or 1, lambda message: None)
        except AuditError as error:
            if name in SIMULATED:
                raise
            print(f"… {name} left out: {error}", file=sys.stderr, flush=True)
            continue
        bars += [as_bar(check) for check in found.checks]
    return bars


def as_bar(check: Check) -> Bar:
    """A check as a bar, its limit moved by what chance may add; what could not be measured is missed."""
    measured = math.nan if check.measured is None else check.measured
    kind, limit = (Bar, check.limit + check.slack) if check.sign == "≤" else (AtLeast, check.limit - check.slack)
    return kind(check.name, measured, limit, form=".3g")
