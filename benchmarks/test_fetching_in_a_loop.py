"""Ways to fetch many pages in one event loop: so many workers, a semaphore and gather, or a blocking client."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Final

import aiohttp
import pytest
import requests

from fixtures import clients, fetching
from fixtures.executors import AsyncRounds
from fixtures.threadpool import open_threads
from timetrial import Workload, models
from timetrial.errors import blame
from timetrial.models.base import AsyncExecutor

if TYPE_CHECKING:
    from timetrial import MockServer, Trial

PAGE_BYTES: Final = 1024
MOST_PAGES_WITH_REQUESTS: Final = 100


@asynccontextmanager
async def open_gather(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """As people usually write it: a task for each page at once, and a semaphore that lets so many of them begin."""
    async with clients.open_aiohttp(concurrency) as session:

        async def run(urls: Sequence[str]) -> list[int]:
            at_once = asyncio.Semaphore(concurrency)

            async def fetch(index: int, url: str) -> int:
                async with at_once:
                    return await named(index, url, session)

            return await asyncio.gather(*(fetch(index, url) for index, url in enumerate(urls)))

        yield AsyncRounds(run, {"workers": concurrency, "client": "aiohttp"})


@asynccontextmanager
async def open_task_group(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """The same in a TaskGroup, which cancels the others when one fails, where gather lets them run on."""
    async with clients.open_aiohttp(concurrency) as session:

        async def run(urls: Sequence[str]) -> list[int]:
            at_once = asyncio.Semaphore(concurrency)

            async def fetch(index: int, url: str) -> int:
                async with at_once:
                    return await named(index, url, session)

            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(fetch(index, url)) for index, url in enumerate(urls)]
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None
            return [task.result() for task in tasks]

        yield AsyncRounds(run, {"workers": concurrency, "client": "aiohttp"})


async def named(index: int, url: str, session: aiohttp.ClientSession) -> int:
    """The page's length; an error tells the page."""
    try:
        return await fetching.by_aiohttp(url, session)
    except Exception as error:
        blame(error, index=index, item=url, model="coroutines")
        raise


@asynccontextmanager
async def open_blocking_session(slots: int) -> AsyncGenerator[requests.Session]:
    """A session of requests, which no loop can wait for."""
    with clients.open_requests(slots) as session:
        yield session


async def fetch_blocking(url: str, session: requests.Session) -> int:
    """The mistake: requests in a coroutine, so that one page is waited for after the other."""
    return fetching.by_requests(url, session)


class Sessions:
    """A session for each thread: requests doesn't promise that threads may share one."""

    def __init__(self) -> None:
        self._own = threading.local()
        self._opened: list[requests.Session] = []

    def get(self) -> requests.Session:
        """That of the calling thread."""
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
            self._own.session.trust_env = False
            self._opened.append(self._own.session)
        session: requests.Session = self._own.session
        return session

    def close(self) -> None:
        """Closes all of them."""
        for each in self._opened:
            each.close()


@asynccontextmanager
async def open_sessions(slots: int) -> AsyncGenerator[Sessions]:
    """As many threads as pages may be in flight; unless told, asyncio.to_thread has four more than cores."""
    async with open_threads(slots):
        with closing(Sessions()) as sessions:
            yield sessions


async def fetch_to_thread(url: str, sessions: Sessions) -> int:
    """The way out where there is no library for coroutines: the blocking call in a thread."""
    return await asyncio.to_thread(lambda: fetching.by_requests(url, sessions.get()))


FETCHING_IN_A_LOOP = Workload(
    "fetching_in_a_loop",
    async_task=fetching.by_aiohttp,
    async_resource=clients.open_aiohttp,
    variants={
        "gather": Workload("a semaphore and gather", implementations={"coroutines": open_gather}),
        "TaskGroup": Workload("a semaphore and a TaskGroup", implementations={"coroutines": open_task_group}),
        "requests": Workload("requests", async_task=fetch_blocking, async_resource=open_blocking_session),
        "requests to_thread": Workload("to_thread", async_task=fetch_to_thread, async_resource=open_sessions),
    },
)
MODELS: Final = [each for each in models.model_ids(FETCHING_IN_A_LOOP) if each.startswith("coroutines")]


def unfit(model: str, scale: str, pages: int, latency_ms: int, concurrency: int) -> str | None:
    """Why a way has no place at a point."""
    del scale, latency_ms, concurrency
    if "requests" in model and pages > MOST_PAGES_WITH_REQUESTS:
        return f"requests is shown at {MOST_PAGES_WITH_REQUESTS} pages and fewer: it would take most of the run"
    return None


@pytest.mark.workload(FETCHING_IN_A_LOOP, models=MODELS, unless=unfit)
@pytest.mark.trial_points(
    "pages, latency_ms, concurrency",
    quick=[(30, 5, 16)],
    default=[(40, 20, 16), (1_000, 0, 64)],
    article=[(100, 20, 16), (10_000, 0, 64), (10_000, 20, 1_000)],
    gate=[(30, 0, 8)],
)
def test_fetching_in_a_loop(
    trial: Trial, mock_server: MockServer, pages: int, latency_ms: int, concurrency: int
) -> None:
    """Workers that take the next page are the least work for the loop; a blocking client undoes it.

    The server is not asked what it saw: that requests in the loop needs one connection, where it may have many, is no
    pool that is too small, which would void it, but what is to be shown.
    """
    urls = [mock_server.page(size_bytes=PAGE_BYTES, delay_ms=latency_ms, key=key) for key in range(pages)]
    trial(urls, concurrency=concurrency)
