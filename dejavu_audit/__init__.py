"""dejavu-audit: how much of its training data has a pretrained vision encoder memorized?"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["AuditResult", "audit", "load"]

if TYPE_CHECKING:
    from dejavu_audit.audit import audit
    from dejavu_audit.report.result import AuditResult

    load = AuditResult.load


def __getattr__(name: str) -> Any:
    """Import the audit only when it is asked for, so that `import dejavu_audit` stays light."""
    if name == "audit":
        from dejavu_audit.audit import audit

        return audit
    if name == "AuditResult":
        from dejavu_audit.report.result import AuditResult

        return AuditResult
    if name == "load":
        from dejavu_audit.report.result import AuditResult

        return AuditResult.load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Package(ModuleType):
    """Python binds a submodule to its package once it is imported: `audit` is to stay the function of that name."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "audit" and isinstance(value, ModuleType):
            value = value.audit
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
