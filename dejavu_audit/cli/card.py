"""`dejavu-audit card RUN`: the section of a model card that a finished run gives, with its metadata for model hubs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dejavu_audit.cli.cells import print_json
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.options.runs import Run


@guarded
def command(
    run: Run,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write the card as a file of its own.", show_default=False)
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="README.md",
            help="Put it into a card that is there: in the place of what an earlier audit wrote, else at the end.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of a file that is written.")] = False,
) -> None:
    """Write what an audit found for a model card: Markdown for people, and metadata as model hubs read them."""
    from dejavu_audit.errors import AuditError

    if out is not None and into is not None:
        raise AuditError("--out writes a new file and --into changes one that is there; give one of them")
    with leave_at_once():
        from dejavu_audit.report.card import metadata, section
        from dejavu_audit.report.reading import read_record, resolve_run
        from dejavu_audit.report.readme import put_into, whole_card
        from dejavu_audit.report.whole import write_whole

    record = read_record(resolve_run(run))
    written, changed = out or into, True
    if out is not None:
        write_whole(out, lambda file: file.write_text(whole_card(record), encoding="utf-8"))
    elif into is not None:
        changed = put_into(into, record)
    if json:
        print_json({"section": section(record), "metadata": metadata(record)})
    elif written is None:
        sys.stdout.buffer.write(whole_card(record).encode())  # as a file would be, whatever the terminal's encoding
    elif not quiet:
        typer.echo(f"{'Written' if changed else 'Nothing to change'}: {written}")
