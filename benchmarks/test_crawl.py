"""The mixed case: follow the links of a site, fetch no page twice, parse each, with parsing cheap or dear."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiohttp
import pytest

from fixtures import clients, parsing
from fixtures.executors import AsyncRounds, Rounds
from timetrial import Workload, models
from timetrial.errors import blame

if TYPE_CHECKING:
    from timetrial import AsyncExecutor, Executor, MockServer, Trial
    from timetrial.mockserver import View

LATENCY_MS: Final = 5
PAGE_BYTES: Final = 4096


class Visit(NamedTuple):
    """A page to fetch and how much work its parsing is."""

    url: str
    burn_iterations: int


class Page(NamedTuple):
    """What a page was, and where it leads."""

    url: str
    fingerprint: str
    links: list[str]


Site = dict[str, str]
"""Address to fingerprint of every page that was found."""


def visit(item: Visit, connection: clients.KeepAliveConnection) -> Page:
    """Fetches a page by http.client, of the clients for threads the one whose cost is nearest to aiohttp's."""
    return parse(item, connection.get(item.url))


async def visit_async(item: Visit, session: aiohttp.ClientSession) -> Page:
    """Fetches a page by aiohttp; parsing holds up the event loop, as it does."""
    async with session.get(item.url) as response:
        body = await response.read()
    return parse(item, body)


def parse(item: Visit, body: bytes) -> Page:
    """Really parses, then burns the rest of the cost."""
    parsing.burn(item.burn_iterations)
    return Page(item.url, parsing.fingerprint(body), parsing.links_in(body, item.url))


ONE_PAGE = Workload(
    "one page",
    task=visit,
    resource=clients.open_http_client,
    async_task=visit_async,
    async_resource=clients.open_aiohttp,
)


class Frontier:
    """What is still to be fetched: wave after wave, the pages that the last wave linked to and nobody has seen."""

    def __init__(self, root: Visit) -> None:
        self._burn_iterations = root.burn_iterations
        self._seen = {root.url}
        self.found: Site = {}
        self.wave = [root]

    def take(self, pages: Sequence[Page]) -> None:
        """Notes a wave's pages and makes up the next wave."""
        self.wave = []
        for page in pages:
            self.found[page.url] = page.fingerprint
            for link in page.links:
                if link not in self._seen:
                    self._seen.add(link)
                    self.wave.append(Visit(link, self._burn_iterations))


class CrawlExecutor:
    """A crawl on top of any model: its workers fetch and parse, this side keeps the frontier."""

    def __init__(self, visits: Executor) -> None:
        self._visits = visits
        self.details: Mapping[str, object] = visits.details

    def run(self, items: Sequence[Visit]) -> list[Site]:
        """Crawls from each root in turn."""
        sites = []
        for root in items:
            frontier = Frontier(root)
            while frontier.wave:
                frontier.take(self._visits.run(frontier.wave))
            sites.append(frontier.found)
        return sites

    def worker_pids(self) -> Sequence[int]:
        """Those of the workers."""
        return self._visits.worker_pids()


class AsyncCrawlExecutor:
    """The same inside a running event loop."""

    def __init__(self, visits: AsyncExecutor) -> None:
        self._visits = visits
        self.details: Mapping[str, object] = visits.details

    async def run(self, items: Sequence[Visit]) -> list[Site]:
        """Crawls from each root in turn."""
        sites = []
        for root in items:
            frontier = Frontier(root)
            while frontier.wave:
                frontier.take(await self._visits.run(frontier.wave))
            sites.append(frontier.found)
        return sites


