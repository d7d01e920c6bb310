"""`dejavu-audit cache`: what is kept of earlier runs, and making room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dejavu_audit.cli.cells import grid, print_json
from dejavu_audit.cli.exits import guarded

if TYPE_CHECKING:
    from dejavu_audit.embeddings.cache import Entry

app = typer.Typer(no_args_is_help=True, help="What is kept of earlier runs: look at it, make room.")

CacheDir = Annotated[
    Path | None, typer.Option("--cache-dir", help="Which cache.", show_default="the platform's cache folder")
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON, sizes in bytes.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="The total alone.")]


@app.command()
@guarded
def info(
    cache_dir: CacheDir = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List what the cache holds: embeddings by model and view, inspections by data set, fitted baselines."""
    from datetime import datetime, timezone

    from rich.console import Console
    from rich.text import Text

    from dejavu_audit.embeddings.cache import info as entries_of
    from dejavu_audit.embeddings.store import cache_root

    entries = entries_of(cache_dir)
    if json:
        listed = list(map(_as_json, entries))
        print_json(listed)
        return
    console = Console()
    left = ("what", "model", "view", "last used")
    table = grid(*left, "size", left=left)
    for entry in entries:
        used = datetime.fromtimestamp(entry.last_used, tz=timezone.utc).astimezone()
        damaged = f", {entry.damaged} damaged" if entry.damaged else ""
        cells = (entry.kind + damaged, entry.name, entry.crop or "", f"{used:%Y-%m-%d %H:%M}", _size(entry.size))
        table.add_row(*map(Text, cells))
    if entries and not quiet:
        console.print(table)
    total = sum(entry.size for entry in entries)
    console.print(Text(f"{cache_root(cache_dir)}: {_size(total)} in {len(entries)} entries"), soft_wrap=True)


@app.command()
@guarded
def prune(
    older_than: Annotated[
        float | None, typer.Option("--older-than", metavar="DAYS", help="Remove what was not used for so long.")
    ] = None,
    max_size: Annotated[
        float | None, typer.Option("--max-size", metavar="GB", help="Remove the longest unused until the rest fits.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove everything.")] = False,
    cache_dir: CacheDir = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make room: what is removed is embedded, inspected or fitted again when it is needed. Damaged files always go."""
    from dejavu_audit.embeddings.cache import prune as prune_cache

    limit = 0 if everything else int(max_size * 1e9) if max_size is not None else None
    done = prune_cache(cache_dir, unused_days=older_than, max_bytes=limit)
    if json:
        print_json({"freed": done.freed, "files": done.files, "entries": list(map(_as_json, done.entries))})
        return
    for entry in [] if quiet else done.entries:
        typer.echo(f"{entry.kind} {entry.name} {entry.crop or ''} {_size(entry.size)}")
    typer.echo(f"freed {_size(done.freed)}: {len(done.entries)} entries, {done.files} damaged or unfinished files")


def _as_json(entry: Entry) -> dict[str, Any]:
    return {**vars(entry), "path": str(entry.path)}


def _size(size: float) -> str:
    """Bytes as people read them."""
    for unit in ("B", "kB", "MB"):
        if size < 1_000:
            return f"{size:.0f} {unit}"
        size /= 1_000
    return f"{size:.1f} GB"
