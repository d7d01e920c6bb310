"""The command line: what there is to type. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from dejavu_audit import __version__, plugins
from dejavu_audit.cli import (
    agree,
    audit,
    bench,
    cache,
    card,
    compare,
    config_show,
    demo,
    doctor,
    exits,
    gate,
    interrupts,
    letters,
    listings,
    plan,
    report,
    runs,
    samples,
    sweep,
)

app = typer.Typer(
    name="dejavu-audit",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: dejavu-audit demo",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"dejavu-audit {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """How much of its training data has a pretrained encoder memorized? One command, with an error bar."""


# The panels of the help stand in the order of their first command.
AUDIT, READ, GATE, LOOK = audit.PANEL, "Read what was found", "Gate a release", "Look around"

audit.add_to(app, plugins.names(plugins.ENCODERS))
plan.add_to(app, plugins.names(plugins.ENCODERS))
for panel, name, command, short in (
    (AUDIT, "sweep", sweep.command, "Audit many checkpoints, which share data and reference."),
    (READ, "runs", runs.command, "List the runs there are, newest first."),
    (READ, "report", report.command, "Build report.html of a finished run anew."),
    (READ, "samples", samples.command, "List the most memorized samples or classes of a run."),
    (READ, "compare", compare.command, "What changed between two runs, sample by sample."),
    (READ, "agree", agree.command, "Where references, or encoders, agree sample by sample."),
    (READ, "card", card.command, "Write what was found into a model card."),
    (GATE, "gate", gate.command, "Judge a run by the limits in dejavu.toml; the exit code says."),
    (LOOK, "demo", demo.command, "Audit two small encoders that come with the package."),
    (LOOK, "doctor", doctor.command, "Is this machine fit for audits? With a self-test."),
    (LOOK, "encoders", listings.encoders, "Encoder families that are installed, and their models."),
    (LOOK, "datasets", listings.datasets, "Data sets that are installed, for --data."),
    (LOOK, "baselines", listings.baselines, "Baselines that are installed, for --baseline."),
    (LOOK, "taggers", listings.taggers, "Taggers that are installed, for --tagger."),
    (LOOK, "bench", bench.command, "What the auditor says where the truth is known."),
):
    app.command(name=name, short_help=short, rich_help_panel=panel)(command)
app.add_typer(config_show.app, name="config", rich_help_panel=LOOK)
app.add_typer(cache.app, name="cache", rich_help_panel=LOOK)


def run() -> None:
    """Enter from the console script."""
    letters.make_safe()
    try:
        app(prog_name=app.info.name)
    except SystemExit as end:
        if end.code == interrupts.INTERRUPTED:
            interrupts.exit_interrupted()
        if isinstance(end.__context__, BrokenPipeError):  # as with `| head`: rich and click would end with 1
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left to flush has nowhere to go
            raise SystemExit(exits.PASS) from None
        raise
