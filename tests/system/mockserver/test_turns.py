"""Nothing that a URL can ask for keeps the others waiting: no turn of the server's loop takes long."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import time
from asyncio import events
from collections.abc import Iterator

import pytest

from timetrial.mockserver.server.connection import Connection
from timetrial.mockserver.server.engine import Engine
from timetrial.mockserver.server.routes import Routes
from timetrial.mockserver.server.services import Limits

# Of the loop's own CPU time, so that a machine that is busy with something else makes no difference.
LONGEST_TURN_S = 0.02
GET = "GET {} HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
POST = "POST {} HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip\r\nConnection: close\r\nContent-Length: {}\r\n\r\n"
SITE = "/site/pages=1000000&links=1000&size_bytes=1048576&seed=3"
NOISE = os.urandom(3 * 2**20)


class Turns:
    """How long each callback of the loop took."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    def run(self, handle: asyncio.Handle) -> None:
        """In the place of Handle._run, measured."""
        began = time.thread_time()
        _RUN(handle)
        self.longest_s = max(self.longest_s, time.thread_time() - began)


_RUN = events.Handle._run


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    """Those of every loop while the test runs; the collector rests, as in the server's process."""
    measured = Turns()
    monkeypatch.setattr(events.Handle, "_run", lambda handle: measured.run(handle))
    gc.collect()
    gc.freeze()
    gc.disable()
    yield measured
    gc.enable()
    gc.unfreeze()


async def _ask(data: bytes, turns: Turns) -> int:
    """Sends the bytes to a server in this very loop, in pieces as a socket takes them; how many come back."""
    large = {"path": "/large", "like": "", "how": "gzip=1", "methods": ["GET"], "headers": {}, "content_type": "a/b"}
    routes = Routes([{**large, "body": base64.b64encode(b"0123456789abcdef" * 2**19).decode()}])
    engine = Engine(asyncio.get_running_loop(), routes, Limits())
    server = await asyncio.get_running_loop().create_server(lambda: Connection(engine), "127.0.0.1", 0)
    turns.longest_s = 0.0
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=2**16)
        sending = asyncio.ensure_future(_send(writer, data))
        received = 0
        while piece := await reader.read(2**16):
            received += len(piece)
        await sending
        writer.close()
        await asyncio.sleep(0.25)  # in which the server cleans up behind itself, twice
    return received


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    for start in range(0, len(data), 2**16):
        writer.write(data[start : start + 2**16])
        await writer.drain()


MANY = "".join(f"GET /page/1/{key} HTTP/1.1\r\nHost: a\r\n\r\n" for key in range(10_000)) + GET.format("/page/1/0")
ASKED = {
    "a page of a site of a million pages": (GET.format(f"{SITE}/p999999.html").encode(), 2**20),
    "many megabytes that are compressed": (GET.format("/stream/8388608/7?gzip=1").encode(), 2**22),
    "a large page that is compressed in chunks": (GET.format("/page/3000000/7?gzip=1&chunked=1").encode(), 2**21),
    "a large body that is declared": (GET.format("/large").encode(), 2**13),
    "a large echo": (POST.format("/echo", len(NOISE)).encode() + NOISE, 2**23),
    "a large echo that is compressed": (POST.format("/echo?gzip=1", len(NOISE)).encode() + NOISE, 2**22),
    "a long stream": (GET.format("/stream/67108864/7").encode(), 2**26),
    "a long stream in chunks": (GET.format("/stream/67108864/7?chunked=1").encode(), 2**26),
    "thousands of new URLs in one piece": (MANY.encode(), 10_000 * 150),
    "as many delays as a URL can name": (GET.format("/page/1/7?delay_ms=" + ",".join(["0"] * 8_000)).encode(), 100),
    "a byte a time as fast as it goes": (GET.format("/page/5000/7?fault=drip&interval_ms=0").encode(), 5_000),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("what", ASKED)
def test_no_turn_of_the_loop_takes_long(what: str, turns: Turns) -> None:
    """The rest of it has to wait for the next turn, in which others have theirs."""
    data, least_bytes = ASKED[what]
    assert asyncio.run(_ask(data, turns)) >= least_bytes
    assert turns.longest_s < LONGEST_TURN_S
