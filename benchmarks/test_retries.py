"""Fetching from a server that fails: errors, resets, broken and slow answers, 429; by tenacity, and by urllib3's own.

Each job names itself in a header (as an Idempotency-Key does), by which the server knows a job's first try. So the
same jobs fail in every round and under every model, once each; and the server's count proves that each was then
answered exactly once: nothing is lost, and nothing done twice.
"""

from __future__ import annotations

import http.client
import uuid
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest
import urllib3
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from fixtures import clients, parsing
from timetrial import Workload, models

if TYPE_CHECKING:
    from timetrial import MockServer, Trial
    from timetrial.mockserver import View

PAGE_BYTES: Final = 1024
LATENCY_MS: Final = 5
JOB_HEADER: Final = "x-job"
TRIES: Final = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.5
TIMEOUT_S: Final = 1.0  # an answer that is given up and came all the same would be a job done twice
OK: Final = 200
TRY_AGAIN: Final = (429, 503)

FAULTS: Final[dict[str, dict[str, Any]]] = {
    "error": {"status": 503},
    "reset": {"fault": "reset_before_headers"},
    "busy": {"status": 429, "retry_after_s": 0},
    "broken": {"fault": "reset_in_body"},
    "slow": {"fault": "hang"},
}
ANSWERED: Final = ("error", "busy")  # with a status, which the server counts as a request that it completed


class RefusedError(Exception):
    """An answer other than the page; ``retry_after_s`` is when to come back, if the server says so."""

    def __init__(self, url: str, status: int, retry_after: str | None) -> None:
        super().__init__(url, status, retry_after)
        self.retry_after_s = float(retry_after) if retry_after and retry_after.isdecimal() else None

    def __str__(self) -> str:
        return f"{self.args[0]} answered {self.args[1]}"


class BusyError(RefusedError):
    """An answer that asks to try again: 429 or 503."""


def pause_s(state: RetryCallState) -> float:
    """How long to wait before the next try: what the server asks for, else at random, and longer from try to try."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = getattr(error, "retry_after_s", None)
    return asked_s if asked_s is not None else _longer_each_time(state)


_longer_each_time = wait_random_exponential(multiplier=FIRST_PAUSE_S, max=LONGEST_PAUSE_S)
POLICY: Final[dict[str, Any]] = {"stop": stop_after_attempt(TRIES), "wait": pause_s, "reraise": True}
PASSING: Final = (BusyError, OSError, http.client.HTTPException)
PASSING_IN_AIOHTTP: Final = (BusyError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)


def fetch(url: str, connection: clients.KeepAliveConnection) -> str:
    """The page's fingerprint, by http.client and tenacity."""
    return fetch_job(url, connection, new_job())


@Retrying(retry=retry_if_exception_type(PASSING), **POLICY).wraps
def fetch_job(url: str, connection: clients.KeepAliveConnection, job: dict[str, str]) -> str:
    """Tries until the page is there, or tries are used up."""
    response, body = connection.answer(url, job)
    check_status(url, response.status, response.headers.get("Retry-After"))
    return parsing.fingerprint(body)


async def fetch_async(url: str, session: aiohttp.ClientSession) -> str:
    """The same by aiohttp, the pauses awaited."""
    return await fetch_job_async(url, session, new_job())


@AsyncRetrying(retry=retry_if_exception_type(PASSING_IN_AIOHTTP), **POLICY).wraps
async def fetch_job_async(url: str, session: aiohttp.ClientSession, job: dict[str, str]) -> str:
    """The same."""
    async with session.get(url, headers=job) as response:
        check_status(url, response.status, response.headers.get("Retry-After"))
        return parsing.fingerprint(await response.read())


def fetch_by_urllib3(url: str, pool: urllib3.PoolManager) -> str:
    """As people usually write it: urllib3 brings retries of its own, which requests' adapters take too."""
    response = pool.request("GET", url, headers=new_job())
    check_status(url, response.status, None)
    return parsing.fingerprint(response.data)


def new_job() -> dict[str, str]:
    """What a job calls itself in all its tries, and no other job does."""
    return {JOB_HEADER: uuid.uuid4().hex}


