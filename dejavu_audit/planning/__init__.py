"""What an audit would take and tell, before it is run: time, memory, disk and statistical power."""

from __future__ import annotations

from dejavu_audit.planning.planned import plan_audit
from dejavu_audit.planning.wishes import Wishes

__all__ = ["Wishes", "plan_audit"]
