"""Workloads that need no server against the script that one would write by hand for the same job, in turns, in one run.

Each script is the well-known way, opened once as the workload is: ``Pool.map``, ``ThreadPoolExecutor.map``, gather
and to_thread, a process or a thread at the other end of a queue.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks import (
    test_chunking,
    test_files,
    test_images,
    test_messages,
    test_shared_state,
    test_startup,
    test_sum_of_squares,
)
from benchmarks.harness.turns import Run, held_against
from fixtures.files import KB, make_files
from fixtures.handover import receipt
from fixtures.photographs import take_photographs
from fixtures.pools import worker_context
from fixtures.small_program import answer
from timetrial import Workload, models

_inherited: list[Any] = []


@contextmanager
def thread_map(task: Callable[[Any], Any], workers: int) -> Generator[Run]:
    """A thread pool's map."""
    with ThreadPoolExecutor(workers) as pool:
        yield lambda items: list(pool.map(task, items))


@contextmanager
def pool_map(task: Callable[[Any], Any], workers: int, chunksize: int | None = None) -> Generator[Run]:
    """A process pool's map, which makes up its own chunks unless told."""
    with worker_context().Pool(workers) as pool:
        yield lambda items: pool.map(task, items, chunksize)


@contextmanager
def executor_map(task: Callable[[Any], Any], workers: int, chunksize: int) -> Generator[Run]:
    """The same of concurrent.futures, which hands over one item at a time unless told."""
    with ProcessPoolExecutor(workers, worker_context()) as pool:
        yield lambda items: list(pool.map(task, items, chunksize=chunksize))


@contextmanager
def gathered_in_threads(task: Callable[[Any], Any], workers: int) -> Generator[Run]:
    """``gather`` and ``to_thread``; the loop's thread pool is what bounds them."""

    async def run(items: Sequence[Any]) -> list[Any]:
        return await asyncio.gather(*(asyncio.to_thread(task, item) for item in items))

    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(workers))
        yield lambda items: runner.run(run(items))


def count_and_hash(messages: Any, reports: Any) -> None:
    """A consumer: takes a round's messages until there are no more, and reports what they were."""
    taken: list[Any] = []
    while (message := messages.get()) is not None:
        if message == b"":
            reports.put(taken)
            taken = []
        else:
            taken.append(receipt(message))


def sent_through(messages: Any, reports: Any) -> Run:
    """A producer."""

    def run(items: Sequence[bytes]) -> list[Any]:
        for item in items:
            messages.put(item)
        messages.put(b"")
        taken: list[Any] = reports.get()
        return taken

    return run


@contextmanager
def queue_to_process() -> Generator[Run]:
    """Two multiprocessing.Queues and a Process."""
    context: Any = worker_context()
    messages, reports = context.Queue(), context.Queue()
    consumer = context.Process(target=count_and_hash, args=(messages, reports), daemon=True)
    consumer.start()
    yield sent_through(messages, reports)
    messages.put(None)
    consumer.join()
    messages.close()
    reports.close()


@contextmanager
def queue_to_thread() -> Generator[Run]:
    """Two queue.Queues and a Thread."""
    messages: queue.Queue[Any] = queue.Queue()
    reports: queue.Queue[Any] = queue.Queue()
    consumer = threading.Thread(target=count_and_hash, args=(messages, reports))
    consumer.start()
    yield sent_through(messages, reports)
    messages.put(None)
    consumer.join()


class LockedCounter:
    """What four threads add to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.hits = 0

    def add(self, share: Any) -> None:
        """A worker's share of the updates."""
        for _ in range(share.times):
            with self.lock:
                self.hits += 1


@contextmanager
def counted_by_threads() -> Generator[Run]:
    """A lock, a counter and a thread pool's map."""
    with ThreadPoolExecutor(4) as pool:

        def run(shares: Sequence[Any]) -> list[Any]:
            counter = LockedCounter()
            list(pool.map(counter.add, shares))
            return [{"hits": counter.hits}] * len(shares)

        yield run


def inherit(*shared: Any) -> None:
    """A pool's initializer."""
    _inherited[:] = shared


def add_to_value(share: Any) -> None:
    """A worker's share of the updates."""
    (value,) = _inherited
    for _ in range(share.times):
        with value.get_lock():
            value.value += 1


