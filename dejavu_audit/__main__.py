"""`python -m dejavu_audit` and the console script `dejavu-audit`."""

from __future__ import annotations

from dejavu_audit.cli.interrupts import leave_at_once


def run() -> None:
    """Enter the command line."""
    with leave_at_once():
        from dejavu_audit.cli import main
    main.run()


if __name__ == "__main__":
    run()
