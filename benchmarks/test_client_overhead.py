"""Is it the model or the client? Each HTTP client under each model, against one server, and without any socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import aiohttp
import pytest
import requests

from fixtures import clients, fetching, without_sockets
from timetrial import Workload, models

if TYPE_CHECKING:
    from timetrial import MockServer, Trial

PAGE_BYTES: Final = 1024


def by_requests_anew(url: str) -> int:
    """As people usually write it, requests.get(url): a session and a connection for each call.

    Written out, so that it reads no proxies from the environment.
    """
    with requests.Session() as session:
        session.trust_env = False
        return fetching.by_requests(url, session)


async def by_aiohttp_anew(url: str) -> int:
    """As in the article: a session and a connection for each call."""
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        return await fetching.by_aiohttp(url, session)


CLIENT_OVERHEAD = Workload(
    "client_overhead",
    variants={
        "http.client": Workload("http.client", task=fetching.by_http_client, resource=clients.open_http_client),
        "urllib3": Workload("urllib3", task=fetching.by_urllib3, resource=clients.open_urllib3),
        "requests": Workload("requests", task=fetching.by_requests, resource=clients.open_requests),
        "httpx": Workload(
            "httpx",
            task=fetching.by_httpx,
            resource=clients.open_httpx,
            async_task=fetching.by_async_httpx,
            async_resource=clients.open_async_httpx,
        ),
        "aiohttp": Workload("aiohttp", async_task=fetching.by_aiohttp, async_resource=clients.open_aiohttp),
        "requests anew": Workload("a session for each request", task=by_requests_anew),
        "aiohttp anew": Workload("as in the article", async_task=by_aiohttp_anew),
    },
)


def unfit(model: str, scale: str, requests: int, concurrency: int) -> str | None:
    """Why a client has no place under a model."""
    del scale, requests, concurrency
    if model.endswith(" anew]") and model not in ("threads[requests anew]", "coroutines[aiohttp anew]"):
        return "what a new session costs shows under one model; each connection takes up a port for a minute"
    return None


@pytest.mark.workload(CLIENT_OVERHEAD, unless=unfit)
@pytest.mark.trial_points(
    "requests, concurrency", quick=[(40, 4)], default=[(200, 4)], article=[(1000, 4), (1000, 32)], gate=[(20, 4)]
)
def test_client_overhead(
    trial: Trial, note: Callable[..., None], mock_server: MockServer, requests: int, concurrency: int
) -> None:
    """The same pages without any delay: what a request takes is the client's own work, and the model's."""
    urls = [mock_server.page(PAGE_BYTES, key=key) for key in range(requests)]
    measured = trial(urls, concurrency=concurrency, server=mock_server)
    note(requests_per_s=measured.throughput_per_s)


WITHOUT_SOCKETS = Workload(
    "client_overhead_without_sockets",
    variants={
        "http.client": Workload(
            "http.client", task=without_sockets.by_http_client, resource=without_sockets.open_http_client
        ),
        "urllib3": Workload("urllib3", task=without_sockets.by_urllib3, resource=without_sockets.open_urllib3),
        "requests": Workload("requests", task=without_sockets.by_requests, resource=without_sockets.open_requests),
        "httpx": Workload(
            "httpx under respx",
            task=without_sockets.by_httpx,
            resource=without_sockets.open_httpx,
            async_task=without_sockets.by_async_httpx,
            async_resource=without_sockets.open_async_httpx,
        ),
    },  # aiohttp is not among them: it can't do without the transport of a socket
)
IN_ONE_PROCESS: Final = [each for each in models.model_ids(WITHOUT_SOCKETS) if not each.startswith("processes")]


@pytest.mark.workload(WITHOUT_SOCKETS, models=IN_ONE_PROCESS)
@pytest.mark.trial_points(
    "requests, concurrency", quick=[(50, 8)], default=[(200, 8)], article=[(1000, 8), (1000, 64)], gate=[(20, 8)]
)
def test_client_overhead_without_sockets(
    trial: Trial, note: Callable[..., None], requests: int, concurrency: int
) -> None:
    """With nothing to wait for, threads and coroutines only add their own cost to the client's."""
    measured = trial(range(requests), concurrency=concurrency)
    note(requests_per_s=measured.throughput_per_s)


@pytest.mark.asyncio
@pytest.mark.workload(WITHOUT_SOCKETS, models=["coroutines[httpx]"])
@pytest.mark.trial_points(
    "requests, concurrency", quick=[(50, 8)], default=[(200, 8)], article=[(1000, 8)], gate=[(20, 8)]
)
async def test_client_overhead_in_loop(trial: Trial, requests: int, concurrency: int) -> None:
    """The same rounds inside the event loop of an async test."""
    await trial(range(requests), concurrency=concurrency)
