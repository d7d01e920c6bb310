"""What is installed under a name: encoder families, data sets, baselines, taggers, plug-ins of others included."""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

OUR_PACKAGE = "dejavu-audit"


@dataclass(frozen=True)
class Offer:
    """What an entry point offers."""

    name: str
    package: str
    """The distribution that offers it; "" where the entry point does not say."""
    version: str
    module: str
    """Where it is: MODULE:FUNCTION."""
    says: str
    """What it is, in one line of its own docstring; "" where it has none."""
    problem: str | None
    """Why it cannot be used; None: it can be imported and called."""
    hidden: tuple[str, ...] = ()
    """Other packages that offer the same name, and are not asked."""

    @property
    def ours(self) -> bool:
        """Whether it comes with the auditor."""
        return self.package.lower().replace("_", "-") == OUR_PACKAGE

    def as_json(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


def offers(group: str) -> list[Offer]:
    """All that the entry points of a group offer, sorted; each is imported, so that what is broken shows."""
    by_name: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=group):
        by_name.setdefault(point.name, []).append(point)
    return [_offer(points) for _, points in sorted(by_name.items())]


def _offer(points: list[EntryPoint]) -> Offer:
    point = points[-1]  # the one that `plugins.find` takes
    says, problem = "", None
    try:
        # What a plug-in prints when it is imported is no part of the list.
        with contextlib.redirect_stdout(sys.stderr):
            loader = point.load()
        says = what_it_is(loader)
        if not callable(loader):
            problem = f"{point.value} is a {type(loader).__name__}, not a function"
    except (Exception, SystemExit) as error:  # whatever somebody else's module does when it is imported
        first = (str(error).strip().splitlines() or [""])[0]
        problem = f"cannot be imported: {first or type(error).__name__}"
    others = {_package(other)[0] for other in points[:-1]} - {_package(point)[0]}
    return Offer(point.name, *_package(point), point.value, says, problem, tuple(sorted(others)))


def _package(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else ("", "")


def what_it_is(loader: Any) -> str:
    """The first sentence of the module that a loader is in, else of the loader, without "The family `x`:" before it."""
    module = inspect.getdoc(inspect.getmodule(loader)) or ""
    text = module or inspect.getdoc(loader) or ""
    line = " ".join(text.partition("\n\n")[0].split())
    head, colon, rest = line.partition("`: ")
    line = rest if colon and re.fullmatch(r"The [a-z -]+ `[^`]*", head) else line
    return line[:1].upper() + line[1:]