def crawling_under(model: str) -> Callable[[int], AbstractContextManager[Executor]]:
    """The crawl on a model's generic executor."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        with models.get(model).open(ONE_PAGE, concurrency) as visits:
            yield CrawlExecutor(visits)

    return opened


@asynccontextmanager
async def crawling_in_loop(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """The crawl on coroutines."""
    coroutines: Any = models.get("coroutines")
    async with coroutines.open_in_loop(ONE_PAGE, concurrency) as visits:
        yield AsyncCrawlExecutor(visits)


# Without waves: a link is followed as soon as it is found, and nobody waits for the slowest page of a wave.


@contextmanager
def crawling_by_queue(concurrency: int) -> Generator[Executor]:
    """A thread pool that gets each new link at once, and a queue on which pages come back."""
    own = threading.local()
    opened: list[clients.KeepAliveConnection] = []
    arrived: SimpleQueue[Page | Exception] = SimpleQueue()

    def connect() -> None:
        own.connection = clients.KeepAliveConnection()
        opened.append(own.connection)

    def visit_and_tell(item: Visit) -> None:
        try:
            arrived.put(visit(item, own.connection))
        except Exception as error:  # noqa: BLE001 - the crawl raises it, whatever it is
            blame(error, index=0, item=item, model="threads")
            arrived.put(error)

    def crawl(root: Visit) -> Site:
        frontier, under_way = Frontier(root), 0
        failure: Exception | None = None
        while frontier.wave or under_way:
            for item in frontier.wave:
                pool.submit(visit_and_tell, item)
            under_way += len(frontier.wave) - 1
            page = arrived.get()
            if isinstance(page, Exception):
                failure = failure or page
            frontier.take([] if failure or isinstance(page, Exception) else [page])
        if failure is not None:
            raise failure
        return frontier.found

    with ThreadPoolExecutor(concurrency, "crawl", connect) as pool:
        try:
            yield Rounds(lambda roots: [crawl(root) for root in roots], {"workers": concurrency})
        finally:
            for each in opened:
                each.close()


@asynccontextmanager
async def crawling_by_workers(concurrency: int) -> AsyncGenerator[AsyncExecutor]:
    """Worker coroutines on an asyncio.Queue, which takes each new link at once."""
    async with clients.open_aiohttp(concurrency) as session:

        async def work(frontier: Frontier, todo: asyncio.Queue[Visit]) -> None:
            while True:
                item = await todo.get()
                try:
                    frontier.take([await visit_async(item, session)])
                except Exception as error:
                    blame(error, index=0, item=item, model="coroutines")
                    raise
                for link in frontier.wave:
                    todo.put_nowait(link)
                todo.task_done()

        async def crawl(root: Visit) -> Site:
            frontier, todo = Frontier(root), asyncio.Queue[Visit]()
            todo.put_nowait(root)
            try:
                async with asyncio.TaskGroup() as group:
                    workers = [group.create_task(work(frontier, todo)) for _ in range(concurrency)]
                    await todo.join()
                    for each in workers:
                        each.cancel()
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None
            return frontier.found

        async def run(roots: Sequence[Visit]) -> list[Site]:
            return [await crawl(root) for root in roots]

        yield AsyncRounds(run, {"workers": concurrency})


def crawl_at_once(items: Sequence[Visit]) -> list[Site]:
    """The expected sites: one page after the other, without the cost of parsing."""
    with crawling_under("serial")(1) as executor:
        return executor.run([Visit(item.url, 0) for item in items])


CRAWL = Workload(
    "crawl",
    reference=crawl_at_once,
    implementations={
        **{name: crawling_under(name) for name in models.NAMES if name != "coroutines"},
        "coroutines": crawling_in_loop,
    },
    variants={
        "queue": Workload(
            "without waves", implementations={"threads": crawling_by_queue, "coroutines": crawling_by_workers}
        )
    },
)


@pytest.mark.workload(CRAWL)
@pytest.mark.trial_points(
    "pages, parse_ms, concurrency",
    quick=[(60, 1, 8)],
    default=[(120, 0, 16), (120, 1, 16)],
    article=[(300, 0, 16), (300, 1, 16), (300, 10, 16), (300, 0, 64), (300, 1, 64), (300, 10, 64)],
    gate=[(20, 0, 8)],
)
def test_crawl(
    trial: Trial, mock_server: MockServer, iterations_per_ms: float, pages: int, parse_ms: int, concurrency: int
) -> None:
    """Where waiting and computing mix, processes that each run coroutines have their chance."""
    root = mock_server.site(pages=pages, links=8, size_bytes=PAGE_BYTES, delay_ms=LATENCY_MS)
    visit = Visit(root, round(parse_ms * iterations_per_ms))
    trial([visit], concurrency=concurrency, server=mock_server, requests_per_round=pages)


@pytest.mark.workload(CRAWL, models=["threads", "coroutines", "threads[queue]", "coroutines[queue]"])
@pytest.mark.trial_points(
    "pages, spread, concurrency",
    quick=[(60, 0.8, 8)],
    default=[(200, 0.8, 16)],
    article=[(1_000, 1.2, 16)],
    gate=[(20, 0.8, 8)],
)
def test_crawl_with_a_tail(trial: Trial, mock_space: View, pages: int, spread: float, concurrency: int) -> None:
    """Where some answers are slow (lognormal), a crawl in waves waits for the slowest of each; one without goes on."""
    delay_ms = f"lognormal:{LATENCY_MS},{spread}"
    root = mock_space.site(pages=pages, links=8, size_bytes=PAGE_BYTES, delay_ms=delay_ms)
    trial([Visit(root, 0)], concurrency=concurrency, server=mock_space, requests_per_round=pages)
