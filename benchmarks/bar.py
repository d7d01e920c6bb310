"""One promise, what was measured of it, and how to measure a command as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass

ENV = {"GOMP_SPINCOUNT": "10000"}
"""As the command line sets it: threads that wait leave the cores to the decoders."""


@dataclass(frozen=True)
class Bar:
    """A figure and the limit it must keep."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    form: str = ".2f"
    equal: bool = False

    @property
    def sign(self) -> str:
        return "=" if self.equal else "≤"

    @property
    def met(self) -> bool:
        return self.measured == self.limit if self.equal else self.measured <= self.limit


class AtLeast(Bar):
    """A figure that must not fall below its limit."""

    @property
    def sign(self) -> str:
        return "≥"

    @property
    def met(self) -> bool:
        return self.measured >= self.limit


@dataclass(frozen=True)
class Whole:
    """A command as the operating system saw it: wall seconds and peak memory of its largest process, in bytes."""

    wall: float
    peak: int
    output: str


def whole(*arguments: str, env: dict[str, str] | None = None) -> Whole:
    """Run Python with the arguments and measure it from outside; its failure is ours."""
    began = time.perf_counter()
    # os.wait4 gives the peak of the process and of the workers it waited for.
    child = subprocess.Popen(
        [sys.executable, *arguments], env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True
    )
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {child.returncode}")
    return Whole(time.perf_counter() - began, usage.ru_maxrss * 1024, output)
