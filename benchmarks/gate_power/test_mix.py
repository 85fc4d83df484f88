"""Eight benchmarks that cover every model and kind of work, small enough to measure the gate itself with.

Run by ``timetrial gate --self-test`` (see docs/gate.md); by itself it is a quick suite like any other.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from timetrial import Workload

if TYPE_CHECKING:
    import aiohttp

    from timetrial import MockServer, Trial

FILES = 100
PAGES = 20


def add_up(n: int) -> int:
    """Pure Python: nothing releases the GIL."""
    return sum(i * i for i in range(n))


async def add_up_in_turn(n: int) -> int:
    """The same with a turn of the event loop first."""
    await asyncio.sleep(0)
    return add_up(n)


def fingerprint(block: bytes) -> str:
    """Hashlib releases the GIL for blocks of this size."""
    return hashlib.sha256(block).hexdigest()


def read_file(path: Path) -> int:
    """Opens, reads and closes a small file."""
    return len(path.read_bytes())


async def hop(hops: int) -> int:
    """Nothing but turns of the event loop."""
    for _ in range(hops):
        await asyncio.sleep(0)
    return hops


@contextmanager
def open_connection(slots: int) -> Generator[dict[str, http.client.HTTPConnection]]:
    """One connection a worker, opened by its first request and kept."""
    del slots
    kept: dict[str, http.client.HTTPConnection] = {}
    yield kept
    for connection in kept.values():
        connection.close()


def fetch(url: str, kept: dict[str, http.client.HTTPConnection]) -> int:
    """The page's length, by the standard library."""
    parts = urlsplit(url)
    connection = kept.setdefault(parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=30))
    connection.request("GET", f"{parts.path}?{parts.query}")
    return len(connection.getresponse().read())


@asynccontextmanager
async def open_session(slots: int) -> AsyncGenerator[aiohttp.ClientSession]:
    """One session a loop; aiohttp is imported here, so that launches of other benchmarks start without it."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=slots)) as session:
        yield session


async def fetch_async(url: str, session: aiohttp.ClientSession) -> int:
    """The same, by aiohttp."""
    async with session.get(url) as response:
        return len(await response.read())


ADD_UP = Workload("add_up", task=add_up, async_task=add_up_in_turn)


@pytest.mark.workload(ADD_UP, models=["serial", "processes", "processes+coroutines"])
def test_add_up(trial: Trial) -> None:
    """Pure computation, alone and in two processes."""
    trial([15_000] * 8, concurrency=2)


@pytest.mark.workload(Workload("fingerprint", task=fingerprint), models=["threads"])
def test_fingerprint(trial: Trial) -> None:
    """Threads that really run at once."""
    trial([bytes([number]) * 400_000 for number in range(8)], concurrency=2)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """A folder of small files."""
    folder = tmp_path_factory.mktemp("files")
    paths = [folder / f"{number}.txt" for number in range(FILES)]
    for path in paths:
        path.write_bytes(b"x" * 2000)
    return paths


@pytest.mark.workload(Workload("read_files", task=read_file), models=["threads"])
def test_read_files(trial: Trial, files: Sequence[Path]) -> None:
    """Many short system calls under threads."""
    trial(files, concurrency=4)


@pytest.mark.workload(Workload("hops", async_task=hop), models=["coroutines"])
def test_hops(trial: Trial) -> None:
    """What an event loop costs."""
    trial([40] * 100, concurrency=50)


FETCH = Workload("fetch", task=fetch, resource=open_connection, async_task=fetch_async, async_resource=open_session)


@pytest.mark.workload(FETCH, models=["threads", "coroutines"])
def test_fetch(trial: Trial, mock_server: MockServer) -> None:
    """Small pages over kept connections, by a client in threads and one in an event loop."""
    urls = [mock_server.page(size_bytes=1024, key=key) for key in range(PAGES)]
    trial(urls, concurrency=8, server=mock_server)