def check_status(url: str, status: int, retry_after: str | None) -> None:
    """Raises BusyError where it is worth another try, and RefusedError where it isn't."""
    if status != OK:
        raise (BusyError if status in TRY_AGAIN else RefusedError)(url, status, retry_after)


@contextmanager
def open_connection(slots: int) -> Generator[clients.KeepAliveConnection]:
    """One connection, which is given up where an answer takes too long."""
    del slots
    connection = clients.KeepAliveConnection(TIMEOUT_S)
    try:
        yield connection
    finally:
        connection.close()


@asynccontextmanager
async def open_session(slots: int) -> AsyncGenerator[aiohttp.ClientSession]:
    """A session with a connection for each job in flight, and the same time limit for each try."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=slots), timeout=timeout) as session:
        yield session


@contextmanager
def open_pool(slots: int) -> Generator[urllib3.PoolManager]:
    """The same policy in urllib3's words."""
    policy = urllib3.Retry(
        total=TRIES - 1,
        status_forcelist=TRY_AGAIN,
        backoff_factor=FIRST_PAUSE_S,
        backoff_jitter=FIRST_PAUSE_S,
        backoff_max=LONGEST_PAUSE_S,
    )
    with urllib3.PoolManager(num_pools=1, maxsize=slots, timeout=TIMEOUT_S, retries=policy) as manager:
        try:
            yield manager
        finally:
            # The manager only lets go of its pools, and the errors of retries hold on to them for a while.
            for key in list(manager.pools.keys()):
                manager.pools[key].close()


def fingerprints(urls: Sequence[str]) -> list[str]:
    """The expected results: the same pages from a server that neither fails nor waits."""
    with clients.open_http_client(1) as connection:
        return [parsing.fingerprint(connection.get(url.partition("?")[0])) for url in urls]


RETRIES = Workload(
    "retries",
    task=fetch,
    resource=open_connection,
    async_task=fetch_async,
    async_resource=open_session,
    reference=fingerprints,
    one_at_a_time=True,  # or jobs would wait behind one whose server is silent
    variants={"urllib3": Workload("urllib3's own retries", task=fetch_by_urllib3, resource=open_pool)},
)


def job_urls(server: View, jobs: int, fault_rate: float, faults: Sequence[str]) -> tuple[list[str], int]:
    """The jobs' URLs, every so many of them failing at the first try; and how many requests the server completes."""
    urls, answers = [], 0
    for number in range(jobs):
        failed_so_far, failing = (int(fault_rate * each) for each in (number, number + 1))
        kind = faults[failed_so_far % len(faults)] if failing > failed_so_far else None
        how = {**FAULTS[kind], "first": 1, "per": JOB_HEADER} if kind else {}
        urls.append(server.page(PAGE_BYTES, key=number, delay_ms=LATENCY_MS, **how))
        answers += 2 if kind in ANSWERED else 1
    return urls, answers


@pytest.mark.benchmark(min_rounds=3)  # the server that says nothing makes them long
@pytest.mark.workload(RETRIES, models=[each for each in models.model_ids(RETRIES) if each != "serial[urllib3]"])
@pytest.mark.trial_points(
    "jobs, fault_rate, concurrency",
    quick=[(20, 0.25, 8)],
    default=[(20, 0.0, 8), (32, 0.125, 8)],
    article=[(400, 0.0, 8), (400, 0.05, 8), (400, 0.25, 8), (400, 0.25, 64)],
    gate=[(12, 0.34, 8)],
)
@pytest.mark.trial_sweep(
    "fault_rate",
    quick=[0.0, 0.25],
    default=[0.0, 0.05, 0.1, 0.25, 0.5],
    article=[0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0],
    at={"jobs": 40, "concurrency": 8},
)
def test_retries(
    trial: Trial, note: Callable[..., None], mock_server: MockServer, jobs: int, fault_rate: float, concurrency: int
) -> None:
    """A job that waits for its next try holds up no other, where there are enough of them in flight."""
    faults = [kind for kind in FAULTS if kind != "slow" or trial.scale not in ("quick", "gate")]
    urls, answers = job_urls(mock_server, jobs, fault_rate, faults)
    measured = trial(urls, concurrency=concurrency, server=mock_server, requests_per_round=answers)
    note(jobs_per_s=measured.throughput_per_s)
