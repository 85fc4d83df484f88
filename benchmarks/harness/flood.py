"""A load that costs its client next to nothing and the server a lot: bursts of pipelined requests, all to be parsed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final
from urllib.parse import urlsplit

from timetrial import Workload

CONNECTIONS: Final = 4
BURST: Final = 64
REQUESTS_PER_ITEM: Final = CONNECTIONS * BURST
_ANSWER: Final = b"HTTP/1.1 200 "


def flood(url: str, connections: Sequence[socket.socket]) -> int:
    """A burst on each connection, then all the answers; returns how many came."""
    parts = urlsplit(url)
    burst = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode() * BURST
    for each in connections:
        each.sendall(burst)
    return sum(map(_answers, connections))


def _answers(connection: socket.socket) -> int:
    """Waits for a burst's answers. They are all of one size, so that only the first one has to be looked at."""
    got = _more(connection)
    while (end := got.find(b"\r\n\r\n")) < 0:
        got += _more(connection)
    one = end + 5  # with the page of one byte
    while len(got) < one * BURST:
        got += _more(connection)
    return got.count(_ANSWER)


def _more(connection: socket.socket) -> bytes:
    """What has come since; raises ConnectionError where nothing will come any more."""
    got = connection.recv(65_536)
    if not got:
        raise ConnectionError("the server closed the connection before it had answered the burst")
    return got


def flooding(port: int) -> Workload:
    """The workload for a server on this port; its items are URLs of pages of one byte."""
    return Workload("flood", task=flood, resource=_connected(port))


def _connected(port: int) -> Callable[[int], AbstractContextManager[list[socket.socket]]]:
    @contextmanager
    def connected(slots: int) -> Generator[list[socket.socket]]:
        del slots
        with ExitStack() as stack:
            address = "127.0.0.1", port
            yield [stack.enter_context(socket.create_connection(address, timeout=20)) for _ in range(CONNECTIONS)]

    return connected
