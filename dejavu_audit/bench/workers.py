"""Share out the cells of a study among processes, each of one thread; the results hang on neither."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")
R = TypeVar("R")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def spread(work: Callable[[T], R], tasks: Sequence[T], processes: int, say: Callable[[str], None]) -> list[R]:
    """`work` of every task, in the tasks' order; `say` is told how far it is, at every tenth of the way.

    `work` must be found by import and take all that it needs, seeds too, from the task. With one process it runs here.
    """
    told = _Tenths(len(tasks), say)
    if processes == 1 or len(tasks) < 2:
        found = []
        for task in tasks:
            found.append(work(task))
            told.one_more()
        return found
    # Spawned, since a fork of a process with faiss's threads may hang; the threads are counted when libraries load.
    with (
        _one_thread(),
        ProcessPoolExecutor(min(processes, len(tasks)), mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        waiting = [pool.submit(work, task) for task in tasks]
        try:
            results = []
            for one in waiting:
                results.append(one.result())
                told.one_more()
            return results
        except BrokenProcessPool as error:
            raise AuditError(
                "a process of the bench was killed, most often because memory ran out; try --processes 1: "
                "studies that were done before are kept"
            ) from error
        except BaseException:
            for one in waiting:
                one.cancel()
            raise


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that start now use one thread each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Tenths:
    """Says how many tasks are done, ten times at most."""

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total, self._say, self._done = total, say, 0

    def one_more(self) -> None:
        self._done += 1
        if 10 * self._done // self._total > 10 * (self._done - 1) // self._total:
            self._say(f"{self._done:,} of {self._total:,} settings")
