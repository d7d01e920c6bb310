from __future__ import annotations

import subprocess
import sys

import typer

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


def leaves(command, name=()):
    """Every command that does something, by the words that are typed."""
    for word, one in getattr(command, "commands", {}).items():
        yield from leaves(one, (*name, word))
    if not hasattr(command, "commands"):
        yield " ".join(name), command


def test_every_command_has_json_and_quiet():
    from dejavu_audit.cli.main import app

    found = dict(leaves(typer.main.get_command(app)))
    assert len(found) >= 30
    for name, command in found.items():
        flags = {flag for parameter in command.params for flag in parameter.opts}
        assert {"--json", "--quiet"} <= flags, name


def test_the_help_has_a_line_a_command_in_panels_in_order(cli):
    page = cli("--help", COLUMNS="80").stdout
    titles = ["Audit a model", "Read what was found", "Gate a release", "Look around"]
    places = [page.index(f"─ {title} ─") for title in titles]
    assert places == sorted(places)
    rows = page[places[0] :].splitlines()
    assert not [row for row in rows if row.startswith("│   ")]  # a second line begins with blanks


def test_every_flag_of_an_audit_has_its_variable_and_names_a_field():
    from dejavu_audit.cli.config_show import FIELDS
    from dejavu_audit.cli.flags import OTHERS
    from dejavu_audit.cli.main import app
    from dejavu_audit.config import AuditConfig

    audit = dict(leaves(typer.main.get_command(app)))["timm"]
    named = set()
    for parameter in audit.params:
        if parameter.param_type_name == "argument" or parameter.name in ("json", "dry_run", "help"):
            continue
        flag = parameter.opts[0]
        assert parameter.envvar == "DEJAVU_AUDIT_" + flag.lstrip("-").replace("-", "_").upper()
        named.add(FIELDS.get(parameter.name, parameter.name))
    fields = set(AuditConfig.model_fields) - {"family", "model"}
    assert named - set(OTHERS) == fields
