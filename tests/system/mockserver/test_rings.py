"""Answers leave nothing behind that only the garbage collector would find: its search holds up all other answers."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from timetrial.mockserver.server.connection import Connection
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.exchange import Exchange
from timetrial.mockserver.server.routes import Routes
from timetrial.mockserver.server.services import Limits


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Garbage that isn't freed at once stays to be seen."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def _answers(*targets: str) -> None:
    engine = Engine(asyncio.get_running_loop(), Routes([]), Limits())
    server = await asyncio.get_running_loop().create_server(lambda: Connection(engine), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for target in targets:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(10)
        writer.close()
        await writer.wait_closed()
        while engine.total.open:
            await asyncio.sleep(0)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "target",
    ["/page/10/0?delay_ms=1", "/page/10/0?slots=1&service_ms=1", "/page/10/0?rate_bytes_per_s=10000", "/page/10/0"],
)
def test_an_answer_leaves_no_ring_of_references(target: str) -> None:
    """Whichever way it took."""
    asyncio.run(_answers(*[target] * 5))
    left = [each for each in gc.get_objects() if isinstance(each, Exchange)]
    assert left == []
