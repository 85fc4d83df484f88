"""One suite of behaviours, run over every concurrency model that can run here."""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from tests.unit.models import jobs
from tests.waiting import new_threads
from timetrial import models
from timetrial.errors import WorkerDiedError, WorkloadError
from timetrial.models.base import ConcurrencyModel, Executor
from timetrial.models.pool.start_methods import default, preload
from timetrial.workload import Workload


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> None:
    preload(["tests.unit.models.jobs", "pytest", "distributed"])  # the last takes a Dask worker a second otherwise


@pytest.fixture(scope="module", autouse=True)
def _dask_starts_soon(_preloaded: None) -> Iterator[None]:
    """Its workers come from the fork server where there is one: what they do then is the same."""
    if find_spec("dask") is None:
        yield
        return
    import dask

    with dask.config.set({"distributed.worker.multiprocessing-method": default()}):
        yield


# A process with threads may be forked, and is told that it had better not be.
pytestmark = pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork:DeprecationWarning")


SLOW_TO_OPEN = ("processes[spawn]", "processes[loky]", "interpreters", "interpreters+coroutines", "greenlets", "dask")
# What the behaviour of these is made of, other models that open sooner are held to as well.
if_soon_opened = pytest.mark.parametrize(
    "model", [name for name in models.names() if name not in SLOW_TO_OPEN], indirect=True
)


@pytest.fixture(scope="module", params=models.names())
def model(request: pytest.FixtureRequest) -> ConcurrencyModel:
    """Each model in turn."""
    model = models.get(request.param)
    if reason := model.unavailable():
        pytest.skip(reason)
    return model


@pytest.fixture(scope="module")
def square3(model: ConcurrencyModel) -> Iterator[Executor]:
    """Each model in turn, opened for squares at a concurrency of 3."""
    with model.open(jobs.SQUARE, 3) as executor:
        yield executor


def test_results_come_in_the_order_of_the_items(square3: Executor) -> None:
    """However many items there are, none and fewer than workers included; workers stay open between rounds."""
    for count in (0, 1, 2, 3, 4, 50, 1000, 5, 0, 300, 2):
        assert square3.run(list(range(count))) == [number * number for number in range(count)]
        assert square3.run(range(count)) == [number * number for number in range(count)]


def test_a_failing_item_is_named_in_its_own_exception(square3: Executor) -> None:
    """The exception is the task's own, with a note that says which item it was and under which model."""
    with pytest.raises(ValueError, match="-7 is negative") as caught:
        square3.run([1, 2, 3, -7, 5])
    assert any("item 3, -7, under" in note for note in caught.value.__notes__)


def test_an_executor_works_on_after_a_failure(square3: Executor) -> None:
    """A task's own exception costs one round and no more."""
    for _ in range(3):
        with pytest.raises(ValueError, match="negative"):
            square3.run([*range(20), -1, *range(20)])
        assert square3.run(range(40)) == [number * number for number in range(40)]


def test_a_failure_cancels_what_has_not_begun(model: ConcurrencyModel, tmp_path: Path) -> None:
    """After the first failure no further item begins."""
    journal = jobs.Journal(tmp_path / "journal")
    items = [(1, 0), (-1, 0), *[(number, 0) for number in range(2000)]]
    with model.open(jobs.journaled_workload(journal.path), 2) as executor:
        with pytest.raises(ValueError, match="negative"):
            executor.run(items)
        begun = journal.count("begin")
        assert begun < len(items)
        assert executor.run(items[:1]) == [1]
        assert journal.count("begin") == begun + 1


@if_soon_opened
@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_as_many_items_are_in_flight_as_asked_for(model: ConcurrencyModel, tmp_path: Path, concurrency: int) -> None:
    """Exactly the concurrency is reached, and never exceeded; serial always has one."""
    if model.name == "serial":
        concurrency = 1
    journal = jobs.Journal(tmp_path / "journal")
    items = [(number, concurrency) for number in range(4 * concurrency)]
    with model.open(jobs.journaled_workload(journal.path), concurrency) as executor:
        assert len(executor.run(items)) == len(items)
    assert journal.most_in_flight() == concurrency


def test_each_worker_opens_its_resource_once_and_closes_it_where_it_opened_it(
    model: ConcurrencyModel, tmp_path: Path
) -> None:
    """Rounds share the resource; it is closed in the thread and process that opened it."""
    journal = jobs.Journal(tmp_path / "journal")
    with model.open(jobs.journaled_workload(journal.path), 3) as executor:
        for _ in range(3):
            executor.run([(number, 0) for number in range(10)])
        assert journal.count("close") == 0
        assert set(executor.worker_pids()) >= {int(line[2].split("-")[0]) for line in _lines(journal, "begin")}
    opened, closed = (Counter(line[1] for line in _lines(journal, word)) for word in ("open", "close"))
    assert opened == closed
    assert set(opened.values()) == {1}
    assert sum(int(line[2]) for line in _lines(journal, "open")) == (1 if model.name == "serial" else 3)
    assert {line[2] for line in _lines(journal, "begin")} <= set(opened)


