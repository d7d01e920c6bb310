"""`python -m dejavu_audit` and the console script `dejavu-audit`."""

from __future__ import annotations

import os

from dejavu_audit.cli.interrupts import leave_at_once


def run() -> None:
    """Enter the command line."""
    # Read by GNU OpenMP when torch is loaded: threads that wait for long by spinning take the cores from whoever else
    # runs. At 10,000 turns a small net was as fast on two idle cores as by default, and not crippled on busy ones;
    # threads that sleep at once (OMP_WAIT_POLICY=PASSIVE) made it slower by half on idle cores.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    with leave_at_once():
        from dejavu_audit.cli import main
    main.run()


if __name__ == "__main__":
    run()
