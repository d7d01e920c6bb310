"""`dejavu-audit samples RUN`: the most memorized, the most correlated samples and classes of a finished run."""

from __future__ import annotations

import json as writer
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dejavu_audit.cli import options as o
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once
from dejavu_audit.cli.options.runs import Run

if TYPE_CHECKING:
    from dejavu_audit.report.reading import Run as OpenedRun

MOST = 10_000
"""Samples that are listed at most: all of them are in samples.parquet."""


@guarded
def command(
    run: Run,
    part: Annotated[
        str, typer.Option(metavar="memorized|misrepresented|correlated|unassociated", help="Which of the four parts.")
    ] = "memorized",
    set_: Annotated[str, typer.Option("--set", metavar="target|control", help="Which set.")] = "target",
    top: Annotated[int, typer.Option(min=1, max=MOST, help="How many.")] = 20,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="ORDER",
            help="memorization, confidence, margin, reference; object test: recall, precision, correct, reference, "
            "distance; classes: score, low.",
            show_default="what fits the part",
        ),
    ] = None,
    memorized: Annotated[
        bool,
        typer.Option("--memorized", help="The list with a bounded share of false discoveries: ids, scores, p-values."),
    ] = False,
    by: Annotated[str, typer.Option(metavar="sample|class", help="Samples, or classes (label test).")] = "sample",
    json: o.JustJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="The ids, or the classes, alone, one a line.")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the list as CSV.", show_default=False)] = None,
    gallery: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw a contact sheet of the samples.", show_default=False),
    ] = None,
    per_page: Annotated[int, typer.Option(min=1, max=100, help="Samples on a page of the contact sheet.")] = 10,
    root: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Where the pictures are now.", show_default="where the run had them"),
    ] = None,
) -> None:
    """List the samples or classes of a finished run that were memorized the most, or were the easiest to infer."""
    as_given = (part, set_, sort) == ("memorized", "target", None)
    _refuse(by, gallery, memorized=memorized, alone=as_given and by != "class")
    with leave_at_once():
        from dejavu_audit.cli.memorized_table import show_memorized
        from dejavu_audit.cli.sample_tables import show_classes, show_samples
        from dejavu_audit.report.listing import write_csv
        from dejavu_audit.report.memorized_listing import read_memorized
        from dejavu_audit.report.plain import plain
        from dejavu_audit.report.reading import resolve_run

    path, written = resolve_run(run), []
    asked: dict[str, Any]
    if memorized:
        found, of_list, rows = read_memorized(path, top)
        asked, title = {"memorized": of_list.model_dump(mode="json")}, f"on the list at {100 * of_list.q:g} %"
    elif by == "class":
        found, asked, rows = _classes(path, part, set_, top, sort)
    else:
        found, asked, rows = _samples(path, part, set_, top, sort)
        title = f"{asked['part']} {asked['set']} samples by {asked['sort']}"
    if csv is not None:
        write_csv(csv, rows)
        written.append(csv)
    if gallery is not None and (rows or not memorized):
        written += _gallery(found, title, rows, gallery, per_page, root, quiet=quiet or json)
    if json:
        files = {"files": [str(file) for file in written]}
        told = {"run": str(path), "test": found.test, **asked, "classes" if by == "class" else "samples": rows, **files}
        sys.stdout.write(writer.dumps(told, indent=2) + "\n")
        return
    if quiet:
        for row in rows:
            typer.echo(plain(row["class" if by == "class" else "id"], 1_000))
        return
    if memorized:
        show_memorized(of_list, rows, found.test)
    else:
        (show_classes if by == "class" else show_samples)(found, asked, rows)
    for file in written:
        typer.echo(f"Written: {file}")


def _refuse(by: str, gallery: Path | None, *, memorized: bool, alone: bool) -> None:
    """AuditError for flags that do not go together."""
    from dejavu_audit.errors import AuditError, unknown

    if by not in ("sample", "class"):
        raise unknown("list", by, ["sample", "class"], hint="(in --by)")
    if by == "class" and gallery is not None:
        raise AuditError("--gallery shows samples; leave out --by class")
    if memorized and not alone:
        raise AuditError(
            "--memorized is a list of its own, of targets by p-value; leave out --by, --part, --set, --sort"
        )


def _samples(
    path: Path, part: str, set_: str, top: int, sort: str | None
) -> tuple[OpenedRun, dict[str, Any], list[dict[str, Any]]]:
    """The run, what was asked of it and the ranked samples."""
    from dejavu_audit.report.listing import listing
    from dejavu_audit.report.ranking import columns_for, rank, sort_of
    from dejavu_audit.report.reading import read_record, read_run, test_of

    test = test_of(read_record(path))
    order = sort_of(test, part, sort)
    run = read_run(path, columns_for(test, order))
    ranked = rank(run.samples, test, set_=set_, part=part, sort=order, top=top)
    asked = {"part": part, "set": set_, "sort": order, "total": ranked.total, "of": ranked.of}
    return run, asked, listing(run, ranked)


def _classes(
    path: Path, part: str, set_: str, top: int, sort: str | None
) -> tuple[OpenedRun, dict[str, Any], list[dict[str, Any]]]:
    """The run, what was asked of it and the ranked classes."""
    from dejavu_audit.errors import AuditError
    from dejavu_audit.report.class_ranking import COLUMNS, rank_classes
    from dejavu_audit.report.reading import read_record, read_run, test_of

    if test_of(read_record(path)) != "label":
        raise AuditError("--by class is for the label test, and this run is an object test; leave it out")
    run = read_run(path, COLUMNS)
    rows = rank_classes(run.samples, set_=set_, part=part, sort=sort, top=top, level=run.level)
    return run, {"part": part, "set": set_, "sort": sort or "score", "level": run.level}, rows


def _gallery(
    run: OpenedRun,
    title: str,
    rows: list[dict[str, Any]],
    file: Path,
    per_page: int,
    root: str | None,
    *,
    quiet: bool,
) -> list[Path]:
    """Draw the contact sheet; the pages that were written."""
    from dejavu_audit.cli import screen
    from dejavu_audit.report.gallery import write_gallery

    with screen.progress(quiet=quiet) as progress:
        return write_gallery(run, rows, file, title=title, per_page=per_page, root=root, progress=progress)
