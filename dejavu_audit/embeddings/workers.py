"""Worker processes for decoding: chunks of work go out, answers come back in order, whatever their number."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Generic, TypeVar

import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from dejavu_audit.errors import AuditError

Work = TypeVar("Work")
Answer = TypeVar("Answer")

PREFETCH = 3
"""Chunks a worker may be ahead."""
NICENESS = 10
"""Workers give way to the forward pass: a thread of it that loses its core makes all the others wait."""


def in_workers(
    task: Callable[[Work], Answer], chunks: Sequence[Work], workers: int | None
) -> Generator[Answer, None, None]:
    """`task` of every chunk, in order, done by `workers` processes (None: one a core; 0: this one).

    `task` travels to the workers once. A worker that dies raises torch's RuntimeError; see `worker_died`. Closing the
    iterator ends the workers.
    """
    count = min(cores() if workers is None else workers, len(chunks))
    with warnings.catch_warnings():
        # Who asks for more workers than cores has a slow disk, and knows it.
        warnings.filterwarnings("ignore", message="This DataLoader will create")
        loader = DataLoader(
            _Tasks(task),
            batch_size=None,
            sampler=_Order(chunks),
            num_workers=count,
            collate_fn=_as_is,
            worker_init_fn=_start_worker if count else None,
            prefetch_factor=PREFETCH if count else None,
            # Python 3.14 no longer forks by itself, and importing torch in every worker takes seconds.
            multiprocessing_context="fork" if count and sys.platform == "linux" else None,
        )
    yield from loader


def worker_died(error: RuntimeError) -> AuditError | None:
    """What to tell the user if torch's loader lost a worker; None for any other error."""
    if "DataLoader worker" not in str(error):
        return None
    return AuditError(
        "a decoding process was killed, most often because memory (in a container: shared memory) ran out; "
        "try fewer of them with --workers 1, or none with --workers 0: what was embedded so far is kept"
    )


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Tasks(TorchDataset[Answer], Generic[Work, Answer]):
    """What torch's loader asks for each chunk of; lives in the workers."""

    def __init__(self, task: Callable[[Work], Answer]) -> None:
        self._task = task

    def __getitem__(self, chunk: Work) -> Answer:
        return self._task(chunk)


class _Order(Generic[Work]):
    """torch wants an iterable with a length."""

    def __init__(self, chunks: Sequence[Work]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[Work]:
        return iter(self._chunks)

    def __len__(self) -> int:
        return len(self._chunks)


def _as_is(answer: Answer) -> Answer:
    return answer


def _start_worker(number: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the main process ends the workers
    torch.set_num_threads(1)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
