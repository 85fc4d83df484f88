"""What goes wrong in and around worker processes: a clear error each time, never a hang, and nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import ModuleType

import psutil
import pytest

from tests.unit.models import jobs
from timetrial import models
from timetrial.errors import NeverAwaitedError, TimetrialError, WorkerDiedError, WorkloadError
from timetrial.models.base import ConcurrencyModel
from timetrial.models.pool.start_methods import preload
from timetrial.workload import Workload

SOON_S = 15.0
"""Far more than a death takes to be heard of, and far less than the tasks that wait for it."""


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> None:
    preload(["tests.unit.models.jobs", "pytest"])


@pytest.fixture(params=["processes", "processes+coroutines"])
def model(request: pytest.FixtureRequest) -> ConcurrencyModel:
    """The two models that have worker processes."""
    return models.get(request.param)


LINGER = Workload("linger", task=jobs.linger, async_task=jobs.async_linger)


@pytest.mark.filterwarnings("ignore:.*is multi-threaded, use of fork:DeprecationWarning")  # numpy's threads do it
@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("name", ["processes", "processes+coroutines"])
def test_every_start_method_works_and_is_recorded(name: str, start_method: str) -> None:
    """The start method that was asked for is the one that is used."""
    model = models.get(name, start_method=start_method)
    if model.unavailable():
        pytest.skip(str(model.unavailable()))
    with model.open(jobs.SQUARE, 3) as executor:
        assert executor.run(range(50)) == [number * number for number in range(50)]
        assert executor.details["start_method"] == start_method
        pids = executor.worker_pids()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_an_unknown_start_method_is_refused(model: ConcurrencyModel) -> None:
    """Nothing else is put in its place."""
    odd = models.get(model.name, start_method="teleport")
    assert "no start method 'teleport'" in str(odd.unavailable())
    with pytest.raises(TimetrialError, match="no start method 'teleport'"):
        odd.open(jobs.SQUARE, 1)


def test_a_worker_that_exits_is_an_error_at_once(model: ConcurrencyModel) -> None:
    """os._exit in a task: the error names the process, the exit code and the item, and the pool is closed."""
    workload = Workload("die", task=jobs.die, async_task=jobs.async_die)
    with model.open(workload, 2) as executor:
        pids = executor.worker_pids()
        with pytest.raises(WorkerDiedError, match=r"ended with exit code 3 while working on .*item.* \(-3\)") as caught:
            executor.run([-3])
        assert any(str(pid) in str(caught.value) for pid in pids)
        with pytest.raises(WorkerDiedError, match="this pool is closed since worker process"):
            executor.run([1])
        assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform has no SIGKILL")
def test_a_worker_that_is_killed_is_an_error_at_once(model: ConcurrencyModel) -> None:
    """SIGKILL while it works: the error comes long before the other worker's item would end."""
    with model.open(LINGER, 2) as executor:
        victim, bystander = executor.worker_pids()
        timer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
        timer.start()
        began_s = time.monotonic()
        with pytest.raises(WorkerDiedError, match=f"worker process {victim} .* was killed by SIGKILL while working on"):
            executor.run([1, 2])
        assert time.monotonic() - began_s < SOON_S
        timer.join()
        assert not psutil.pid_exists(bystander)


def test_a_worker_that_died_between_rounds_is_an_error(model: ConcurrencyModel) -> None:
    """The next round says so instead of waiting for it."""
    with model.open(jobs.SQUARE, 2) as executor:
        executor.run(range(4))
        victim = psutil.Process(executor.worker_pids()[1])
        victim.kill()
        psutil.wait_procs([victim], timeout=SOON_S)
        with pytest.raises(WorkerDiedError, match="worker process"):
            executor.run(range(400))


def test_large_items_and_results_do_not_block_each_other(model: ConcurrencyModel) -> None:
    """10 MB each way, several at once, with both sides' pipes full."""
    items = [bytes([number]) * 10_000_000 for number in range(6)]
    workload = Workload("echo", task=jobs.echo, async_task=jobs.async_echo)
    with model.open(workload, 2) as executor:
        for _ in range(2):
            assert executor.run(items) == items


@pytest.mark.parametrize("kind", ["task", "resource"])
def test_a_task_or_resource_that_can_not_be_pickled_is_named(model: ConcurrencyModel, kind: str) -> None:
    """A lambda: the error says which of the two it is and what to do."""
    task = (lambda item: item) if kind == "task" else jobs.with_nothing
    resource = None if kind == "task" else (lambda _: None)
    workload: Workload
    if model.name == "processes":
        workload = Workload("local", task=task, resource=resource)  # type: ignore[arg-type]  # wrong on purpose
    else:
        workload = Workload("local", async_task=task, async_resource=resource)  # type: ignore[arg-type]  # as above
    with (
        pytest.raises(WorkloadError, match=rf"the (async_)?{kind} .*<lambda>.* define it at the top level of a module"),
        model.open(workload, 1),
    ):
        pytest.fail("it opened")


