"""The same work on asyncio's own event loop and on uvloop: bare streams, and a client that has work of its own."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pytest

from fixtures import clients, fetching
from fixtures.executors import Rounds
from timetrial import Workload
from timetrial.models.base import Executor

if TYPE_CHECKING:
    from timetrial import MockServer, Trial

CONCURRENCY: Final = 16
MESSAGE_BYTES: Final = 1024

Do = Callable[[Any], Any]
"""An item's coroutine function."""

_ECHO: Final = """
import asyncio, os, sys, threading

class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(data)

async def serve():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    await server.serve_forever()

try:
    import uvloop
    uvloop.run(serve())
except ImportError:
    asyncio.run(serve())
"""


@contextmanager
def echo_server() -> Generator[int]:
    """Its port; a process of its own, which ends when its standard input does."""
    with subprocess.Popen(
        [sys.executable, "-c", _ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield int(cast("IO[str]", process.stdout).readline())


def on_loop(kind: str, client: Callable[[], AbstractAsyncContextManager[Do]]) -> Callable[..., Any]:
    """An implementation whose rounds run on a loop of this kind: so many worker coroutines, as everywhere."""

    @contextmanager
    def opened(concurrency: int) -> Generator[Executor]:
        with asyncio.Runner(loop_factory=_factory(kind)) as runner:
            opening = client()
            do = runner.run(opening.__aenter__())
            try:
                yield Rounds(lambda items: runner.run(_by_workers(do, items, CONCURRENCY)), {"workers": concurrency})
            finally:
                runner.run(opening.__aexit__(None, None, None))

    return opened


def _factory(kind: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if kind == "asyncio":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop


async def _by_workers(do: Do, items: Sequence[Any], workers: int) -> list[Any]:
    todo, results = iter(enumerate(items)), [None] * len(items)

    async def work() -> None:
        for index, item in todo:
            results[index] = await do(item)

    await asyncio.gather(*(work() for _ in range(workers)))
    return results


@asynccontextmanager
async def echoing() -> AsyncGenerator[Do]:
    """Streams to an echo server, a connection for each that may be in flight."""
    with echo_server() as port:
        free = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONCURRENCY)]

        async def echo(message: bytes) -> bytes:
            reader, writer = free.pop()
            writer.write(message)
            answer = await reader.readexactly(len(message))
            free.append((reader, writer))
            return answer

        try:
            yield echo
        finally:
            for _, writer in free:
                writer.close()


@asynccontextmanager
async def fetching_pages() -> AsyncGenerator[Do]:
    """aiohttp, with a session that is kept."""
    async with clients.open_aiohttp(CONCURRENCY) as session:
        yield partial(fetching.by_aiohttp, session=session)


def workload(
    name: str, client: Callable[[], AbstractAsyncContextManager[Do]], reference: Callable[..., Any]
) -> Workload:
    """The same on both loops."""
    ways: dict[str, Callable[[int], AbstractContextManager[Executor]]] = {
        kind: on_loop(kind, client) for kind in ("asyncio", "uvloop")
    }
    return Workload(
        name,
        reference=reference,
        variants={kind: Workload(kind, implementations={"serial": way}) for kind, way in ways.items()},
    )


STREAMS: Final = workload("streams_on_loops", echoing, list)
PAGES: Final = workload("pages_on_loops", fetching_pages, lambda urls: [MESSAGE_BYTES] * len(urls))


def unfit(model: str, scale: str, **parameters: object) -> str | None:
    """Why there is no uvloop."""
    del scale, parameters
    missing = model.endswith("[uvloop]") and importlib.util.find_spec("uvloop") is None
    return "uvloop is not installed: pip install uvloop" if missing else None


@pytest.mark.workload(STREAMS, unless=unfit)
@pytest.mark.trial_points("messages", quick=[200], default=[2_000], article=[50_000], gate=[200])
def test_streams_on_loops(trial: Trial, messages: int) -> None:
    """A kilobyte there and back: nothing but the loop's own work."""
    trial([number.to_bytes(4, "big") * (MESSAGE_BYTES // 4) for number in range(messages)], concurrency=CONCURRENCY)


@pytest.mark.workload(PAGES, unless=unfit)
@pytest.mark.trial_points("pages", quick=[50], default=[300], article=[10_000], gate=[50])
def test_pages_on_loops(trial: Trial, mock_server: MockServer, pages: int) -> None:
    """An HTTP client in Python has so much to do by itself that the loop matters less."""
    trial(
        [mock_server.page(MESSAGE_BYTES, key=key) for key in range(pages)], concurrency=CONCURRENCY, server=mock_server
    )
