"""Workloads of the suite against the script that one would write by hand for the same job, in turns, in one run.

Each script is the well-known way: ``ThreadPoolExecutor.map`` with a client for each thread, or an event loop that
awaits so many at once, opened once as the workload is, so that a round is compared with a round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import pytest

from benchmarks import test_client_overhead, test_fetch_pages, test_retries, test_waiting_beside_work
from benchmarks.harness.maps import CONCURRENCY, gathered, looped, mapped
from benchmarks.harness.turns import Run, held_against
from benchmarks.test_waiting_beside_work import Visit
from fixtures import clients, fetching
from timetrial import MockServer, Workload, models


class Case(NamedTuple):
    """A workload under a model, the script, and what both are given."""

    workload: Workload
    model: str
    script: Callable[[], AbstractContextManager[Run]]
    items: Callable[[MockServer], Sequence[Any]]


def pages(count: int, delay_ms: int) -> Callable[[MockServer], list[str]]:
    """So many, each after a delay."""
    return lambda server: [server.page(1024, key=key, delay_ms=delay_ms) for key in range(count)]


CASES = {
    "fetch_pages, threads": Case(
        test_fetch_pages.FETCH_PAGES.variant("http.client"),
        "threads",
        lambda: mapped(fetching.by_http_client, clients.open_http_client),
        pages(100, 5),
    ),
    "fetch_pages, coroutines": Case(
        test_fetch_pages.FETCH_PAGES.variant("aiohttp"),
        "coroutines",
        lambda: gathered(fetching.by_aiohttp, clients.open_aiohttp),
        pages(200, 5),
    ),
    "client_overhead, serial": Case(
        test_client_overhead.CLIENT_OVERHEAD.variant("http.client"),
        "serial",
        lambda: looped(fetching.by_http_client, clients.open_http_client),
        pages(200, 0),
    ),
    "retries, threads": Case(
        test_retries.RETRIES,
        "threads",
        lambda: mapped(test_retries.fetch, test_retries.open_connection),
        lambda server: test_retries.job_urls(server, 100, 0.2, ["error", "reset", "busy", "broken"])[0],
    ),
    "retries, coroutines": Case(
        test_retries.RETRIES,
        "coroutines",
        lambda: gathered(test_retries.fetch_async, test_retries.open_session),
        lambda server: test_retries.job_urls(server, 100, 0.2, ["error", "reset", "busy", "broken"])[0],
    ),
    "waiting_beside_work, threads": Case(
        test_waiting_beside_work.WAITING_BESIDE_WORK,
        "threads",
        lambda: mapped(test_waiting_beside_work.visit, clients.open_http_client),
        lambda server: [Visit(url, 1_000_000 if not key else 0) for key, url in enumerate(pages(80, 1)(server))],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_script(benchmark: Any, mock_server: MockServer, name: str) -> None:
    """Fails where the interval leaves no doubt that the workload takes more than 3 % longer than the script."""
    workload, model, script, items_of = CASES[name]
    items = items_of(mock_server)
    concurrency = 1 if model == "serial" else CONCURRENCY
    with models.get(model).open(workload, concurrency) as ours, script() as by_hand:
        held_against(by_hand, ours.run, items, benchmark, name, workload.comparable)
