"""What goes wrong in pools that are concurrent.futures' own: what ours say of it, as far as such a pool tells."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import psutil
import pytest

from tests.unit.models import jobs
from timetrial import models
from timetrial.errors import TimetrialError, WorkerDiedError, WorkloadError
from timetrial.models.base import Executor
from timetrial.workload import Workload

pytestmark = pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture(scope="module")
def echo() -> Iterator[Executor]:
    """A pool of processes whose results are its items."""
    with models.get("processes[pool]").open(Workload("identity", task=jobs.identity), 2) as executor:
        yield executor


def test_an_item_that_can_not_be_sent_is_named_and_the_pool_works_on(echo: Executor) -> None:
    """As our own pool does."""
    with pytest.raises(WorkloadError, match="an item can't be sent to a worker process") as caught:
        echo.run([1, 2, 3, lambda: None, 5])
    assert any("item 3, <function" in note for note in caught.value.__notes__)
    assert echo.run([1, 2]) == [1, 2]


def test_a_result_that_can_not_be_sent_says_among_which_it_is() -> None:
    """Which one, the pool doesn't tell."""
    with models.get("processes[pool]").open(Workload("lambda", task=jobs.return_lambda), 2) as executor:
        with pytest.raises(WorkloadError, match="a result of items 0 to 0 can't be sent back from a worker process"):
            executor.run([11])
        with pytest.raises(WorkloadError, match="a result of items"):
            executor.run([11, 12])


def test_a_task_that_can_not_be_pickled_is_refused_by_the_pool_and_taken_by_loky() -> None:
    """A lambda, which is what loky is for."""
    workload = Workload("local", task=lambda item: 2 * item)
    with pytest.raises(WorkloadError, match="define it at the top level of a module"):
        models.get("processes[pool]").open(workload, 1)
    loky = models.get("processes[loky]")
    if reason := loky.unavailable():
        pytest.skip(reason)
    with loky.open(workload, 1) as executor:
        assert executor.run([1, 2, 3]) == [2, 4, 6]


def test_one_at_a_time_makes_no_batches() -> None:
    """A short item waits behind no long one."""
    workload = Workload("identity", task=jobs.identity, one_at_a_time=True)
    with models.get("processes[pool]").open(workload, 2) as executor:
        assert executor.run(list(range(40))) == list(range(40))
        assert {len(batch) for batch in executor._batches(40)} == {1}  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform has no SIGKILL")
def test_a_worker_that_is_killed_ends_the_round_and_the_pool() -> None:
    """Long before the other worker's item would end; the error says among which items it was."""
    with models.get("processes[pool]").open(Workload("linger", task=jobs.linger), 2) as executor:
        pids = executor.worker_pids()
        timer = threading.Timer(0.2, os.kill, (pids[0], signal.SIGKILL))
        timer.start()
        with pytest.raises(WorkerDiedError, match=r"died while working on one of items 0 to 1 of 2"):
            executor.run([1, 2])
        timer.join()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_resource_that_hangs_while_it_closes_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so, and no process is left."""
    monkeypatch.setattr("timetrial.models.futures._CLOSING_S", 0.3)
    workload = Workload("stuck", task=jobs.with_nothing, resource=jobs.hangs_on_close)
    opening = models.get("processes[pool]").open(workload, 2)
    executor = opening.__enter__()
    pids = executor.worker_pids()
    assert executor.run([1, 2]) == [1, 2]
    with pytest.raises(TimetrialError, match=r"did not close its resource in 0\.3 s"):
        opening.__exit__(None, None, None)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_threads_that_are_still_at_it_after_an_interruption_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can end them; the error says what Python will do."""
    monkeypatch.setattr("timetrial.models.futures._INTERRUPTED_S", 0.1)
    goes_on = threading.Event()

    def waits_or_interrupts(item: int) -> int:
        if item:
            raise KeyboardInterrupt
        goes_on.wait(20)
        return item

    pool = models.get("threads[pool]").open(Workload("waits", task=waits_or_interrupts), 2)
    with pytest.raises(KeyboardInterrupt) as caught, pool as executor:
        executor.run([1, 0])
    goes_on.set()
    assert any("'threads[pool]' was still at 1 item(s)" in note for note in caught.value.__notes__)
