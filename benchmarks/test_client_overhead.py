"""What the client library alone costs under each model: httpx under respx, without any socket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx
import pytest
import respx

from timetrial import Workload

if TYPE_CHECKING:
    from timetrial import Trial

URL: Final = "http://mock.invalid/page"
BODY: Final = b"x" * 1024
MOST_CALLS_KEPT: Final = 100  # respx remembers every call, which would fill the memory


class Mocked(NamedTuple):
    """A client whose transport is a respx router."""

    client: httpx.Client
    router: respx.MockRouter


class AsyncMocked(NamedTuple):
    """The same for an event loop."""

    client: httpx.AsyncClient
    router: respx.MockRouter


def routed() -> respx.MockRouter:
    """A router of the worker's own, so that workers share nothing."""
    router = respx.MockRouter(assert_all_called=False)
    router.get(URL).respond(content=BODY)
    return router


@contextmanager
def open_mocked(slots: int) -> Generator[Mocked]:
    """A client without sockets needs no pool to be sized."""
    del slots
    router = routed()
    with httpx.Client(transport=httpx.MockTransport(router.handler), trust_env=False) as client:
        yield Mocked(client, router)


@asynccontextmanager
async def open_async_mocked(slots: int) -> AsyncGenerator[AsyncMocked]:
    """As open_mocked."""
    del slots
    router = routed()
    async with httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler), trust_env=False) as client:
        yield AsyncMocked(client, router)


def call(number: int, mocked: Mocked) -> int:
    """One request through the whole of httpx but its sockets."""
    if number % MOST_CALLS_KEPT == 0:
        mocked.router.calls.reset()
    return len(mocked.client.get(URL).content)


async def call_async(number: int, mocked: AsyncMocked) -> int:
    """The same, awaited."""
    if number % MOST_CALLS_KEPT == 0:
        mocked.router.calls.reset()
    response = await mocked.client.get(URL)
    return len(response.content)


CLIENT_OVERHEAD = Workload(
    "client_overhead",
    task=call,
    resource=open_mocked,
    async_task=call_async,
    async_resource=open_async_mocked,
)


@pytest.mark.workload(CLIENT_OVERHEAD, models=["serial", "threads", "coroutines"])
@pytest.mark.trial_points(
    "requests, concurrency",
    quick=[(50, 8)],
    default=[(200, 8)],
    article=[(1000, 8), (1000, 64)],
    gate=[(100, 8)],
)
def test_client_overhead(trial: Trial, requests: int, concurrency: int) -> None:
    """With nothing to wait for, threads and coroutines only add their own cost to the client's."""
    trial(range(requests), concurrency=concurrency)


@pytest.mark.asyncio
@pytest.mark.workload(CLIENT_OVERHEAD, models=["coroutines"])
@pytest.mark.trial_points(
    "requests, concurrency", quick=[(50, 8)], default=[(200, 8)], article=[(1000, 8)], gate=[(100, 8)]
)
async def test_client_overhead_in_loop(trial: Trial, requests: int, concurrency: int) -> None:
    """The same rounds inside the event loop of an async test."""
    await trial(range(requests), concurrency=concurrency)
