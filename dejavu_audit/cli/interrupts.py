"""Ctrl-C before there is anything to interrupt. Imports nothing but the standard library: it is wanted first."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130


@contextmanager
def leave_at_once() -> Iterator[None]:
    """While modules are imported, let Ctrl-C end the process there and then; nothing is under way that could be lost.

    A KeyboardInterrupt at that time shows a traceback, and inside the start of a compiled module it ends in abort().
    """
    if threading.current_thread() is not threading.main_thread():  # others may not touch signals
        yield
        return
    before = signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def exit_interrupted() -> None:
    """End the process with 130. Python itself would rather die of SIGINT if code in `exec` was interrupted."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed: nobody reads any more
            stream.flush()
    os._exit(INTERRUPTED)


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, b"\nInterrupted.\n")
    os._exit(INTERRUPTED)
