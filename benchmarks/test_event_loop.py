"""What a blocking call does to an event loop: the other requests wait until it is through, unless it goes elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from fixtures import parsing
from fixtures.processpool import open_process_pool
from fixtures.threadpool import open_threads
from timetrial import Workload
from timetrial.stats.percentiles import percentile
from timetrial.system.affinity import count_usable_cpus

if TYPE_CHECKING:
    from timetrial import Trial

CONCURRENCY: Final = 8
SHORT_WAIT_S: Final = 0.002  # what the other requests wait for
REQUESTS_PER_BLOCK: Final = 20  # one of them blocks, for as long as block_ms says
BLOCKS: Final = 4
SLICE_ITERATIONS: Final = 5_000  # some 0.3 ms of computing between two turns of the loop


class Request(NamedTuple):
    """A request to be answered: most wait for a moment, some block, waiting or computing."""

    name: str
    blocks_s: float = 0.0
    burn_iterations: int = 0


class Answer(NamedTuple):
    """What a request came to, and how long it took from when it began."""

    name: str
    total: int
    latency_s: float
    blocked: bool


def answer(request: Request) -> Answer:
    """The request in a thread or process of its own, where nobody else minds that it blocks."""
    began_s = time.perf_counter()
    total = block(request) if blocks(request) else short_wait()
    return answered(request, total, began_s)


async def answer_blocking(request: Request) -> Answer:
    """As people write it by mistake: time.sleep, requests.get or a long loop in a coroutine."""
    began_s = time.perf_counter()
    total = block(request) if blocks(request) else await short_wait_async()
    return answered(request, total, began_s)


async def answer_to_thread(request: Request, _threads: Executor) -> Answer:
    """The blocking call in a thread: the loop is free while it waits, and shares the GIL while it computes."""
    began_s = time.perf_counter()
    total = await asyncio.to_thread(block, request) if blocks(request) else await short_wait_async()
    return answered(request, total, began_s)


async def answer_in_process(request: Request, pool: ProcessPoolExecutor) -> Answer:
    """The blocking call in a worker process, which has a GIL of its own."""
    began_s = time.perf_counter()
    loop = asyncio.get_running_loop()
    total = await loop.run_in_executor(pool, block, request) if blocks(request) else await short_wait_async()
    return answered(request, total, began_s)


async def answer_awaited(request: Request) -> Answer:
    """Written for the loop: waits are awaited, and a computation lets the others have a turn now and then."""
    began_s = time.perf_counter()
    total = await block_awaitably(request) if blocks(request) else await short_wait_async()
    return answered(request, total, began_s)


def blocks(request: Request) -> bool:
    """Whether it is one of those that take long."""
    return request.blocks_s > 0 or request.burn_iterations > 0


def block(request: Request) -> int:
    """The blocking call itself."""
    time.sleep(request.blocks_s)
    return parsing.burn(request.burn_iterations)


async def block_awaitably(request: Request) -> int:
    """The same work without blocking."""
    await asyncio.sleep(request.blocks_s)
    total = 0
    for start in range(0, request.burn_iterations, SLICE_ITERATIONS):
        for i in range(start, min(start + SLICE_ITERATIONS, request.burn_iterations)):
            total += i * i
        await asyncio.sleep(0)
    return total


def short_wait() -> int:
    """What the other requests do: they wait for a database, say."""
    time.sleep(SHORT_WAIT_S)
    return 0


async def short_wait_async() -> int:
    """The same, awaited."""
    await asyncio.sleep(SHORT_WAIT_S)
    return 0


def answered(request: Request, total: int, began_s: float) -> Answer:
    """Looks at the clock."""
    return Answer(request.name, total, time.perf_counter() - began_s, blocks(request))


@asynccontextmanager
async def open_pool(slots: int) -> AsyncGenerator[ProcessPoolExecutor]:
    """A process for each core that can be used, and no more than may be in flight."""
    with open_process_pool(min(slots, count_usable_cpus())) as pool:
        yield pool


def without_latency(result: Answer) -> tuple[str, int]:
    """What has to be equal under every model."""
    return result.name, result.total


EVENT_LOOP = Workload(
    "event_loop",
    task=answer,
    comparable=without_latency,
    one_at_a_time=True,
    variants={
        "blocking": Workload("a blocking call in the loop", async_task=answer_blocking),
        "to_thread": Workload("asyncio.to_thread", async_task=answer_to_thread, async_resource=open_threads),
        "process": Workload("a process pool", async_task=answer_in_process, async_resource=open_pool),
        "awaited": Workload("awaited properly", async_task=answer_awaited),
    },
)
MODELS: Final = ["serial", "threads", *(f"coroutines[{way}]" for way in EVENT_LOOP.variants)]


def requests(count: int, blocks_s: float, burn_iterations: int) -> list[Request]:
    """So many groups of requests, one request of each group blocks."""
    in_the_middle = REQUESTS_PER_BLOCK // 4
    return [
        Request(f"block {number // REQUESTS_PER_BLOCK}", blocks_s, burn_iterations)
        if number % REQUESTS_PER_BLOCK == in_the_middle
        else Request(f"request {number}")
        for number in range(count * REQUESTS_PER_BLOCK)
    ]


@pytest.mark.workload(EVENT_LOOP, models=MODELS)
@pytest.mark.trial_points(
    "kind, block_ms",
    quick=[("wait", 20), ("compute", 20)],
    default=[("wait", 50), ("compute", 50)],
    article=[("wait", 50), ("wait", 500), ("compute", 50), ("compute", 500)],
    gate=[("wait", 2), ("compute", 2)],
)
@pytest.mark.trial_sweep(
    "block_ms", quick=[1, 20], default=[1, 5, 20, 100], article=[1, 5, 20, 100, 500], at={"kind": "wait"}
)
def test_event_loop(
    trial: Trial, note: Callable[..., None], iterations_per_ms: float, kind: str, block_ms: int
) -> None:
    """A blocking call costs the others its whole length; a thread helps while it waits, a process while it computes."""
    waits, burns = (block_ms / 1000, 0) if kind == "wait" else (0.0, round(block_ms * iterations_per_ms))
    measured = trial(requests(1 if trial.scale == "gate" else BLOCKS, waits, burns), concurrency=CONCURRENCY)
    others_s = [each.latency_s for each in measured.results if not each.blocked]
    note(
        others_p50_ms=1000 * percentile(others_s, 500),
        others_p99_ms=1000 * percentile(others_s, 990),
        worst_lag_ms=1000 * (max(others_s) - SHORT_WAIT_S),
    )
