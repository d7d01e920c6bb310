"""`dejavu-audit gate [RUN]`: is what a release memorized within its limits? The exit code says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dejavu_audit.cli import exits
from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.options.runs import MEANT, run_argument

if TYPE_CHECKING:
    from dejavu_audit.config import AuditConfig
    from dejavu_audit.gate.limits import Rules
    from dejavu_audit.gate.running import Gated
    from dejavu_audit.report.reading import Run
    from dejavu_audit.settings.file import SettingsFile
    from dejavu_audit.types import Progress

CODES = {"pass": exits.PASS, "fail": exits.FAIL, "inconclusive": exits.INCONCLUSIVE}


@guarded
def command(
    run: Annotated[
        str | None,
        run_argument(f"{MEANT} Without: audit what the settings file says.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="DEJAVU_AUDIT_CONFIG",
            show_envvar=False,
            help="What to audit, and the limits.",
            show_default="dejavu.toml",
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Make this run the baseline of later ones, and judge nothing.")
    ] = False,
    inconclusive: Annotated[
        str | None,
        typer.Option(metavar="pass|fail", help="What the exit code of an undecided gate is.", show_default="3"),
    ] = None,
    max_targets: Annotated[
        int | None,
        typer.Option(min=1, help="Grow the sample up to so many targets, until it decides.", show_default=False),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Audit anew, also where nothing has changed.")] = False,
    json: o.JustJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The verdict alone, no progress.")] = False,
) -> None:
    """Judge a run by the limits in dejavu.toml: 0 they are kept, 1 one is exceeded, 3 more samples must decide."""
    with leave_at_once():
        from dejavu_audit.gate.limits import refuse_outcome, rules_of

    settings = _settings(config)
    rules = rules_of(settings)
    if inconclusive is not None:
        refuse_outcome(inconclusive, "of --inconclusive")
        rules = replace(rules, inconclusive=inconclusive)  # type: ignore[arg-type]
    if run is not None:
        _refuse_beside_a_run(max_targets=max_targets, again=again)
        _finish(run, rules, update=update, json=json, quiet=quiet)
        return
    rules = rules if max_targets is None else replace(rules, max_targets=max_targets)
    from dejavu_audit.cli import watching

    with watching.progress(quiet=quiet) as progress:
        _audit(settings, rules, progress, update=update, again=again, json=json, quiet=quiet)


def _settings(config: Path | None) -> SettingsFile:
    """The settings file that is named, or the one in the working folder."""
    from dejavu_audit.data.manifest import user_path
    from dejavu_audit.errors import AuditError
    from dejavu_audit.settings.file import NAME, find_settings, read_settings

    path = user_path(config) if config is not None else find_settings()
    if path is None:
        raise AuditError(f"there is no {NAME} in this folder; name the file with the limits by --config FILE")
    return read_settings(path)


def _refuse_beside_a_run(*, max_targets: int | None, again: bool) -> None:
    from dejavu_audit.errors import AuditError

    for given, flag in ((max_targets is not None, "--max-targets"), (again, "--again")):
        if given:
            raise AuditError(f"{flag} is for an audit, and a finished RUN is only judged; leave one of the two out")


def _finish(run: str, rules: Rules, *, update: bool, json: bool, quiet: bool) -> None:
    """Judge a finished run, or make it the baseline."""
    with leave_at_once():
        from dejavu_audit.gate import running
        from dejavu_audit.report.judged import read_judged
        from dejavu_audit.report.reading import resolve_run

    found, _ = read_judged(resolve_run(run))
    if update:
        _update(found, rules, json=json, quiet=quiet)
    else:
        _show(running.gate_run(found, rules), json=json, quiet=quiet)


def _audit(
    settings: SettingsFile, rules: Rules, progress: Progress, *, update: bool, again: bool, json: bool, quiet: bool
) -> None:
    """Audit what is not audited yet, then judge it or make it the baseline."""
    from dejavu_audit.gate import running

    config = configured(settings, progress)
    if update:
        _update(running.update_from_config(config, rules, progress, again=again), rules, json=json, quiet=quiet)
    else:
        _show(running.gate_config(config, rules, progress, again=again), json=json, quiet=quiet)


def configured(settings: SettingsFile, progress: Progress) -> AuditConfig:
    """The configuration that `dejavu-audit FAMILY MODEL --config FILE` has: environment, then file, then default.

    AuditError where [audit] does not say what to audit.
    """
    from dejavu_audit import plugins
    from dejavu_audit.cli import audit
    from dejavu_audit.cli.flags import OTHERS, configuration
    from dejavu_audit.cli.settled import where_set
    from dejavu_audit.errors import AuditError, unknown

    for key in ("family", "model", "data"):
        if key not in settings.audit:
            raise AuditError(
                f"{settings.path}, [audit], lacks {key}: it must name family, model and data to be audited, or a "
                "finished run must be named, as in dejavu-audit gate latest"
            )
    family = str(settings.audit["family"])
    if family not in (known := plugins.names(plugins.ENCODERS)):  # without loading it: the run may be there already
        raise unknown("encoder family", family, known, hint=f"(in {settings.path}, [audit])")
    app = typer.Typer(add_completion=False)
    audit.add_to(app, [family])
    context: Any = typer.main.get_command(app).make_context(family, ["--config", str(settings.path)])
    with where_set(context.obj):
        given = {name: value for name, value in context.params.items() if name not in OTHERS}
        config = configuration(family, given)
    for line in context.obj.said():
        if line.startswith("From the environment"):
            progress.say(line)
    return config


def _update(run: Run, rules: Rules, *, json: bool, quiet: bool) -> None:
    from dejavu_audit.cli.gate_tables import show_baseline
    from dejavu_audit.gate.running import update

    show_baseline(update(run, rules), rules.baseline, json=json, quiet=quiet)


def _show(gated: Gated, *, json: bool, quiet: bool) -> None:
    """Print the verdict, tell GitHub, and end with its code."""
    from dejavu_audit.cli.gate_tables import show_gate
    from dejavu_audit.gate.running import commands

    show_gate(gated, json=json, quiet=quiet)
    for line in commands(gated):
        # Standard output is JSON alone where JSON is asked for; GitHub reads both.
        typer.echo(line, file=sys.stderr if json else sys.stdout)
    raise typer.Exit(CODES[gated.outcome])
