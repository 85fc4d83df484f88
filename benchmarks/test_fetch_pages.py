"""The article's third example: fetch a batch of pages and tell the length of each, with every client and model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import aiohttp
import pytest

from fixtures import clients, fetching
from fixtures.executors import stateless_async
from fixtures.fairness import too_many_at_once
from timetrial import Workload, models
from timetrial.errors import blame

if TYPE_CHECKING:
    from timetrial import MockServer, Trial
    from timetrial.mockserver import View

PAGE_BYTES: Final = 1024
MOST_PROCESSES: Final = 64
AN_INTERPRETER_EACH: Final = {"processes": "processes", "dask": "worker processes", "interpreters": "interpreters"}
"""Models whose workers take some 20 MB each, and what these are called."""
MOST_THREADS: Final = 2_000  # past some hundred they only get in each other's way
SWEEP_LATENCY_MS: Final = 10
LONGEST_IDEAL_S: Final = {"quick": 0.3, "default": 1.0, "article": 5.0, "gate": 0.3}


async def article_gather(urls: Sequence[str]) -> list[int]:
    """As in the article: a new session for every page, all at once, no time limit, and one failure loses the rest."""
    return await asyncio.gather(*(_article_fetch(index, url) for index, url in enumerate(urls)))


async def _article_fetch(index: int, url: str) -> int:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return len(await response.text())
    except Exception as error:  # there, nobody is told which page it was
        blame(error, index=index, item=url, model="coroutines")
        raise


def lengths(urls: Sequence[str]) -> list[int]:
    """The expected lengths: the same pages, one after the other, without their delay."""
    with clients.open_http_client(1) as connection:
        return [fetching.by_http_client(without_delay(url), connection) for url in urls]


def without_delay(url: str) -> str:
    """The same page, answered at once."""
    base, _, query = url.partition("?")
    kept = [each for each in query.split("&") if not each.startswith("delay_ms=")]
    return f"{base}?{'&'.join(kept)}"


FETCH_PAGES = Workload(
    "fetch_pages",
    reference=lengths,
    variants={
        "requests": Workload("requests", task=fetching.by_requests, resource=clients.open_requests),
        "http.client": Workload("http.client", task=fetching.by_http_client, resource=clients.open_http_client),
        "aiohttp": Workload("aiohttp", async_task=fetching.by_aiohttp, async_resource=clients.open_aiohttp),
        "httpx": Workload(
            "httpx",
            task=fetching.by_httpx,
            resource=clients.open_httpx,
            async_task=fetching.by_async_httpx,
            async_resource=clients.open_async_httpx,
        ),
        "article": Workload(
            "as in the article", implementations={"coroutines": stateless_async(article_gather, event_loop="asyncio")}
        ),
    },
)


OF_EACH_MODEL: Final = [
    "threads[http.client]",
    "processes[http.client]",
    "coroutines[aiohttp]",
    "processes+coroutines[aiohttp]",
]


def grid() -> list[tuple[int, int, int]]:
    """Pages, latency in ms and concurrency: every combination that differs from the others and ends in time."""
    points = []
    for pages, latency_ms in itertools.product((3, 100, 1000), (0, 20, 100)):
        for concurrency, smaller in zip((1, 8, 64, 512), (0, 1, 8, 64), strict=True):
            if smaller < pages and ideal_s(pages, latency_ms, concurrency) <= LONGEST_IDEAL_S["article"]:
                points.append((pages, latency_ms, concurrency))
    return points


def ideal_s(pages: int, latency_ms: int, concurrency: int) -> float:
    """How long a round takes if nothing but the latency counts."""
    return -(-pages // concurrency) * latency_ms / 1000


def powers_of_two(most: int) -> list[int]:
    """1, 2, 4 and so on, up to the most."""
    return [1 << power for power in range(most.bit_length())]


def unfit(model: str, scale: str, pages: int, latency_ms: int, concurrency: int) -> str | None:
    """Why a model has no place at a point of the grid."""
    name, variant = models.split(model)
    if variant == "article" and pages > concurrency:
        return too_many_at_once(pages, concurrency)
    if name == "serial" and ideal_s(pages, latency_ms, 1) > LONGEST_IDEAL_S[scale]:
        return f"one page after the other would take {ideal_s(pages, latency_ms, 1):.0f} s a round"
    if name in AN_INTERPRETER_EACH and concurrency > MOST_PROCESSES:
        what = AN_INTERPRETER_EACH[name]
        return f"{concurrency} {what} are more than this suite asks a machine for ({MOST_PROCESSES})"
    if name == "threads" and concurrency > MOST_THREADS:
        return f"{concurrency} threads are more than this suite asks a machine for ({MOST_THREADS})"
    return None


@pytest.mark.workload(FETCH_PAGES, unless=unfit)
@pytest.mark.trial_points(
    "pages, latency_ms, concurrency",
    quick=[(3, 20, 8), (24, 20, 24)],
    default=[(3, 100, 8), (60, 20, 8), (30, 100, 32)],  # without latency: test_client_overhead
    article=grid(),
    gate=[(20, 0, 8), (8, 5, 8)],
)
def test_fetch_pages(trial: Trial, mock_server: MockServer, pages: int, latency_ms: int, concurrency: int) -> None:
    """Coroutines win where many pages are waited for; how much of it is the client's doing shows beside them."""
    urls = [mock_server.page(size_bytes=PAGE_BYTES, delay_ms=latency_ms, key=key) for key in range(pages)]
    trial(urls, concurrency=concurrency, server=mock_server)


def unfit_in_a_sweep(model: str, scale: str, concurrency: int) -> str | None:
    """Why a model has no place in the sweep of the concurrency."""
    return unfit(model, scale, pages_at(concurrency), SWEEP_LATENCY_MS, concurrency)


