"""The tightest hand-written code for the same job, for each model: what its executor is measured against."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

Run = Callable[[list[float]], list[float]]


def spin(item: float) -> float:
    """Counts for a millisecond of CPU, however fast the machine is at the moment; ``item`` is that time in seconds."""
    end = time.thread_time() + item
    while time.thread_time() < end:
        pass
    return item


def doze(item: float) -> float:
    """Sleeps for ``item`` seconds."""
    time.sleep(item)
    return item


async def async_doze(item: float) -> float:
    """Sleeps for ``item`` seconds."""
    await asyncio.sleep(item)
    return item


async def async_spin(item: float) -> float:
    """As spin, without a turn of the loop."""
    return spin(item)


@contextmanager
def serial(task: Callable[[float], float], concurrency: int) -> Generator[Run, None, None]:
    """A plain loop."""
    del concurrency
    yield lambda items: [task(item) for item in items]


@contextmanager
def threads(task: Callable[[float], float], concurrency: int) -> Generator[Run, None, None]:
    """Warm threads that take indices from a deque."""
    rounds: SimpleQueue[Any] = SimpleQueue()
    finished: SimpleQueue[None] = SimpleQueue()

    def work() -> None:
        while (current := rounds.get()) is not None:
            todo, items, results = current
            while todo:
                try:
                    index = todo.popleft()
                except IndexError:
                    break
                results[index] = task(items[index])
            finished.put(None)

    team = [threading.Thread(target=work, daemon=True) for _ in range(concurrency)]
    for thread in team:
        thread.start()

    def run_round(items: list[float]) -> list[float]:
        todo, results = deque(range(len(items))), [0.0] * len(items)
        for _ in team:
            rounds.put((todo, items, results))
        for _ in team:
            finished.get()
        return results

    yield run_round
    for _ in team:
        rounds.put(None)
    for thread in team:
        thread.join()


def serve_slices(connection: Connection, task: Callable[[float], float]) -> None:
    """A bare worker process: a slice comes in, its results go out."""
    while (items := connection.recv()) is not None:
        connection.send([task(item) for item in items])


def serve_slices_async(connection: Connection, async_task: Callable[[float], Any], slots: int) -> None:
    """A bare worker process with an event loop: a slice comes in, its results go out."""
    with asyncio.Runner() as runner:
        while (items := connection.recv()) is not None:
            connection.send(runner.run(pull(async_task, items, slots)))


@contextmanager
def _slices(target: Callable[..., None], *arguments: tuple[Any, ...]) -> Generator[Run, None, None]:
    """Warm processes; each gets its even slice of the items in one message: the best there is for equal items."""
    context = multiprocessing.get_context("forkserver")
    pipes, processes = [], []
    for own in arguments:
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=target, args=(theirs, *own), daemon=True))
        processes[-1].start()
        theirs.close()
        pipes.append(ours)

    def run(items: list[float]) -> list[float]:
        size = -(-len(items) // len(pipes))
        for number, pipe in enumerate(pipes):
            pipe.send(items[number * size : (number + 1) * size])
        return [result for pipe in pipes for result in pipe.recv()]

    yield run
    for pipe in pipes:
        pipe.send(None)
    for process in processes:
        process.join()
    for pipe in pipes:
        pipe.close()


def processes(task: Callable[[float], float], concurrency: int) -> Any:
    """Bare processes and pipes."""
    return _slices(serve_slices, *[(task,)] * concurrency)


def hybrid(async_task: Callable[[float], Any], concurrency: int) -> Any:
    """Two bare processes, pipes, and an event loop in each."""
    return _slices(serve_slices_async, *[(async_task, concurrency // 2)] * 2)


def call_all(task: Callable[[float], float], items: list[float]) -> list[float]:
    """A bare task of Dask's: a slice goes in, its results come out."""
    return [task(item) for item in items]


@contextmanager
def dask(task: Callable[[float], float], concurrency: int) -> Generator[Run, None, None]:
    """A LocalCluster and a client, with one task of Dask's for each worker: the best there is for equal items."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=concurrency,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # its health page's, or two take port 8787
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):

        def run(items: list[float]) -> list[float]:
            size = -(-len(items) // concurrency)
            slices = [items[start : start + size] for start in range(0, len(items), size)]
            futures = client.map(call_all, [task] * len(slices), slices, pure=False)
            return [result for results in client.gather(futures) for result in results]

        yield run


async def pull(async_task: Callable[[float], Any], items: list[float], concurrency: int) -> list[float]:
    """Worker coroutines that share an iterator."""
    results, todo = [0.0] * len(items), enumerate(items)

    async def work(todo: Iterator[tuple[int, float]]) -> None:
        for index, item in todo:
            results[index] = await async_task(item)

    await asyncio.gather(*(work(todo) for _ in range(concurrency)))
    return results


@contextmanager
def coroutines(async_task: Callable[[float], Any], concurrency: int) -> Generator[Run, None, None]:
    """A bare event loop."""
    with asyncio.Runner() as runner:
        yield lambda items: runner.run(pull(async_task, items, concurrency))


@contextmanager
def thread_loops(async_task: Callable[[float], Any], concurrency: int) -> Generator[Run, None, None]:
    """Two warm threads, an event loop in each, whose coroutines take indices from one deque."""
    rounds: list[SimpleQueue[Any]] = [SimpleQueue(), SimpleQueue()]
    finished: SimpleQueue[None] = SimpleQueue()

    async def take(todo: deque[int], items: list[float], results: list[float]) -> None:
        while todo:
            try:
                index = todo.popleft()
            except IndexError:
                break
            results[index] = await async_task(items[index])

    async def share(*current: Any) -> None:
        await asyncio.gather(*(take(*current) for _ in range(concurrency // 2)))

    def work(own: SimpleQueue[Any]) -> None:
        with asyncio.Runner() as runner:
            while (current := own.get()) is not None:
                runner.run(share(*current))
                finished.put(None)

    team = [threading.Thread(target=work, args=(own,), daemon=True) for own in rounds]
    for thread in team:
        thread.start()

    def run_round(items: list[float]) -> list[float]:
        todo, results = deque(range(len(items))), [0.0] * len(items)
        for own in rounds:
            own.put((todo, items, results))
        for _ in team:
            finished.get()
        return results

    yield run_round
    for own in rounds:
        own.put(None)
    for thread in team:
        thread.join()
