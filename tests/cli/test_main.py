from __future__ import annotations

import subprocess
import sys

import dejavu_audit

# Not pydantic: typer itself imports it, from some version on.
HEAVY = {"torch", "numpy", "faiss", "pyarrow", "open_clip", "timm", "scipy", "PIL"}


def test_help_names_every_command(cli):
    done = cli("--help")
    assert done.returncode == 0
    for command in ("openclip", "timm", "demo", "cache"):
        assert command in done.stdout


def test_help_of_a_family_names_the_flags(cli):
    done = cli("timm", "--help")
    assert done.returncode == 0
    for flag in [
        "--pretrained",
        "--data",
        "--root",
        "--test",
        "--baseline",
        "--targets",
        "--public",
        "--control",
        "--fit",
        "--k",
        "--min-side",
        "--crop",
        "--layer",
        "--seed",
        "--folds",
        "--split",
        "--device",
        "--precision",
        "--batch-size",
        "--workers",
        "--image-size",
        "--mean",
        "--std",
        "--baseline-model",
        "--out",
        "--cache-dir",
        "--dry-run",
        "--quiet",
        "--json",
    ]:
        assert flag in done.stdout, flag


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nsys.argv = ['dejavu-audit', 'timm', '--help']\n"
        "from dejavu_audit.cli.main import run\n"
        "try:\n    run()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("LOADED")[2].split())
    assert "typer" in loaded
    assert not HEAVY & loaded


def test_version(cli):
    assert cli("--version").stdout == f"dejavu-audit {dejavu_audit.__version__}\n"


def test_usage_errors_exit_2(cli):
    assert cli("timm", "test_resnet").returncode == 2  # no --data
    assert cli("timm", "test_resnet", "--data", "scenes", "--no-such-flag").returncode == 2
    assert cli("no-such-family", "x").returncode == 2
    done = cli("timm", "test_resnet", "--data", "scenes", "--data-option", "correlation")
    assert done.returncode == 2
    assert "KEY=VALUE" in done.stderr