def pages_at(concurrency: int) -> int:
    """Four pages for each that may be in flight, and at least 16: what is compared is the time per page."""
    return max(16, 4 * concurrency)


@pytest.mark.workload(FETCH_PAGES, unless=unfit_in_a_sweep)
@pytest.mark.trial_sweep("concurrency", quick=[1, 8], default=[1, 4, 16, 64, 256], article=powers_of_two(4_096))
def test_fetch_pages_over_concurrency(trial: Trial, mock_server: MockServer, concurrency: int) -> None:
    """With 10 ms a page, more in flight helps until a client's own work, or the machine, is what takes the time."""
    urls = [
        mock_server.page(size_bytes=PAGE_BYTES, delay_ms=SWEEP_LATENCY_MS, key=key)
        for key in range(pages_at(concurrency))
    ]
    trial(urls, concurrency=concurrency, server=mock_server)


@pytest.mark.workload(FETCH_PAGES, models=["serial[http.client]", "threads[http.client]", "coroutines[aiohttp]"])
@pytest.mark.trial_sweep("latency_ms", quick=[0, 10], default=[0, 1, 3, 10, 30], article=[0, 1, 3, 10, 30, 100])
def test_fetch_pages_over_latency(trial: Trial, mock_server: MockServer, latency_ms: int) -> None:
    """How long a page must be waited for before it pays to have eight in flight."""
    urls = [mock_server.page(size_bytes=PAGE_BYTES, delay_ms=latency_ms, key=key) for key in range(40)]
    trial(urls, concurrency=8, server=mock_server)


@pytest.mark.workload(FETCH_PAGES, models=["serial[http.client]", "threads[http.client]", "coroutines[aiohttp]"])
@pytest.mark.trial_sweep(
    "page_bytes",
    quick=[1, 100_000],
    default=[1, 1_000, 10_000, 100_000, 1_000_000],
    article=[10**power for power in range(8)],
)
def test_fetch_pages_over_payload(trial: Trial, mock_server: MockServer, page_bytes: int) -> None:
    """What a page costs by itself, and what its bytes do; with 5 ms each, eight in flight."""
    urls = [mock_server.page(size_bytes=page_bytes, delay_ms=5, key=key) for key in range(16)]
    trial(urls, concurrency=8, server=mock_server)


@pytest.mark.workload(FETCH_PAGES, models=OF_EACH_MODEL)
@pytest.mark.trial_points(
    "pages, median_ms, spread, concurrency",
    quick=[(40, 5, 0.8, 16)],
    default=[(100, 10, 0.8, 16)],
    article=[(1_000, 20, 0.8, 64), (1_000, 20, 1.5, 64)],
    gate=[(12, 1, 0.8, 8)],
)
def test_fetch_pages_with_a_tail(
    trial: Trial, mock_space: View, pages: int, median_ms: int, spread: float, concurrency: int
) -> None:
    """Latencies as real servers have them, lognormal: whoever waits for the slowest should have others under way."""
    delay_ms = f"lognormal:{median_ms},{spread}"  # drawn anew in each round, and alike for every model
    urls = [mock_space.page(size_bytes=PAGE_BYTES, delay_ms=delay_ms, key=key) for key in range(pages)]
    trial(urls, concurrency=concurrency, server=mock_space)


@pytest.mark.workload(
    FETCH_PAGES, models=["threads[requests]", "threads[httpx]", "coroutines[aiohttp]", "coroutines[httpx]"]
)
@pytest.mark.trial_points("compressed", quick=[True], default=[False, True])
def test_fetch_pages_compressed(trial: Trial, mock_server: MockServer, *, compressed: bool) -> None:
    """What it costs a client to unpack pages of 100 KB; on loopback nobody gains by their being smaller."""
    urls = [mock_server.page(size_bytes=100_000, delay_ms=5, key=key, gzip=compressed) for key in range(20)]
    trial(urls, concurrency=8, server=mock_server)


class SecurePage(NamedTuple):
    """A page behind TLS, and whom to trust."""

    url: str
    ca_file: str


def fetch_secure(page: SecurePage, connection: clients.KeepAliveConnection) -> int:
    """The page's length, by the standard library; the handshake is made once for each connection."""
    connection.trust(page.ca_file)
    return len(connection.get(page.url))


async def fetch_secure_async(page: SecurePage, session: aiohttp.ClientSession) -> int:
    """The page's length, by aiohttp."""
    async with session.get(page.url, ssl=clients.trusting(page.ca_file)) as response:
        return len(await response.read())


FETCH_SECURE_PAGES = Workload(
    "fetch_secure_pages",
    task=fetch_secure,
    resource=clients.open_http_client,
    async_task=fetch_secure_async,
    async_resource=clients.open_aiohttp,
)


@pytest.fixture(scope="module")
def secure_server(mock_server_factory: Callable[..., MockServer]) -> MockServer:
    """A server with a certificate of its own."""
    return mock_server_factory(tls="trusted")


@pytest.mark.workload(FETCH_SECURE_PAGES)
@pytest.mark.trial_points(
    "pages, latency_ms, concurrency",
    quick=[(20, 5, 8)],
    default=[(60, 5, 8)],
    article=[(1_000, 5, 8), (1_000, 5, 64)],
    gate=[(20, 0, 8)],
)
def test_fetch_secure_pages(
    trial: Trial, secure_server: MockServer, pages: int, latency_ms: int, concurrency: int
) -> None:
    """Encryption is computing in C, a little for each page; the handshakes are in the start-up."""
    urls = [secure_server.page(size_bytes=PAGE_BYTES, delay_ms=latency_ms, key=key) for key in range(pages)]
    trial([SecurePage(url, str(secure_server.ca_file)) for url in urls], concurrency=concurrency, server=secure_server)
