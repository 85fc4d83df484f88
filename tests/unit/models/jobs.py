"""Tasks and resources that worker processes can import, and a journal that all workers write to."""

from __future__ import annotations

import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path

from timetrial.workload import Workload

PATIENCE_S = 20.0
"""How long an item waits for the others that should run beside it."""


class Journal:
    """Lines that any thread or process appends to one file, in the order in which they happen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def write(self, *words: object) -> None:
        """Appends one line; the system keeps lines of several writers apart."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, (" ".join(map(str, words)) + "\n").encode())
        finally:
            os.close(descriptor)

    def lines(self) -> list[list[str]]:
        """All lines, split into words."""
        return [line.split() for line in self.path.read_text().splitlines()]

    def count(self, word: str) -> int:
        """How many lines begin with that word."""
        return sum(line[0] == word for line in self.lines())

    def most_in_flight(self) -> int:
        """The most items that had begun and not ended at one moment."""
        in_flight = most = 0
        for line in self.lines():
            in_flight += {"begin": 1, "end": -1}.get(line[0], 0)
            most = max(most, in_flight)
        return most


async def pause(seconds: float) -> None:
    """Sleeps in the loop that runs, which may be trio's."""
    if "trio" in sys.modules:
        import anyio

        await anyio.sleep(seconds)
    else:
        await asyncio.sleep(seconds)


def where() -> str:
    """The worker that asks: its process and its thread."""
    return f"{os.getpid()}-{threading.get_ident()}"


def square(item: int) -> int:
    """The plainest of tasks; raises ValueError for a negative number."""
    if item < 0:
        raise ValueError(f"{item} is negative")
    return item * item


async def async_square(item: int) -> int:
    """As square, with a turn of the loop in between."""
    await pause(0)
    return square(item)


SQUARE: Workload = Workload("square", task=square, async_task=async_square)


@contextmanager
def journal_resource(path: Path, concurrency: int) -> Generator[Journal, None, None]:
    """A resource that writes down when and where it is opened and closed."""
    journal = Journal(path)
    journal.write("open", where(), concurrency)
    yield journal
    journal.write("close", where())


@asynccontextmanager
async def async_journal_resource(path: Path, concurrency: int) -> AsyncGenerator[Journal, None]:
    """As journal_resource, in an event loop."""
    with journal_resource(path, concurrency) as journal:
        yield journal


def journaled(item: tuple[int, int], journal: Journal) -> int:
    """Writes down its beginning and end; waits until so many items have begun; fails for a negative number."""
    number, begun = item
    journal.write("begin", number, where())
    deadline = time.monotonic() + PATIENCE_S
    while journal.count("begin") < begun and time.monotonic() < deadline:
        time.sleep(0.002)
    journal.write("end", number)
    return square(number)


async def async_journaled(item: tuple[int, int], journal: Journal) -> int:
    """As journaled, with a turn of the loop in between."""
    number, begun = item
    journal.write("begin", number, where())
    deadline = time.monotonic() + PATIENCE_S
    while journal.count("begin") < begun and time.monotonic() < deadline:
        await pause(0.002)
    await pause(0)
    journal.write("end", number)
    return square(number)


def journaled_workload(path: Path) -> Workload:
    """A workload all of whose workers write to the journal in that file."""
    return Workload(
        "journaled",
        task=journaled,
        async_task=async_journaled,
        resource=partial(journal_resource, path),
        async_resource=partial(async_journal_resource, path),
    )


_SET_BY_AN_ITEM: ContextVar[int] = ContextVar("_SET_BY_AN_ITEM")


def contextual(item: tuple[int, int, Path]) -> int:
    """Sets a context variable, waits until so many items have, and reads it again."""
    number, begun, path = item
    _SET_BY_AN_ITEM.set(number)
    journaled((number, begun), Journal(path))
    return _SET_BY_AN_ITEM.get()


async def async_contextual(item: tuple[int, int, Path]) -> int:
    """As contextual, in an event loop."""
    number, begun, path = item
    _SET_BY_AN_ITEM.set(number)
    await async_journaled((number, begun), Journal(path))
    return _SET_BY_AN_ITEM.get()


@contextmanager
def failing_resource(concurrency: int) -> Generator[None, None, None]:
    """A resource that can't be opened."""
    raise ConnectionError(f"no server for {concurrency}")
    yield


@asynccontextmanager
async def async_failing_resource(concurrency: int) -> AsyncGenerator[None, None]:
    """As failing_resource, in an event loop."""
    with failing_resource(concurrency):
        yield