def test_a_task_that_workers_can_not_import_is_named(model: ConcurrencyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that only exists in this process: the error says so and what to do, once for all workers."""
    module = ModuleType("only_here")
    exec("def task(item): return item", module.__dict__)  # noqa: S102 - a module that no other process can import
    monkeypatch.setitem(sys.modules, "only_here", module)
    workload: Workload = Workload("only-here", task=module.task, async_task=module.task)
    with (
        pytest.raises(
            WorkloadError, match=r"can't be loaded in a worker process .*No module named 'only_here'"
        ) as caught,
        model.open(workload, 2),
    ):
        pytest.fail("it opened")
    assert not [note for note in caught.value.__notes__ if "while the workers were closed" in note]


def test_an_item_that_can_not_be_pickled_is_named(model: ConcurrencyModel) -> None:
    """The error names the item, and the pool works on."""
    workload = Workload("identity", task=jobs.identity, async_task=jobs.async_identity)
    with model.open(workload, 2) as executor:
        with pytest.raises(WorkloadError, match="an item can't be sent to a worker process") as caught:
            executor.run([1, 2, 3, lambda: None, 5])
        assert any("item 3, <function" in note for note in caught.value.__notes__)
        assert executor.run([1, 2]) == [1, 2]


def test_an_item_that_can_not_be_unpickled_is_an_error(model: ConcurrencyModel) -> None:
    """Found out in the worker, raised here, and the pool works on."""
    workload = Workload("identity", task=jobs.identity, async_task=jobs.async_identity)
    with model.open(workload, 2) as executor:
        with pytest.raises(WorkloadError, match=r"items can't be loaded in a worker process .*teapot"):
            executor.run([1, jobs.Unloadable(), 3])
        assert executor.run([1, 2]) == [1, 2]


def test_a_result_that_can_not_be_pickled_is_named(model: ConcurrencyModel) -> None:
    """The error names the item whose result it is, and the pool works on."""
    workload: Workload = Workload("lambda", task=jobs.return_lambda, async_task=jobs.async_return_lambda)
    with model.open(workload, 2) as executor:
        for _ in range(2):
            with pytest.raises(WorkloadError, match="a result can't be sent back from a worker process") as caught:
                executor.run([11])
            assert any("item 0, 11" in note for note in caught.value.__notes__)


def test_a_result_that_can_not_be_unpickled_is_an_error() -> None:
    """Found out here; the pool works on."""
    with models.get("processes").open(Workload("unloadable", task=jobs.return_unloadable), 2) as executor:
        for _ in range(2):
            with pytest.raises(WorkloadError, match=r"can't be read back .*teapot"):
                executor.run([1, 2, 3])


def test_an_exception_that_can_not_travel_arrives_in_words(model: ConcurrencyModel) -> None:
    """Its type, message and the worker's traceback are in the error, and the item is named."""
    workload = Workload("custom", task=jobs.raise_custom, async_task=jobs.async_raise_custom)
    with model.open(workload, 1) as executor, pytest.raises(WorkloadError, match="TeapotError: 418: teapot") as caught:
        executor.run([418])
    assert "can't be sent between processes" in str(caught.value)
    assert 'raise TeapotError(item, "teapot")' in str(caught.value)
    assert any("item 0, 418" in note for note in caught.value.__notes__)


def test_the_worker_s_traceback_is_kept(model: ConcurrencyModel) -> None:
    """The line that raised, in the worker, can be read under the exception."""
    with model.open(jobs.SQUARE, 1) as executor, pytest.raises(ValueError, match="-1 is negative") as caught:
        executor.run([-1])
    assert any('raise ValueError(f"{item} is negative")' in note for note in caught.value.__notes__)


@pytest.mark.parametrize("name", ["serial", "threads", "processes"])
def test_a_sync_task_that_forgets_to_await_is_an_error(name: str) -> None:
    """It would time the making of coroutines; the error says where the task belongs."""
    with (
        models.get(name).open(Workload("lazy", task=jobs.never_awaited), 2) as executor,
        pytest.raises(NeverAwaitedError, match=r"jobs.never_awaited returned a coroutine.*pass it .* as async_task="),
    ):
        executor.run([1, 2, 3])


@pytest.mark.parametrize("name", ["coroutines", "processes+coroutines"])
def test_an_async_task_that_is_not_async_is_an_error(name: str) -> None:
    """The error names it and what it returned."""
    workload: Workload = Workload("eager", async_task=jobs.square)  # type: ignore[arg-type]  # wrong on purpose
    with (
        models.get(name).open(workload, 2) as executor,
        pytest.raises(WorkloadError, match=r"async_task .*jobs.square returned a int, which can't be awaited"),
    ):
        executor.run([1, 2, 3])


def test_workers_keep_the_modules_that_were_preloaded() -> None:
    """What a fork server has imported is imported once, and the executor says that it was."""
    with models.get("processes").open(jobs.SQUARE, 1) as executor:
        if executor.details["start_method"] != "forkserver":
            pytest.skip("there is no fork server on this platform")
        assert executor.details["preloaded"] in (True, False)


def test_a_resource_that_hangs_while_it_closes_is_ended(
    model: ConcurrencyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while the worker is terminated, and the error says so."""
    monkeypatch.setattr("timetrial.models.pool.pool._CLOSING_S", 0.3)
    workload = Workload(
        "stuck",
        task=jobs.with_nothing,
        async_task=jobs.async_with_nothing,
        resource=jobs.hangs_on_close,
        async_resource=jobs.async_hangs_on_close,
    )
    opening = model.open(workload, 2)
    executor = opening.__enter__()
    pids = executor.worker_pids()
    assert executor.run([1, 2]) == [1, 2]
    with pytest.raises(TimetrialError, match="did not close in time and was terminated"):
        opening.__exit__(None, None, None)
    assert not any(psutil.pid_exists(pid) for pid in pids)
