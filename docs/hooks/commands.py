"""Writes the pages under commands/ from the command line itself, each time the site is built."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PROGRAM = "dejavu-audit"
INDEX = "commands/index.md"
GUIDES = {"audit": "encoders.md", "bench": "validation.md"}
"""Pages that explain a command and are not called as it is."""
KINDS = {"int": "INTEGER", "float": "FLOAT", "Path": "PATH"}
INTRO = """# Every command

These pages are written by the command line itself when the site is built; `--help` after any command says the same.

Whatever the command, the exit code is 0 when it is done, 2 where something must be mended first (one sentence says
what, where, and what to type), 70 for an error of ours, and 130 after Ctrl-C. 1 and 3 are
[verdicts](../results.md#exit-codes).
"""


@dataclass(frozen=True)
class Page:
    """One page: a command, or several that take the same flags and differ in one word."""

    name: str
    words: str
    """What is typed, as in "plan FAMILY"."""
    panel: str
    about: str
    commands: tuple[tuple[str, Any], ...]
    """Each by what is typed."""

    @property
    def path(self) -> str:
        """Where it lies in the site."""
        return f"commands/{self.name}.md"

    @property
    def title(self) -> str:
        """What the navigation calls it."""
        return "openclip, timm, …" if self.words == "FAMILY" else self.words


def pages() -> list[Page]:
    """All of them, in the order of `dejavu-audit --help`."""
    import typer

    from dejavu_audit.cli import main

    return list(_pages(typer.main.get_command(main.app)))


def _pages(app: Any) -> Iterator[Page]:
    from dejavu_audit import plugins

    families = set(plugins.names(plugins.ENCODERS))
    audits = [(name, one) for name, one in app.commands.items() if name in families and not one.hidden]
    if audits:
        about = "Audit a model, of one encoder family a command; all of them take the same flags."
        yield Page("audit", "FAMILY", _panel(audits[0][1]), about, tuple(audits))
    for name, command in app.commands.items():
        if name in families or command.hidden:
            continue
        inner = [(f"{name} {word}", one) for word, one in getattr(command, "commands", {}).items() if not one.hidden]
        if inner and {word.split()[-1] for word, _ in inner} <= families:
            yield Page(name, f"{name} FAMILY", _panel(command), _first_line(command), tuple(inner))
        elif inner:
            yield Page(name, name, _panel(command), _first_line(command), tuple(inner))
        else:
            yield Page(name, name, _panel(command), _first_line(command), ((name, command),))


def written(page: Page, guides: set[str]) -> str:
    """The page as Markdown."""
    parts = [f"# {PROGRAM} {page.words}", plain(page.about)]
    guide = GUIDES.get(page.name, f"{page.name}.md")
    if guide in guides:
        parts.append(f"Explained with examples: [{guide.removesuffix('.md')}](../{guide}).")
    if len(page.commands) == 1:
        return "\n\n".join([*parts, *_command(page.commands[0][1], page.words)]) + "\n"
    if page.words.endswith("FAMILY"):
        rows = [[f"`{PROGRAM} {words}`", plain(_first_line(one))] for words, one in page.commands]
        parts.append(_table(["command", "for"], rows))
        first, *others = [_command(one, page.words) for _, one in page.commands]
        if any(other != first for other in others):
            raise ValueError(f"the commands of {page.words} differ in their flags: give each a page of its own")
        return "\n\n".join([*parts, *first]) + "\n"
    for words, one in page.commands:
        parts += [f"## {PROGRAM} {words}", plain(inspect.cleandoc(one.help or "")), *_command(one, words, level=3)]
    return "\n\n".join(parts) + "\n"


def _command(command: Any, words: str, level: int = 2) -> list[str]:
    """How it is typed, then a table for each panel of its parameters."""
    arguments = [one for one in command.params if one.param_type_name == "argument" and not getattr(one, "hidden", 0)]
    typed = " ".join(_as_typed(one) for one in arguments)
    parts = [f"```text\n{PROGRAM} {words} [OPTIONS] {typed}".rstrip() + "\n```"]
    if arguments:
        rows = [[f"`{_word(one)}`", plain(one.help or "")] for one in arguments]
        parts += [f"{'#' * level} Arguments", _table(["argument", "meaning"], rows)]
    panels: dict[str, list[list[str]]] = {}
    for one in command.params:
        if one.param_type_name == "option" and not one.hidden:
            panels.setdefault(getattr(one, "rich_help_panel", None) or "Options", []).append(_row(one))
    for panel, rows in panels.items():
        parts += [f"{'#' * level} {panel}", _table(["flag", "meaning", "default"], rows)]
    return parts


def _row(option: Any) -> list[str]:
    flags = ", ".join(f"<code>{flag}</code>" for flag in [*option.opts, *option.secondary_opts])
    value = "" if option.is_flag or option.count else (option.metavar or _kind(option))
    if value:
        flags += f" <code>{escape(value).replace('|', '&#124;<wbr>')}</code>"
    help_, said = _apart(option.help or "")
    if option.multiple and "repeat" not in help_:
        help_ += " May be repeated."
    return [flags, plain(help_), plain(said or _default(option))]


def _kind(option: Any) -> str:
    """What a value is, where the option does not say it: older typers keep click's type, newer ones the annotation."""
    if hasattr(option, "type"):
        return str(option.type.name).upper()
    said = str(option.type_descriptor.annotation)
    return next((word for kind, word in KINDS.items() if kind in said), "TEXT")


def _default(option: Any) -> str:
    shown = getattr(option, "show_default", None)
    if isinstance(shown, str):
        return shown
    value = None if callable(option.default) else option.default
    if option.required:
        return "must be given"
    if (
        value is None
        or value is False
        or value == ()
        or value == []
        or shown is False
        or "UNSET" in repr(value).upper()
    ):
        return ""
    if value is True:
        return option.opts[0]
    return str(value)


def _apart(text: str) -> tuple[str, str]:
    """The help, and what it says of the default."""
    found = re.search(r"\s*\(default: ([^()]+)\)", text)
    return (text[: found.start()] + text[found.end() :], found[1]) if found else (text, "")


def plain(text: str) -> str:
    """Help as Markdown: the terminal's markup taken out, and nothing left that Markdown or HTML would read."""
    from rich.markup import render

    shown = render(text.replace("\b", "")).plain
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", shown)]
    return "\n\n".join(re.sub(r"([\\`*_\[\]|#])", r"\\\1", escape(part, quote=False)) for part in paragraphs)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in lines)


