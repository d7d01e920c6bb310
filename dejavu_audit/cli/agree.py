"""`dejavu-audit agree RUN RUN...`: how far references, or encoders, tell the same of the same samples."""

from __future__ import annotations

import json as writer
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dejavu_audit.cli import options as o
from dejavu_audit.cli.completing import run_names
from dejavu_audit.cli.exits import guarded
from dejavu_audit.cli.interrupts import leave_at_once

if TYPE_CHECKING:
    from pathlib import Path

    from dejavu_audit.report.reading import Run


@guarded
def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Two or more runs of one test: folders, 'latest', or beginnings of names in runs/. "
            "One run with several references has these compared.",
            autocompletion=run_names,
        ),
    ],
    set_: Annotated[str, typer.Option("--set", metavar="target|control", help="Which set.")] = "target",
    top: Annotated[int, typer.Option(min=1, max=10_000, help="How many samples and classes a list has.")] = 10,
    replicates: Annotated[
        int, typer.Option(min=100, max=100_000, help="Bootstrap replicates for the intervals.")
    ] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="Seeds the bootstrap.")] = 0,
    json: o.JustJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="A line a pair, no tables.")] = False,
) -> None:
    """Compare finished runs sample by sample: where their references agree, and what all of them call memorized."""
    with leave_at_once():
        from dejavu_audit.cli.agree_tables import show_agreement, show_pairs
        from dejavu_audit.report.agreement import compare
        from dejavu_audit.report.reading import resolve_run
        from dejavu_audit.scores.estimates import Draws

    opened, common = _open([resolve_run(run) for run in runs], set_)
    level = opened[0].level
    found = compare(common, top=top, draws=Draws(level, replicates, seed))
    heads = [_head(run, name) for run, name in zip(opened, _names([run.path for run in opened]), strict=True)]
    if json:
        told = {"set": set_, "level": level, "runs": heads, "sizes": common.sizes, **found.as_json()}
        sys.stdout.write(writer.dumps(told, indent=2) + "\n")
        return
    if quiet:
        show_pairs(found)
        return
    show_agreement(heads, common.sizes, found, set_, level)


def _open(paths: list[Path], set_: str) -> tuple[list[Run], Any]:
    """The runs and their common samples; of a single run its references'."""
    from dejavu_audit.errors import AuditError
    from dejavu_audit.report.reading import columns_of, read_record, read_run, test_of
    from dejavu_audit.report.views import COLUMNS, OPINIONS, common_views, opinions

    for place, path in enumerate(paths):
        for other in paths[:place]:
            if path.resolve() == other.resolve():
                raise AuditError(f"{path} is named twice; name two different runs")
    columns = [COLUMNS[test_of(read_record(path))] for path in paths]
    if len(paths) > 1:
        runs = [read_run(path, of) for path, of in zip(paths, columns, strict=True)]
        return runs, common_views(runs, _names(paths), set_)
    if OPINIONS not in columns_of(paths[0]):
        raise AuditError(f"{paths[0]} has one reference, which agrees with itself; name two or more runs")
    run = read_run(paths[0], [*columns[0], OPINIONS])
    return [run], opinions(run, set_)


def _names(paths: list[Path]) -> list[str]:
    """What the runs are called: their folders' names, or where these are not unique, their paths."""
    names = [path.resolve().name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _head(run: Run, name: str) -> dict[str, Any]:
    """What the record says of a run as a whole."""
    record = run.record
    static = {key: value for key, value in record.reference.items() if key != "folds"}  # how the fit went is no setting
    return {
        "name": name,
        "path": str(run.path),
        "model": f"{record.model.family} {record.model.name}",
        "pretrained": record.model.pretrained,
        "fingerprint": record.model.fingerprint,
        "reference": str(record.reference.get("name", "")),
        "reference_settings": static,
        "headline": record.headline.model_dump(),
        "verdict": record.verdict,
    }
