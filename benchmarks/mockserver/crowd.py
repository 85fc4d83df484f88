"""``python -m benchmarks.mockserver.crowd WHAT URL CONNECTIONS …``: many connections of a client that costs little.

A protocol instead of an HTTP library: what is measured has to be the server.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

_OPENING_AT_ONCE = 500
_PATIENCE_S = 30.0


class Caller(asyncio.Protocol):
    """One connection, which asks for the same URL as often as it is told to."""

    def __init__(self, request: bytes, answered: Callable[[float], None]) -> None:
        self.request = request
        self.answered = answered
        self.received = b""
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self) -> None:
        """Sends the request."""
        self.began = perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Says how long the answer took, once it is complete."""
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if found and len(body) >= 1024:
            took_s = perf_counter() - self.began
            right = len(body) == 1024 and head.startswith(b"HTTP/1.1 200 ")
            self.received = b""
            self.answered(took_s if right else float("nan"))

    def connection_lost(self, _exc: Exception | None) -> None:
        """Gone."""
        self.lost = True


class Crowd:
    """So many callers of one URL, and how long each answer took."""

    def __init__(self, url: str, size: int) -> None:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self.address = parts.hostname or "", parts.port or 80
        self.size = size
        self.took_s: list[float] = []
        self.callers: list[Caller] = []

    async def open(self) -> None:
        """Opens the connections, some hundreds at once."""
        loop = asyncio.get_running_loop()
        while len(self.callers) < self.size:
            wanted = min(_OPENING_AT_ONCE, self.size - len(self.callers))
            make = (
                loop.create_connection(lambda: Caller(self.request, self._answered), *self.address)
                for _ in range(wanted)
            )
            opened = await asyncio.wait_for(asyncio.gather(*make), _PATIENCE_S)
            self.callers += [protocol for _, protocol in opened]

    def _answered(self, took_s: float) -> None:
        self.took_s.append(took_s)
        if len(self.took_s) >= self.wanted:
            self.complete.set()

    async def ask_all(self) -> int:
        """Every caller asks at once and waits for its answer; returns how many got none, or a wrong one."""
        self.took_s, self.wanted, self.complete = [], self.size, asyncio.Event()
        for caller in self.callers:
            if not caller.lost:
                caller.ask()
        with suppress(TimeoutError):  # who is missing is counted below
            await asyncio.wait_for(self.complete.wait(), _PATIENCE_S)
        return self.size - sum(took_s == took_s for took_s in self.took_s)  # NaN is not equal to itself


async def idle(url: str, size: str) -> dict[str, Any]:
    """Opens the connections and uses each once; after a line on standard input, once more."""
    crowd = Crowd(url, int(size))
    await crowd.open()
    errors = await crowd.ask_all()
    print("idle", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return {"errors": errors + await crowd.ask_all()}


async def burst(url: str, size: str) -> dict[str, Any]:
    """All ask at once."""
    crowd = Crowd(url, int(size))
    await crowd.open()
    return {"errors": await crowd.ask_all(), "took_s": sorted(crowd.took_s)}


def _main(what: str, *arguments: str) -> None:
    job = {"idle": idle, "burst": burst}[what](*arguments)
    print(json.dumps(asyncio.run(job)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
