"""`dejavu-audit report RUN`: report.html and summary.md of a finished run, built anew."""

from __future__ import annotations

import json as writer
import sys
from pathlib import Path
from typing import Annotated

import typer

from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.options.runs import Run


@guarded
def command(
    run: Run,
    images: Annotated[
        bool,
        typer.Option(
            "--images/--no-images",
            help="Show pictures, ids, paths and captions; without them the report can be shared.",
        ),
    ] = True,
    root: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Where the pictures are now.", show_default="where the run had them"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Write the report to a file, and leave the run folder as it is.",
            show_default="report.html and summary.md in the run folder",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: the files, their sizes.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress; the names of the files alone.")] = False,
) -> None:
    """Build report.html, the page that people read, and summary.md of a finished run anew."""
    from dejavu_audit.errors import AuditError

    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise AuditError(f"--out {out} must end in .html")
    if root is not None and not images:
        raise AuditError("--root says where the pictures are, and --no-images shows none; leave one of them out")
    with leave_at_once():
        from dejavu_audit.cli import screen
        from dejavu_audit.report.html.building import columns_for, write_report
        from dejavu_audit.report.reading import read_run, resolve_run
    path = resolve_run(run)
    found = read_run(path, columns_for(path))
    with screen.progress(quiet=quiet or json) as progress:
        written = [write_report(found, images=images, progress=progress, root=root, file=out)]
    if out is None:
        from dejavu_audit.report.html.building import read_gate
        from dejavu_audit.report.summary import SUMMARY, summary
        from dejavu_audit.report.whole import write_whole

        text = summary(found.record, read_gate(path)[0])
        write_whole(path / SUMMARY, lambda file: file.write_text(text, "utf-8"))
        written.append(path / SUMMARY)
    if json:
        files = [{"file": str(file), "bytes": file.stat().st_size} for file in written]
        sys.stdout.write(writer.dumps({"run": str(path), "images": images, "files": files}, indent=2) + "\n")
        return
    for file in written:
        size = "" if quiet else f"  ({file.stat().st_size / 1e6:.1f} MB)"
        typer.echo(f"{file}{size}" if quiet else f"Written: {file}{size}")