def _first_line(command: Any) -> str:
    return inspect.cleandoc(command.help or "").split("\n\n")[0]


def _panel(command: Any) -> str:
    return getattr(command, "rich_help_panel", None) or "Commands"


def _word(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _as_typed(argument: Any) -> str:
    """The argument in the line of usage: in brackets where it may be left out, with dots where there may be several."""
    word = _word(argument) + ("…" if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def index(every: list[Page]) -> str:
    """The page that lists them, by panel."""
    panels: dict[str, list[Page]] = {}
    for page in every:
        panels.setdefault(page.panel, []).append(page)
    parts = [INTRO.rstrip()]
    for panel, within in panels.items():
        rows = [[f"[`{PROGRAM} {page.words}`]({page.name}.md)", plain(page.about)] for page in within]
        parts += [f"## {panel}", _table(["command", "what it does"], rows)]
    return "\n\n".join(parts) + "\n"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages into the navigation, below their index."""
    for section in _lists(config.nav or []):
        if INDEX in section:
            section += [{page.title: page.path} for page in pages()]
    return config


def _lists(nav: list[Any]) -> Iterator[list[Any]]:
    yield nav
    for entry in nav:
        if isinstance(entry, dict):
            for value in entry.values():
                if isinstance(value, list):
                    yield from _lists(value)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to the site."""
    every, guides = pages(), {file.src_uri for file in files.documentation_pages()}
    files.append(File.generated(config, INDEX, content=index(every)))
    for page in every:
        files.append(File.generated(config, page.path, content=written(page, guides)))
    return files