def test_nothing_is_left_behind(model: ConcurrencyModel) -> None:
    """No thread, no worker process and no file descriptor outlives its executor."""
    _use(model.open(jobs.SQUARE, 2))  # what is started once per process is started now
    threads, descriptors = threading.enumerate(), _descriptors()
    for _ in range(1 if model.name in SLOW_TO_OPEN else 3):
        pids = _use(model.open(jobs.SQUARE, 3))
        assert not [pid for pid in pids if pid != psutil.Process().pid and psutil.pid_exists(pid)]
    assert not new_threads(threads)
    assert _descriptors() <= descriptors


@if_soon_opened
def test_nothing_is_left_behind_by_a_failing_test(model: ConcurrencyModel) -> None:
    """An exception in the with block comes through as it is, and the workers are closed."""
    _use(model.open(jobs.SQUARE, 2))
    threads, descriptors = threading.enumerate(), _descriptors()
    with pytest.raises(ZeroDivisionError), model.open(jobs.SQUARE, 2):
        raise ZeroDivisionError
    assert not new_threads(threads)
    assert _descriptors() <= descriptors


def test_a_resource_that_can_not_be_opened_says_so(model: ConcurrencyModel) -> None:
    """Its own exception comes out of open, with a note on where it comes from."""
    threads = threading.enumerate()
    with pytest.raises(ConnectionError, match="no server for") as caught, model.open(jobs.FAILING_RESOURCE, 2):
        pytest.fail("it opened")
    assert any("while opening the workload's resource" in note for note in caught.value.__notes__)
    assert not new_threads(threads)


@if_soon_opened
@pytest.mark.parametrize("item", [3])
def test_an_item_that_exits_is_an_error_of_that_item(model: ConcurrencyModel, item: int) -> None:
    """SystemExit from a task comes out of run, and the executor works on."""
    workload = Workload("exit", task=jobs.exit_now, async_task=jobs.exits)
    with model.open(workload, 2) as executor:
        with pytest.raises(SystemExit):
            executor.run([item])
        with pytest.raises(SystemExit):
            executor.run([item])


def test_a_workload_of_another_kind_is_refused(model: ConcurrencyModel) -> None:
    """Sync models don't suit a workload that is only async, and the other way round."""
    sync, coro = Workload("s", task=jobs.square), Workload("a", async_task=jobs.async_square)
    wrong: Workload = coro if model.suits(sync) else sync
    assert model.suits(sync) is not model.suits(coro)
    with pytest.raises(WorkloadError, match=re.escape(f"can't run under '{model.name}'")):
        _use(model.open(wrong, 1))


def test_concurrency_is_at_least_one(model: ConcurrencyModel) -> None:
    """Zero is refused by every model that looks at it."""
    if model.name == "serial":
        pytest.skip("serial has no concurrency")
    with pytest.raises(WorkloadError, match="1 or more, not 0"):
        _use(model.open(jobs.SQUARE, 0))


def test_details_say_how_many_workers_there_are(square3: Executor) -> None:
    """The figure that a reader of the results needs first."""
    assert square3.details["workers"] in (1, 2, 3)


def test_executors_of_one_model_work_side_by_side(model: ConcurrencyModel) -> None:
    """One that is opened while another is open has workers of its own, and leaves the other's alone."""
    with model.open(jobs.SQUARE, 2) as outer:
        with model.open(jobs.SQUARE, 1) as inner:
            assert outer.run([1, 2, 3]) == inner.run([1, 2, 3]) == [1, 4, 9]
        assert outer.run([4, 5]) == [16, 25]


def test_an_item_s_context_variables_are_its_own(model: ConcurrencyModel, tmp_path: Path) -> None:
    """What one item sets while others are in flight, no other one sees."""
    concurrency = 1 if model.name == "serial" else 3
    workload = Workload("contextual", task=jobs.contextual, async_task=jobs.async_contextual)
    journal = jobs.Journal(tmp_path / "journal")
    with model.open(workload, concurrency) as executor:
        items = [(number, concurrency, journal.path) for number in range(6)]
        assert executor.run(items) == list(range(6))


@pytest.mark.parametrize(
    "model", [name for name in models.names() if "processes" in name or name == "greenlets"], indirect=True
)
def test_a_worker_that_dies_is_an_error_and_nothing_is_left(model: ConcurrencyModel) -> None:
    """Of models with worker processes: an error that says so, at once, and the others end too."""
    workload = Workload("die", task=jobs.die, async_task=jobs.async_die)
    with model.open(workload, 2) as executor:
        executor.run([1, 2])
        pids = [*executor.worker_pids()]
        with pytest.raises(WorkerDiedError, match=r"died|exit code 3"):
            executor.run([-3])
        with pytest.raises(WorkerDiedError, match="this pool is closed"):
            executor.run([1])
    assert not any(psutil.pid_exists(pid) for pid in pids)


def _descriptors() -> int:
    me = psutil.Process()
    if sys.platform == "win32":
        return me.num_handles()
    return me.num_fds()


def _lines(journal: jobs.Journal, word: str) -> list[list[str]]:
    return [line for line in journal.lines() if line[0] == word]


def _use(opening: AbstractContextManager[Executor]) -> list[int]:
    with opening as executor:
        executor.run(range(10))
        return list(executor.worker_pids())