def with_nothing(item: int, resource: None) -> int:
    """A task that has a resource and no use for it."""
    del resource
    return item


async def async_with_nothing(item: int, resource: None) -> int:
    """As with_nothing, in an event loop."""
    del resource
    return item


FAILING_RESOURCE: Workload = Workload(
    "failing-resource",
    task=with_nothing,
    async_task=async_with_nothing,
    resource=failing_resource,
    async_resource=async_failing_resource,
)


class TeapotError(Exception):
    """An exception that can be pickled and not unpickled.

    Its __init__ wants more than it passes on, which is enough unless a library, such as Dask by way of tblib, has
    registered a way of its own; and it holds what nobody can unpickle.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.pot = Unloadable()


def raise_custom(item: int) -> int:
    """Raises TeapotError."""
    raise TeapotError(item, "teapot")


async def async_raise_custom(item: int) -> int:
    """Raises TeapotError."""
    raise TeapotError(item, "teapot")


def never_awaited(item: int) -> object:
    """A sync task that forgets to await."""
    return async_square(item)


async def exits(item: int) -> int:
    """Raises SystemExit."""
    raise SystemExit(item)


def exit_now(item: int) -> int:
    """Raises SystemExit."""
    raise SystemExit(item)


def return_lambda(item: int) -> object:
    """Returns what can't be pickled."""
    return lambda: item


async def async_return_lambda(item: int) -> object:
    """Returns what can't be pickled."""
    return lambda: item


def echo(item: bytes) -> bytes:
    """Returns as much as it gets."""
    return item[::-1]


async def async_echo(item: bytes) -> bytes:
    """Returns as much as it gets."""
    return item[::-1]


class Unloadable:
    """Can be pickled, and not unpickled."""

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return raise_custom, (1,)


def identity(item: object) -> object:
    """Returns its item."""
    return item


async def async_identity(item: object) -> object:
    """Returns its item."""
    return item


def return_unloadable(item: int) -> Unloadable:
    """Returns what can't be read back."""
    del item
    return Unloadable()


def die(item: int) -> int:
    """Ends its process at once where the item is negative."""
    if item < 0:
        os._exit(-item)
    return item


async def async_die(item: int) -> int:
    """As die, in an event loop."""
    return die(item)


def linger(item: int, seconds: float = 60.0) -> int:
    """Keeps its worker busy for a minute."""
    time.sleep(seconds)
    return item


async def async_linger(item: int, seconds: float = 60.0) -> int:
    """Keeps its slot busy for a minute."""
    await pause(seconds)
    return item


@contextmanager
def hangs_on_close(concurrency: int) -> Generator[None, None, None]:
    """A resource whose closing never ends."""
    del concurrency
    yield
    time.sleep(60)


@asynccontextmanager
async def async_hangs_on_close(concurrency: int) -> AsyncGenerator[None, None]:
    """A resource whose closing never ends."""
    del concurrency
    yield
    await asyncio.sleep(60)


def never_lets_go(item: int) -> int:
    """Keeps its worker busy for minutes inside one C call that holds the GIL."""
    return sum(range(item, 10**12))


def by_a_pool_of_its_own(item: int) -> int:
    """Hands the item to a process of its own, as a task with multiprocessing inside does."""
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        return pool.submit(square, item).result()


def leaves_children(item: Path) -> int:
    """Starts a process of each kind that never ends, and writes down which they are."""
    forever = multiprocessing.get_context("fork").Process(target=time.sleep, args=(1000.0,))
    forever.start()
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    (item / f"{os.getpid()}.pids").write_text(f"{forever.pid} {program.pid}")
    return 0


def leaves_children_and_dies(item: Path) -> int:
    """The worker is killed while they run, and they hold copies of its pipes."""
    leaves_children(item)
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def leaves_children_and_lingers(item: Path) -> int:
    """The worker is still at it when something else happens."""
    leaves_children(item)
    time.sleep(1000)
    return 0


def slowly_journaled(item: tuple[int, int], journal: Journal) -> int:
    """As journaled, a twentieth of a second long."""
    time.sleep(0.05)
    return journaled(item, journal)


def slowly_journaled_workload(path: Path) -> Workload:
    """Items that something can happen in the middle of."""
    return Workload("slowly", task=slowly_journaled, resource=partial(journal_resource, path))


def dask_jobs_kept() -> int:
    """How many executors' jobs this worker of a Dask cluster still has."""
    from timetrial.models import dask_worker

    return len(dask_worker._jobs)


def fetched_bytes(url: str) -> int:
    """How long the body is that is there."""
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=PATIENCE_S) as response:
        return len(response.read())