@contextmanager
def counted_by_processes() -> Generator[Run]:
    """A Value that a process pool's workers inherit."""
    value = worker_context().Value("q", 0)
    with worker_context().Pool(4, inherit, (value,)) as pool:

        def run(shares: Sequence[Any]) -> list[Any]:
            value.value = 0
            pool.map(add_to_value, shares, 1)
            return [{"hits": value.value}] * len(shares)

        yield run


class Case(NamedTuple):
    """A workload under a model, how many are in flight, the script, and what both are given."""

    workload: Workload
    model: str
    concurrency: int
    script: Callable[[], AbstractContextManager[Run]]
    items: Callable[[Path], Sequence[Any]]


CASES = {
    "sum_of_squares, processes": Case(
        test_sum_of_squares.SUM_OF_SQUARES,
        "processes",
        2,
        lambda: pool_map(test_sum_of_squares.sum_of_squares, 2, 1),
        lambda _folder: [200_000] * 8,
    ),
    "sum_of_squares, threads": Case(
        test_sum_of_squares.SUM_OF_SQUARES,
        "threads",
        2,
        lambda: thread_map(test_sum_of_squares.sum_of_squares, 2),
        lambda _folder: [200_000] * 8,
    ),
    "images, processes": Case(
        test_images.IMAGES,
        "processes",
        2,
        lambda: pool_map(test_images.thumbnail, 2, 1),
        lambda folder: take_photographs(folder, 8, 400),
    ),
    "images, threads": Case(
        test_images.IMAGES,
        "threads",
        2,
        lambda: thread_map(test_images.thumbnail, 2),
        lambda folder: take_photographs(folder, 8, 400),
    ),
    "images, coroutines": Case(
        test_images.IMAGES,
        "coroutines",
        2,
        lambda: gathered_in_threads(test_images.thumbnail, 2),
        lambda folder: take_photographs(folder, 8, 400),
    ),
    "read_files, threads": Case(
        test_files.READ_FILES,
        "threads",
        4,
        lambda: thread_map(test_files.read, 4),
        lambda folder: make_files(folder, 200, 4 * KB),
    ),
    "read_files, coroutines": Case(
        test_files.READ_FILES,
        "coroutines",
        4,
        lambda: gathered_in_threads(test_files.read, 4),
        lambda folder: make_files(folder, 200, 4 * KB),
    ),
    "messages, processes[Queue]": Case(
        test_messages.MESSAGES.variant("Queue"),
        "processes",
        1,
        queue_to_process,
        lambda _folder: test_messages.written(1000, 1024),
    ),
    "messages, threads[Queue]": Case(
        test_messages.MESSAGES.variant("Queue"),
        "threads",
        1,
        queue_to_thread,
        lambda _folder: test_messages.written(2000, 1024),
    ),
    "counter, threads[Lock]": Case(
        test_shared_state.COUNTER.variant("Lock"),
        "threads",
        4,
        counted_by_threads,
        lambda _folder: test_shared_state.shares(test_shared_state.HITS, 40_000),
    ),
    "counter, processes[Value]": Case(
        test_shared_state.COUNTER.variant("Value"),
        "processes",
        4,
        counted_by_processes,
        lambda _folder: test_shared_state.shares(test_shared_state.HITS, 8_000),
    ),
    "empty_items, threads": Case(
        test_startup.EMPTY_ITEMS,
        "threads",
        2,
        lambda: thread_map(answer, 2),
        lambda _folder: range(2000),
    ),
    "empty_items, processes": Case(
        test_startup.EMPTY_ITEMS,
        "processes",
        2,
        lambda: pool_map(answer, 2),
        lambda _folder: range(20_000),
    ),
    "chunking, processes": Case(
        test_chunking.CHUNKING,
        "processes",
        2,
        lambda: pool_map(test_chunking.work, 2),
        lambda _folder: test_chunking.tasks_of(4000, 300, 0),
    ),
    "chunking, processes[batch-100]": Case(
        test_chunking.CHUNKING.variant("batch-100"),
        "processes",
        2,
        lambda: executor_map(test_chunking.work, 2, 100),
        lambda _folder: test_chunking.tasks_of(4000, 300, 0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_script(benchmark: Any, tmp_path: Path, name: str) -> None:
    """Fails where the interval leaves no doubt that the workload takes more than 3 % longer than the script."""
    workload, model, concurrency, script, items_of = CASES[name]
    items = items_of(tmp_path)
    with models.get(model).open(workload, concurrency) as ours, script() as by_hand:
        held_against(by_hand, ours.run, items, benchmark, name, workload.comparable)
    assert multiprocessing.active_children() == []
