from __future__ import annotations

import math
import os

import pytest

from dejavu_audit.bench.workers import spread
from dejavu_audit.errors import AuditError


def test_results_come_in_order_and_progress_in_tenths():
    said = []
    assert spread(math.sqrt, [float(n) for n in range(25)], 1, said.append) == [math.sqrt(n) for n in range(25)]
    assert len(said) == 10 and said[-1] == "25 of 25 settings"


def test_processes_of_one_thread_give_the_same(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    said = []
    assert spread(os.getenv, ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "NOT_SET"], 2, said.append) == ["1", "1", None]
    assert "OMP_NUM_THREADS" not in os.environ
    assert said[-1] == "3 of 3 settings"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_of_one_task_is_raised(processes):
    with pytest.raises(ValueError, match=r"math domain error|expected a nonnegative"):
        spread(math.sqrt, [1.0, -1.0, 4.0], processes, lambda message: None)


def test_a_killed_process_is_told_in_a_sentence():
    with pytest.raises(AuditError, match="memory ran out; try --processes 1"):
        spread(os._exit, [1, 1], 2, lambda message: None)
