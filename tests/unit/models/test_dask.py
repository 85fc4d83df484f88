"""The model dask: which workers it takes, what it counts of lost ones, and what its errors say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is not installed: timetrial[dask]")

import dask

from tests.unit.models import jobs
from timetrial import models
from timetrial.errors import ClusterError, ModelUnavailableError, WorkerDiedError, WorkloadError
from timetrial.models.base import Executor, TellsOverhead
from timetrial.models.costs import ModelCosts
from timetrial.models.dask_cluster import chosen, differences
from timetrial.models.dask_losses import Losses
from timetrial.models.pool import start_methods
from timetrial.report.costs import cost_lines
from timetrial.workload import Workload

A, B, C = "tcp://10.0.0.1:1", "tcp://10.0.0.1:2", "tcp://10.0.0.2:1"


@pytest.mark.parametrize(
    ("threads", "concurrency", "found"),
    [
        ({A: 1, B: 1, C: 1}, 2, {A: 1, B: 1}),
        ({A: 1, B: 4, C: 1}, 5, {B: 4, A: 1}),
        ({A: 8, B: 2, C: 1}, 3, {B: 2, C: 1}),
    ],
)
def test_workers_are_chosen_that_have_exactly_so_many_threads(
    threads: Mapping[str, int], concurrency: int, found: Mapping[str, int]
) -> None:
    """As many items are in flight as under every other model, neither more nor fewer."""
    assert chosen(threads, concurrency, "tcp://s:1") == found


def test_a_cluster_of_another_size_is_a_reason_to_skip_and_an_empty_one_an_error() -> None:
    """Both say what the cluster has, and how to start it."""
    with pytest.raises(ModelUnavailableError, match=r"exactly 6 items in flight: its 2 workers have 8 .*--nthreads 1"):
        chosen({A: 4, B: 4}, 6, "tcp://s:1")
    with pytest.raises(ClusterError, match=r"tcp://s:1 has no workers; docs/cluster\.md"):
        chosen({}, 1, "tcp://s:1")


def _versions(**of_worker: str | None) -> dict[str, Any]:
    here = {"python": "3.13.1", "dask": "2026.8.0", "numpy": None, "timetrial": "0.1.0"}
    return {
        "client": {"packages": here},
        "scheduler": {"packages": {**here, "numpy": "2.1"}},
        "workers": {A: {"packages": here}, B: {"packages": {**here, **of_worker}}},
    }


def test_versions_are_compared_by_name() -> None:
    """The error names the worker, the package and both versions; what isn't installed here is nobody's concern."""
    assert differences(_versions()) == []
    assert differences(_versions(numpy="2.3")) == []
    assert differences(_versions(dask="2025.1.0", timetrial=None)) == [
        f"the worker {B} has dask 2025.1.0, and here it is 2026.8.0",
        f"the worker {B} has timetrial not at all, and here it is 0.1.0",
    ]


def _removed(worker: str, **tasks: list[str]) -> tuple[float, dict[str, Any]]:
    told = {"processing-tasks": tasks.get("running", []), "lost-computed-tasks": tasks.get("done", [])}
    return 0.0, {"action": "remove-worker", "worker": worker, **told}


def test_items_of_a_lost_worker_count_as_run_again() -> None:
    """Those that it was at or had waiting, and those whose results went with it; other people's tasks don't."""
    losses = Losses()
    losses.present = {A: 1, B: 1}
    losses.expect({"one": 5, "two": 5, "three": 3})
    losses.on_event(_removed(C, running=["one"]))
    assert losses.figures() == {}
    losses.on_event(_removed(B, running=["one", "theirs"], done=["three"]))
    assert losses.figures() == {"workers_lost": 1, "items_run_again": 8}
    assert losses.hopeless(each=False, restarts=False) is None
    assert "had to answer" in str(losses.hopeless(each=True, restarts=False))
    losses.on_event(_removed(A))
    assert losses.hopeless(each=False, restarts=False) == "all workers of the cluster were lost"
    assert losses.hopeless(each=False, restarts=True) is None


def test_what_comes_in_place_of_lost_workers_is_taken_in_as_far_as_needed() -> None:
    """Not more threads than there were."""
    losses = Losses()
    losses.present = {A: 1, B: 1}
    losses.on_event(_removed(B))
    losses.look_again({A: 1, C: 1, "tcp://10.0.0.3:1": 1})
    assert losses.present == {A: 1, C: 1}
    assert not losses.since_last_look


def test_without_dask_the_reason_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else runs in its place."""
    monkeypatch.setattr("timetrial.models.dask.find_spec", lambda _name: None)
    model = models.get("dask")
    assert model.unavailable() == "dask and distributed can't be imported; install timetrial[dask]"
    with pytest.raises(ModelUnavailableError, match=r"timetrial\[dask\]"):
        model.open(jobs.SQUARE, 2)


