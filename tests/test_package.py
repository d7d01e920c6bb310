from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "first",
    ["", "import dejavu_audit.audit", "from dejavu_audit.audit import run_audit", "import dejavu_audit.findings"],
)
def test_audit_is_the_function_whatever_was_imported_before(first):
    code = "\n".join(
        [
            first,
            "from dejavu_audit import audit",
            "assert callable(audit), audit",
            "import dejavu_audit as package",
            "assert package.audit is audit",
        ]
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_is_light():
    code = "import sys, dejavu_audit; assert not {'torch', 'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_attribute_is_an_attribute_error():
    import dejavu_audit

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dejavu_audit.nothing  # noqa: B018
