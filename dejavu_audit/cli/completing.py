"""What a shell offers after Tab: names that are cheap to find. Nothing heavy is imported, and nothing may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from dejavu_audit import plugins

Completer: TypeAlias = Callable[[str], list[str]]
RUNS, AUDIT = Path("runs"), "audit.json"
"""As in `report.reading` and `report.folder`, which are slow to import."""


def choices(metavar: str | None) -> Completer | None:
    """The words of a metavar like "quick|standard|full"; None where it is no list of words to type."""
    words = [word for word in (metavar or "").split("|") if word and word == word.lower() and word != "…"]
    if len(words) < 2:
        return None
    return lambda incomplete: _beginning(words, incomplete)


def data_names(incomplete: str) -> list[str]:
    """Built-in and installed data sets, and descriptions in the folder that is being typed."""
    return _beginning(plugins.names(plugins.DATASETS), incomplete) + _files(incomplete, ".toml")


def baseline_names(incomplete: str) -> list[str]:
    """Installed baselines; of several with commas between, the last is completed."""
    done, comma, last = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in _beginning(plugins.names(plugins.BASELINES), last)]


def tagger_names(incomplete: str) -> list[str]:
    """Installed taggers, with the colon after which the model follows."""
    return _beginning([f"{name}:" for name in plugins.names(plugins.TAGGERS)], incomplete)


def family_names(incomplete: str) -> list[str]:
    """Installed encoder families."""
    return _beginning(plugins.names(plugins.ENCODERS), incomplete)


def run_names(incomplete: str) -> list[str]:
    """`latest`, the finished runs in runs/, and folders by their path."""
    try:
        finished = sorted(folder.name for folder in RUNS.iterdir() if (folder / AUDIT).is_file())
    except OSError:
        finished = []
    return _beginning(["latest", *finished], incomplete) + (_folders(incomplete) if incomplete else [])


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


def _files(incomplete: str, suffix: str) -> list[str]:
    return [path for path in _below(incomplete) if path.endswith((suffix, "/"))]


def _folders(incomplete: str) -> list[str]:
    return [path for path in _below(incomplete) if path.endswith("/")]


def _below(incomplete: str) -> list[str]:
    """Paths that begin so, as typed, a slash after folders; hidden ones only where a dot was typed."""
    folder, slash, start = incomplete.rpartition("/")
    try:
        there = sorted(Path(folder + slash or ".").iterdir())
    except (OSError, ValueError):
        return []
    return [
        f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}"
        for path in there
        if path.name.startswith(start) and (start or not path.name.startswith("."))
    ]
