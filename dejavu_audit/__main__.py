"""`python -m dejavu_audit` and the console script `dejavu-audit`."""

from __future__ import annotations

import os

from dejavu_audit.cli.interrupts import leave_at_once


def run() -> None:
    """Enter the command line."""
    # Read by OpenMP when torch is loaded. Threads that wait by spinning take the cores from the decoding workers: on
    # two busy cores a small encoder ran twice as fast without, on idle ones as fast.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with leave_at_once():
        from dejavu_audit.cli import main
    main.run()


if __name__ == "__main__":
    run()
