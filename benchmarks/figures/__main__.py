"""`python -m benchmarks.figures train|audit|page|all`: checkpoints, then sweeps, then docs/figures.md.

Each step leaves alone what is there already: `all` goes on where it was stopped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures.page import FIGURES, page
from benchmarks.figures.table import read
from dejavu_audit.errors import AuditError

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".figures"
"""Checkpoints, runs and cache; out of git."""
DOCS = ROOT / "docs"


def train() -> None:
    """Train what the figures need."""
    from benchmarks.figures.runs import train_all

    train_all(WORK / "checkpoints")


def audit() -> None:
    """Run the sweeps."""
    from benchmarks.figures.audits import audit_figures

    audit_figures([DOCS / "figures" / f"{figure.name}.toml" for figure in FIGURES], WORK / "sweeps")


def write_page() -> None:
    """Write the page from the tables."""
    tables = {figure.name: read(DOCS / "figures" / f"{figure.name}.csv") for figure in FIGURES}
    versions = {name: version(name) for name in ("dejavu-audit", "torch", "timm", "numpy")}
    (DOCS / "figures.md").write_text(page(tables, versions), encoding="utf-8")


STEPS: dict[str, tuple[Callable[[], None], ...]] = {
    "train": (train,),
    "audit": (audit, write_page),
    "page": (write_page,),
    "all": (train, audit, write_page),
}


def main(words: list[str]) -> int:
    """0 where all went well, 2 for bad usage and for what a user can mend."""
    if len(words) != 1 or words[0] not in STEPS:
        print(f"usage: python -m benchmarks.figures {'|'.join(STEPS)}", file=sys.stderr)
        return 2
    try:
        for step in STEPS[words[0]]:
            step()
    except AuditError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
