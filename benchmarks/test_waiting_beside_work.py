"""One worker computes while others wait for answers: how far a spinning thread starves the waiting ones (the convoy).

Who waits lets go of the GIL, and needs it again when the answer comes. A thread that computes hands it over only when
the switch interval is over, 5 ms unless told, so that each step of a request may cost that much.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import aiohttp
import pytest

from fixtures import clients, parsing
from fixtures.processpool import open_process_pool
from timetrial import Workload
from timetrial.stats.percentiles import percentile

if TYPE_CHECKING:
    from timetrial import MockServer, Trial

WAITERS: Final = 8
LATENCY_MS: Final = 1
PAGE_BYTES: Final = 1024
USUAL_INTERVAL_MS: Final = 5.0
SHARE_THE_GIL: Final = ("threads", "coroutines[to_thread]")


class Visit(NamedTuple):
    """A page to ask for, and how much is to be computed from it: nothing, but for one page."""

    url: str
    burn_iterations: int = 0


class Seen(NamedTuple):
    """What a page was, what was computed, and how long its answer was waited for."""

    fingerprint: str
    total: int
    latency_s: float


def visit(item: Visit, connection: clients.KeepAliveConnection) -> Seen:
    """Waits for the page, then computes where it stands."""
    began_s = time.perf_counter()
    body = connection.get(item.url)
    latency_s = time.perf_counter() - began_s
    return Seen(parsing.fingerprint(body), parsing.burn(item.burn_iterations), latency_s)


async def visit_in_loop(item: Visit, session: aiohttp.ClientSession) -> Seen:
    """As people write it by mistake: computes in the event loop, which serves nobody meanwhile."""
    body, latency_s = await fetched(item.url, session)
    return Seen(parsing.fingerprint(body), parsing.burn(item.burn_iterations), latency_s)


async def visit_to_thread(item: Visit, session: aiohttp.ClientSession) -> Seen:
    """Computes in a thread beside the loop, with which it shares the GIL."""
    body, latency_s = await fetched(item.url, session)
    total = await asyncio.to_thread(parsing.burn, item.burn_iterations) if item.burn_iterations else 0
    return Seen(parsing.fingerprint(body), total, latency_s)


class SessionAndPool(NamedTuple):
    """What a loop needs that leaves computing to a process."""

    session: aiohttp.ClientSession
    pool: ProcessPoolExecutor


async def visit_with_process(item: Visit, opened: SessionAndPool) -> Seen:
    """Computes in a worker process, which has a GIL of its own."""
    body, latency_s = await fetched(item.url, opened.session)
    loop = asyncio.get_running_loop()
    computing = loop.run_in_executor(opened.pool, parsing.burn, item.burn_iterations) if item.burn_iterations else None
    return Seen(parsing.fingerprint(body), await computing if computing else 0, latency_s)


async def fetched(url: str, session: aiohttp.ClientSession) -> tuple[bytes, float]:
    """The page, and how long it was waited for, in seconds."""
    began_s = time.perf_counter()
    async with session.get(url) as response:
        body = await response.read()
    return body, time.perf_counter() - began_s


@asynccontextmanager
async def open_session_and_pool(slots: int) -> AsyncGenerator[SessionAndPool]:
    """One process: there is one computation at a time."""
    with open_process_pool(1) as pool:
        async with clients.open_aiohttp(slots) as session:
            yield SessionAndPool(session, pool)


def without_latency(seen: Seen) -> tuple[str, int]:
    """What has to be equal under every model."""
    return seen.fingerprint, seen.total


WAITING_BESIDE_WORK = Workload(
    "waiting_beside_work",
    task=visit,
    resource=clients.open_http_client,
    comparable=without_latency,
    one_at_a_time=True,  # or pages would wait behind the one that takes long
    variants={
        "in the loop": Workload("in the loop", async_task=visit_in_loop, async_resource=clients.open_aiohttp),
        "to_thread": Workload("asyncio.to_thread", async_task=visit_to_thread, async_resource=clients.open_aiohttp),
        "process": Workload("a process pool", async_task=visit_with_process, async_resource=open_session_and_pool),
    },
)
MODELS: Final = ["serial", "threads", "processes", *(f"coroutines[{way}]" for way in WAITING_BESIDE_WORK.variants)]


def unfit(model: str, scale: str, switch_interval_ms: float, pages_each: int, compute_ms: int) -> str | None:
    """Why a model has no place at a switch interval."""
    del scale, pages_each, compute_ms
    if switch_interval_ms != USUAL_INTERVAL_MS and model not in SHARE_THE_GIL:
        return "no thread of it waits for the GIL, so that the switch interval makes no difference"
    return None


@contextmanager
def switching_every(interval_ms: float) -> Iterator[None]:
    """Sets the interpreter's switch interval, and puts it back."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(interval_ms / 1000)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)


@pytest.mark.workload(WAITING_BESIDE_WORK, models=MODELS, unless=unfit)
@pytest.mark.trial_points(
    "switch_interval_ms, pages_each, compute_ms",
    quick=[(5.0, 5, 30)],
    default=[(5.0, 20, 100), (0.5, 20, 100)],
    article=[(5.0, 50, 500), (0.5, 50, 500), (0.05, 50, 500)],
    gate=[(5.0, 1, 2)],
)
@pytest.mark.trial_sweep(
    "switch_interval_ms", quick=[0.5, 5.0], default=[0.05, 0.5, 5.0, 20.0], article=[0.01, 0.05, 0.5, 1.0, 5.0, 20.0]
)
def test_waiting_beside_work(
    trial: Trial,
    note: Callable[..., None],
    mock_server: MockServer,
    iterations_per_ms: float,
    switch_interval_ms: float,
    pages_each: int,
    compute_ms: int,
) -> None:
    """A thread that computes delays every answer by its switch interval; a process delays none."""
    urls = [mock_server.page(PAGE_BYTES, delay_ms=LATENCY_MS, key=key) for key in range(WAITERS * pages_each + 1)]
    items = [Visit(urls[0], round(compute_ms * iterations_per_ms)), *(Visit(url) for url in urls[1:])]
    with switching_every(switch_interval_ms):
        measured = trial(items, concurrency=WAITERS + 1, server=mock_server)
    waited_s = [each.latency_s for each in measured.results]
    note(answers_p50_ms=1000 * percentile(waited_s, 500), answers_p99_ms=1000 * percentile(waited_s, 990))
