"""Fetch, parse, store: three stages with bounded queues in between, and one writer for SQLite.

A full queue holds up the stage before it (backpressure), so that a slow stage costs time and not memory. Under every
model there are as many fetchers as may be in flight, two parsers, and one writer, who commits what has come in one go.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import pytest

from fixtures import clients
from fixtures.children import Child
from fixtures.executors import AsyncRounds, Rounds
from fixtures.page_store import MOST_ROWS_AT_ONCE, PageStore, Row, open_page_store
from fixtures.pipeline_stages import END, Failed, Page, fetch_pages, finish, parse, parse_pages, store_pages
from fixtures.pipeline_tasks import Tasks, blaming
from fixtures.processpool import open_process_pool
from timetrial import Workload, models
from timetrial.models.base import AsyncExecutor, Executor
from timetrial.models.pool import start_methods

if TYPE_CHECKING:
    from timetrial import MockServer, Trial

PAGE_BYTES: Final = 4096
PARSERS: Final = 2
LOOK_AROUND_S: Final = 0.5
BOUND: ContextVar[int] = ContextVar("bound", default=16)
"""How many pages may wait between two stages, as the test has it; executors ask when they are opened."""


# serial: one page after the other.


@contextmanager
def open_serial(concurrency: int) -> Generator[Executor]:
    """No queues: nothing waits, and nothing overlaps."""
    del concurrency
    with open_page_store() as store, clients.open_http_client(1) as connection:

        def run(pages: Sequence[Page]) -> list[Row | None]:
            store.clear()
            for start in range(0, len(pages), MOST_ROWS_AT_ONCE):
                batch = enumerate(pages[start : start + MOST_ROWS_AT_ONCE], start)
                store.write([fetched_and_parsed(index, page, connection, "serial") for index, page in batch])
            return store.rows([page.url for page in pages])

        yield Rounds(run, {"workers": 1, "client": "http.client"})


def fetched_and_parsed(index: int, page: Page, connection: clients.KeepAliveConnection, model: str) -> Row:
    """Both stages for one page."""
    with blaming(index, page, model):
        return parse(page, connection.get(page.url))


# threads and processes: workers that live from queue to queue (fixtures/pipeline_stages.py); the caller is the writer.


@contextmanager
def open_threads(concurrency: int) -> Generator[Executor]:
    """A thread for each worker, queue.Queue between them."""
    todo: queue.Queue[Any] = queue.Queue()
    fetched: queue.Queue[Any] = queue.Queue(BOUND.get())
    parsed: queue.Queue[Any] = queue.Queue(BOUND.get())
    stop = threading.Event()
    fetchers = started(concurrency, fetch_pages, "threads", todo, fetched, stop)
    parsers = started(PARSERS, parse_pages, "threads", fetched, parsed, stop)
    try:
        with open_page_store() as store:
            run = running(todo, parsed, parsed.get, stop, store)
            yield Rounds(run, {"workers": concurrency + PARSERS + 1, "client": "http.client"})
    finally:
        stop.set()
        finish(fetchers, todo, parsed)
        finish(parsers, fetched, parsed)


def started(count: int, live: Callable[..., None], *stage: Any) -> list[threading.Thread]:
    """So many threads that live so."""
    threads = [threading.Thread(target=live, args=stage, daemon=True) for _ in range(count)]
    for each in threads:
        each.start()
    return threads


@contextmanager
def open_processes(concurrency: int) -> Generator[Executor]:
    """A process for each worker, multiprocessing.Queue between them: each body is pickled twice."""
    method = start_methods.default()
    context = multiprocessing.get_context(method)
    todo, fetched, parsed = context.Queue(), context.Queue(BOUND.get()), context.Queue(BOUND.get())
    stop = context.Event()
    children = [Child("processes", serve_fetcher, todo, fetched, stop) for _ in range(concurrency)]
    children += [Child("processes", serve_parser, fetched, parsed, stop) for _ in range(PARSERS)]
    with ExitStack() as stack:
        store = stack.enter_context(open_page_store())
        for each in children:
            each.start()
        for each in children:
            stack.enter_context(each)
        run = running(todo, parsed, lambda: next_of(parsed, children), stop, store)
        details = {"workers": len(children) + 1, "client": "http.client", "start_method": method}
        try:
            yield Rounds(run, details, [each.pid for each in children])
        except BaseException:
            for each in children:  # in the middle of a round, perhaps before a full queue
                each.kill()
            raise
        for _ in range(concurrency):
            todo.put(END)
        for _ in range(PARSERS):
            fetched.put(END)
        for link in (todo, fetched, parsed):
            link.close()


def serve_fetcher(connection: Any, *stage: Any) -> None:
    """A fetching process's life."""
    connection.send({})
    fetch_pages("processes", *stage)


def serve_parser(connection: Any, *stage: Any) -> None:
    """A parsing process's life."""
    connection.send({})
    parse_pages("processes", *stage)


def running(
    todo: Any, parsed: Any, take: Callable[[], Row | Failed], stop: Any, store: PageStore
) -> Callable[[Sequence[Page]], list[Row | None]]:
    """A round: hands out the pages, and writes what comes out at the other end."""

    def run(pages: Sequence[Page]) -> list[Row | None]:
        store.clear()
        stop.clear()
        for work in enumerate(pages):
            todo.put(work)
        store_pages(len(pages), take, parsed, store, stop)
        return store.rows([page.url for page in pages])

    return run


