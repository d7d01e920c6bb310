"""Many audits in one go, sharing data and references: one table, one plot."""

from dejavu_audit.sweep.running import PLOT, Sweep, plan, run, sweep

__all__ = ["PLOT", "Sweep", "plan", "run", "sweep"]
