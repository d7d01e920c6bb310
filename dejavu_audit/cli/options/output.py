"""Flags that say what is left and shown."""

from __future__ import annotations

from typing import Annotated

import typer

from dejavu_audit.cli.options.panels import OUTPUT, option, switch

Out = Annotated[
    str | None, option(OUTPUT, "--out", metavar="FOLDER", says="Run folder. (default: runs/<model>-<data>-<hash>)")
]
Images = Annotated[
    bool,
    switch(OUTPUT, "--images/--no-images", says="Pictures and paths in report.html; without, it may be shared."),
]
ConfigFile = Annotated[
    str | None,
    option(OUTPUT, "--config", metavar="FILE", says="Settings file. (default: dejavu.toml in this folder, if any)"),
]
DryRun = Annotated[
    bool,
    switch(OUTPUT, "--dry-run", says="Resolve everything, say what would be done, do nothing.", environment=False),
]
Quiet = Annotated[bool, switch(OUTPUT, "--quiet", "-q", says="No progress, no table: the verdict line alone.")]
Verbose = Annotated[
    bool,
    switch(OUTPUT, "--verbose", "-v", says="Tell what was resolved, where time goes, what was cached; no bars."),
]
Bars = Annotated[bool, switch(OUTPUT, "--progress/--no-progress", says="Progress bars, or a line a stage as in a log.")]
Json = Annotated[
    bool,
    switch(OUTPUT, "--json", says="Print audit.json on standard output instead of the table.", environment=False),
]

# The same for commands that are no audits: they have one panel, and nothing from the environment.
JustJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JustQuiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only what was asked for.")]
