"""The blocks of code on the site's pages and in the README, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r'^(?P<in> *)```(?P<kind>\w*)(?: title="(?P<title>[^"]+)")?(?P<rest>.*)$')
_FIRST_LINE = re.compile(r"# ([\w./-]+\.(?:toml|yml|yaml))\n")
"""A comment that names the file."""
_NOT_RUN = re.compile(r"^<!-- not run: (?P<why>.+) -->$")
_EXIT = re.compile(r"\bexit code (\d+)")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    kind: str
    title: str | None
    """The file that it is the text of, by the fence or by a comment in the first line."""
    text: str
    not_run: str | None
    """Why not, where the page says so in a comment above it."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Line:
    """One command of a shell block, as a shell would read it."""

    block: Block
    words: tuple[str, ...]
    text: str
    exit_code: int
    """0, or what the comment behind the command says."""

    def __str__(self) -> str:
        return f"{self.block}: {self.text}"


def pages() -> list[Path]:
    """The README, then the pages of the site."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, from top to bottom; ValueError for a fence that is not understood or never closed."""
    lines = page.read_text("utf-8").splitlines()
    name = page.relative_to(ROOT).as_posix()
    at = 0
    while at < len(lines):
        opened = _FENCE.match(lines[at])
        if not opened:
            at += 1
            continue
        if opened["rest"].strip():
            raise ValueError(f"{name}:{at + 1}: a fence that is not understood: {lines[at]!r}")
        end = next((i for i in range(at + 1, len(lines)) if lines[i].strip() == "```"), None)
        if end is None:
            raise ValueError(f"{name}:{at + 1}: a fence that is never closed")
        indent = len(opened["in"])
        text = "".join(line[indent:] + "\n" for line in lines[at + 1 : end])
        named = _FIRST_LINE.match(text)
        title = opened["title"] or (named[1] if named else None)
        yield Block(name, at + 1, opened["kind"], title, text, _reason(lines, at))
        at = end + 1


def _reason(lines: list[str], at: int) -> str | None:
    above = next((line.strip() for line in reversed(lines[:at]) if line.strip()), "")
    found = _NOT_RUN.match(above)
    return found["why"] if found else None


def shell_lines(block: Block) -> Iterator[Line]:
    """The commands of a bash or console block; in a console, those after a dollar sign."""
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        if block.kind == "console":
            if not line.startswith("$ "):
                continue
            line = line[2:]
        words = tuple(shlex.split(line, comments=True))
        if not words:
            continue
        comment = line.rpartition(" # ")[2] if " # " in line else ""
        said = _EXIT.search(comment)
        yield Line(block, words, " ".join(line.split()), int(said[1]) if said else 0)