def test_a_scheduler_that_does_not_answer_is_an_error_that_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster of our own is not put in its place."""
    monkeypatch.setattr("timetrial.models.dask_cluster._CONNECT_S", 0.3)
    model = models.get("dask", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(ClusterError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 .*docs/cluster\.md"):
        model.open(jobs.SQUARE, 2).__enter__()


@pytest.fixture(scope="module", autouse=True)
def _quick_start() -> Iterator[None]:
    """Workers from a fork server where there is one, and none that is tried again."""
    with dask.config.set(
        {
            "distributed.worker.multiprocessing-method": start_methods.default(),
            "distributed.scheduler.allowed-failures": 0,
        }
    ):
        yield


@pytest.fixture(scope="module")
def identity() -> Iterator[Executor]:
    """Results are items."""
    with models.get("dask").open(Workload("identity", task=jobs.identity), 1) as executor:
        yield executor


def test_what_can_not_be_sent_is_named_and_the_cluster_works_on(identity: Executor) -> None:
    """Items here and results there; large ones are the workload's own business, and nobody warns of them."""
    with pytest.raises(WorkloadError, match="an item can't be sent to a worker process") as caught:
        identity.run([1, 2, 3, lambda: None, 5])
    assert any("item 3, <function" in note for note in caught.value.__notes__)
    assert identity.run([(1, 2), ("a", {"b": [3]})]) == [(1, 2), ("a", {"b": [3]})]
    large = [bytes(12_000_000)]
    assert identity.run(large) == large
    details = identity.details
    assert (details["scheduler"], details["workers"]) == ("embedded", 1)
    assert "workers_lost" not in details


def test_what_a_task_costs_is_told_by_who_spends_it(identity: Executor) -> None:
    """CPU time of real processes; the scheduler of our own cluster is in the client's."""
    assert isinstance(identity, TellsOverhead)
    found = identity.overhead_cpu_s_per_task()
    assert set(found) == {"client and scheduler", "workers"}
    assert all(1e-6 < seconds < 0.1 for seconds in found.values())
    (line,) = [
        each for each in cost_lines([ModelCosts("dask", None, 1.0, overhead_cpu_s_per_task=found)]) if "CPU" in each
    ]
    assert line.startswith("dask: a task that does nothing takes so much CPU time: client and scheduler ")


def test_a_cluster_of_our_own_is_reached_from_this_machine_alone(identity: Executor) -> None:
    """Scheduler, nannies and workers listen on a loopback address."""
    me = psutil.Process()
    processes = [me, *(psutil.Process(pid) for pid in identity.worker_pids())]
    listening = [each.laddr.ip for one in processes for each in one.net_connections() if each.status == "LISTEN"]
    assert len(listening) >= 3
    assert set(listening) <= {"127.0.0.1", "::1"}


@pytest.mark.skipif(sys.platform == "win32", reason="os._exit of a worker is told apart on POSIX alone")
def test_a_batch_that_ends_its_workers_is_an_error_that_names_its_items() -> None:
    """Once Dask has tried it as often as it is configured to; no process is left."""
    workload = Workload("die", task=jobs.die, one_at_a_time=True)
    with models.get("dask").open(workload, 1) as executor:
        pids = executor.worker_pids()
        assert executor.run([1, 2]) == [1, 2]
        with pytest.raises(WorkerDiedError, match=r"while working on one of items [01] to [12] of 3, 1 time"):
            executor.run([1, -3, 2])
        with pytest.raises(WorkerDiedError, match="this pool is closed"):
            executor.run([1])
    assert not any(psutil.pid_exists(pid) for pid in pids)