def next_of(parsed: Any, children: Sequence[Child]) -> Row | Failed:
    """The next row; raises WorkerDiedError where it would be waited for in vain."""
    while True:
        try:
            found: Row | Failed = parsed.get(timeout=LOOK_AROUND_S)
        except queue.Empty:
            for each in children:
                if each.has_spoken(0):  # it only ever does so by its end
                    each.receive("at work in the pipeline")
        else:
            return found


# coroutines: tasks with asyncio.Queue between them; processes+coroutines: the same, but a process pool parses.


@asynccontextmanager
async def open_coroutines(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """Parsing holds up the event loop, as it does; the writer is a thread, since SQLite blocks."""

    async def parse_here(page: Page, body: bytes) -> Row:
        return parse(page, body)

    async with clients.open_aiohttp(concurrency) as session:
        with open_page_store() as store, ThreadPoolExecutor(1, "writer") as writer:
            pipeline = Tasks("coroutines", session, parse_here, writer, store, concurrency, PARSERS, BOUND.get())
            yield AsyncRounds(pipeline.run, {"workers": concurrency + PARSERS + 1, "client": "aiohttp"})


@contextmanager
def open_combined(concurrency: int) -> Generator[Executor]:
    """The loop waits for pages and for processes, which parse."""
    combined = Workload("combined", implementations={"coroutines": open_tasks_and_pool})
    with models.get("coroutines").open(combined, concurrency) as executor:
        yield executor


@asynccontextmanager
async def open_tasks_and_pool(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """The tasks and the pool."""
    loop = asyncio.get_running_loop()
    with open_process_pool(PARSERS) as pool, open_page_store() as store, ThreadPoolExecutor(1, "writer") as writer:

        def parse_there(page: Page, body: bytes) -> Awaitable[Row]:
            return loop.run_in_executor(pool, parse, page, body)

        async with clients.open_aiohttp(concurrency) as session:
            pipeline = Tasks(
                "processes+coroutines", session, parse_there, writer, store, concurrency, PARSERS, BOUND.get()
            )
            details = {"workers": concurrency + PARSERS + 1, "start_method": start_methods.default()}
            yield AsyncRounds(pipeline.run, {**details, "client": "aiohttp"})


# As people usually write it: one phase after the other.


@contextmanager
def open_phases(concurrency: int) -> Generator[Executor]:
    """Fetches all pages, then parses all, then stores all: three maps, whose lists hold everything meanwhile."""
    connections = threading.local()
    opened: list[clients.KeepAliveConnection] = []

    def connect() -> None:
        connections.own = clients.KeepAliveConnection()
        opened.append(connections.own)

    def fetch(work: tuple[int, Page]) -> bytes:
        with blaming(*work, "threads"):
            body: bytes = connections.own.get(work[1].url)
            return body

    def parse_fetched(work: tuple[int, Page], body: bytes) -> Row:
        with blaming(*work, "threads"):
            return parse(work[1], body)

    with open_page_store() as store, ThreadPoolExecutor(concurrency, "phases", connect) as pool:

        def run(pages: Sequence[Page]) -> list[Row | None]:
            store.clear()
            bodies = list(pool.map(fetch, enumerate(pages)))
            store.write(list(pool.map(parse_fetched, enumerate(pages), bodies)))
            return store.rows([page.url for page in pages])

        try:
            yield Rounds(run, {"workers": concurrency, "client": "http.client"})
        finally:
            for each in opened:
                each.close()


def rows_at_once(pages: Sequence[Page]) -> list[Row]:
    """The expected rows: the same pages without their delay and the cost of parsing."""
    with clients.open_http_client(1) as connection:
        bodies = [connection.get(page.url.partition("?")[0]) for page in pages]
    return [parse(Page(page.url), body) for page, body in zip(pages, bodies, strict=True)]


PIPELINE = Workload(
    "pipeline",
    reference=rows_at_once,
    implementations={
        "serial": open_serial,
        "threads": open_threads,
        "processes": open_processes,
        "coroutines": open_coroutines,
        "processes+coroutines": open_combined,
    },
    variants={"phases": Workload("one phase after the other", implementations={"threads": open_phases})},
)


@contextmanager
def bounded_by(bound: int) -> Iterator[None]:
    """Queues that are opened in this block hold so many pages."""
    token = BOUND.set(bound)
    try:
        yield
    finally:
        BOUND.reset(token)


@pytest.mark.workload(PIPELINE)
@pytest.mark.trial_points(
    "pages, parse_ms, bound, concurrency",
    quick=[(40, 1, 16, 8)],
    default=[(60, 0, 16, 8), (60, 2, 16, 8)],
    article=[(500, 0, 16, 8), (500, 2, 16, 8), (500, 10, 16, 8), (500, 2, 1, 8), (500, 2, 256, 64)],
    gate=[(20, 0, 16, 4)],
)
@pytest.mark.trial_sweep("parse_ms", quick=[0, 2], default=[0, 1, 2, 5], article=[0, 1, 2, 5, 10, 20])
@pytest.mark.trial_sweep("bound", quick=[1, 16], default=[1, 4, 16, 64], article=[1, 2, 4, 16, 64, 256])
def test_pipeline(
    trial: Trial,
    mock_server: MockServer,
    iterations_per_ms: float,
    pages: int,
    parse_ms: int,
    bound: int,
    concurrency: int,
) -> None:
    """Where parsing is dear, processes should parse; a loop that waits for them and for pages is the least of it."""
    latency_ms = 0 if trial.scale == "gate" else 5
    burn_iterations = round(parse_ms * iterations_per_ms)
    urls = [mock_server.page(PAGE_BYTES, key=key, delay_ms=latency_ms) for key in range(pages)]
    with bounded_by(bound):
        trial([Page(url, burn_iterations) for url in urls], concurrency=concurrency, server=mock_server)
