"""Every worker that is started answers, and is gone afterwards; a wrong or impossible answer is seen, and named."""

from __future__ import annotations

import os
import signal
from typing import Final

import psutil
import pytest

from benchmarks.test_startup import EMPTY_ITEMS, IDLE, START_METHODS, STARTUP, unfit
from fixtures.program import open_small_program
from tests.system.workloads.proving import notes_of, prove
from timetrial import Workload, models
from timetrial.errors import VoidTrialError, WorkerDiedError

pytestmark = pytest.mark.timeout(120)

EVERY_WAY: Final = pytest.mark.parametrize(
    ("workload", "model"),
    [
        pytest.param(workload, model, id=f"{workload.name}-{model}")
        for workload in (STARTUP, EMPTY_ITEMS)
        for model in models.model_ids(workload)
        if workload is not STARTUP or not unfit(model, "quick", 2)
    ],
)


@EVERY_WAY
def test_every_item_is_answered(workload: Workload, model: str) -> None:
    """In the items' order, also where there are more items than workers."""
    assert prove(workload, model, range(5)).results == [1, 2, 3, 4, 5]


@EVERY_WAY
def test_a_wrong_answer_voids_the_trial(workload: Workload, model: str) -> None:
    """However little an item does."""
    with pytest.raises(VoidTrialError, match=r"the result of item 2, 7, differs from the serial reference"):
        prove(workload, model, range(4), done=[0, 1, 7, 3])


@EVERY_WAY
def test_an_item_that_fails_is_named(workload: Workload, model: str) -> None:
    """Although it was another program's worker that it failed in."""
    with pytest.raises(TypeError) as failure:
        prove(workload, model, range(4), done=[0, 1, None, 3])
    assert "None" in notes_of(failure.value)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_program_that_has_ended_is_a_clear_error() -> None:
    """And not a pipe that nobody reads."""
    with open_small_program("threads") as program:
        os.kill(program.pid, signal.SIGKILL)
        psutil.Process(program.pid).wait(10)
        with pytest.raises(WorkerDiedError, match="the program that opens workers has ended"):
            program.run(2, [0, 1])


@pytest.mark.parametrize("way", IDLE.values())
def test_idle_workers_take_memory_and_are_gone_afterwards(way: str) -> None:
    """They are held as long as it takes to look at them."""
    if way in START_METHODS and unfit(f"processes[{way}]", "quick", 2):
        pytest.skip(f"this platform has no {way}")
    with open_small_program(way) as program:
        assert program.idle_bytes(2) > 0
        assert program.run(2, [0, 1]) == [1, 2]
        children = psutil.Process(program.pid).children(recursive=True)
    psutil.wait_procs(children, timeout=10)
    assert [child for child in children if child.is_running()] == []
