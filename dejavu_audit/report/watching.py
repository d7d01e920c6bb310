"""Whoever watches an audit from Python: a bar in a notebook, a function of theirs, an object of theirs, or nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent

if TYPE_CHECKING:
    from dejavu_audit.types import Progress

OnProgress: TypeAlias = "Progress | Callable[[str, int, int | None], object]"
"""A function of (stage, items done, items in all or None), or an object with the methods of `Progress`."""
SECONDS = 0.2
"""Between two drawings of a bar."""


def watcher(on_progress: OnProgress | None) -> Progress:
    """Who is told how far an audit is; None: a bar where a notebook would show one, else nobody.

    What a function raises ends the audit there: its run folder is given back, and what was embedded is kept, so that
    the same audit goes on where it was. AuditError for what is neither.
    """
    if on_progress is None:
        return cast("Progress", Bars()) if in_notebook() else Silent()
    if hasattr(on_progress, "stage") and hasattr(on_progress, "say"):
        return cast("Progress", on_progress)
    if callable(on_progress):
        return Told(on_progress)
    raise AuditError(
        f"on_progress takes a function of (stage, done, total), or an object with stage and say, not {on_progress!r}"
    )


def in_notebook() -> bool:
    """Whether this runs in a notebook's kernel (Jupyter, JupyterLab, VS Code, Colab), not in IPython's terminal."""
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        return False
    return getattr(shell, "kernel", None) is not None


class Told:
    """A `Progress` that tells a function: at the beginning of a stage, with every step, and at its end."""

    def __init__(self, tell: Callable[[str, int, int | None], object]) -> None:
        self._tell = tell

    @contextmanager
    def stage(self, name: str, total: int | None, unit: str = "pictures") -> Iterator[Callable[[int], None]]:
        """Open a stage."""
        done = 0

        def step(more: int) -> None:
            nonlocal done
            done += more
            self._tell(name, done, total)

        self._tell(name, 0, total)
        yield step

    def say(self, message: str) -> None:
        """Sentences are for people; a function is told numbers."""


class Bars:
    """A `Progress` that draws a bar a stage, and below it the sentences, into the output of a notebook's cell.

    One output, drawn anew in place: it needs no widgets, and what stays is as large after an hour as after a second.
    """

    def __init__(self) -> None:
        self._stages: list[_Stage] = []
        self._said: list[str] = []
        self._handle: Any = None
        self._drawn = 0.0

    @contextmanager
    def stage(self, name: str, total: int | None, unit: str = "pictures") -> Iterator[Callable[[int], None]]:
        """Draw one stage."""
        now = _Stage(name, total, unit)
        self._stages.append(now)
        self._draw()

        def step(more: int) -> None:
            now.done += more
            if time.monotonic() - self._drawn >= SECONDS:
                self._draw()

        try:
            yield step
            now.ended = True
        finally:
            now.stop()
            self._draw()

    def say(self, message: str) -> None:
        """Show one sentence."""
        self._said.append(message)
        self._draw()

    def html(self) -> str:
        """What is shown; names and sentences are text."""
        rows = "".join(stage.html() for stage in self._stages)
        said = "".join(f"<li>{escape(message)}</li>" for message in self._said)
        folded = f"<details><summary>Notes of the audit</summary><ul>{said}</ul></details>" if said else ""
        return f"<table style='background:transparent'>{rows}</table>{folded}"

    def _draw(self) -> None:
        shown = import_module("IPython.display")  # there is one wherever a notebook runs, and it is no dependency
        self._drawn = time.monotonic()
        if self._handle is None:
            self._handle = shown.display(shown.HTML(self.html()), display_id=True)
        else:
            self._handle.update(shown.HTML(self.html()))


class _Stage:
    """A stage, how far it is, and how long it took."""

    def __init__(self, name: str, total: int | None, unit: str) -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done, self.ended = 0, False
        self._start = time.monotonic()
        self._end: float | None = None

    def stop(self) -> None:
        self._end = time.monotonic()

    def html(self) -> str:
        seconds = (self._end or time.monotonic()) - self._start
        share = 1.0 if self.ended else min(self.done / self.total, 1.0) if self.total else None
        value = "" if share is None else f" value='{share:.3f}'"
        count = f"{self.done:,}" + (f" of {self.total:,}" if self.total else "") + f" {escape(self.unit)}"
        state = "done" if self.ended else "stopped" if self._end else _left(share, seconds)
        cells = (
            escape(self.name),
            f"<progress max='1'{value} aria-label='{escape(self.name)}'></progress>",
            count if self.total or self.done else "",
            f"{seconds:,.0f} s",
            state,
        )
        return "<tr>" + "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells) + "</tr>"


def _left(share: float | None, seconds: float) -> str:
    """How long is left at this pace."""
    return "" if not share else f"about {seconds * (1 - share) / share:,.0f} s left"
