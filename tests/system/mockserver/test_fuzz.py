"""Malformed requests: no crash, no traceback, no leak, no error in the journal.

The ordinary run sends about two thousand; ``TIMETRIAL_FUZZ_REQUESTS=100000`` makes it the long one.
"""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from timetrial.mockserver import MockServer

REQUESTS = int(os.environ.get("TIMETRIAL_FUZZ_REQUESTS", "2000"))
_AT_ONCE = 50
_SEEDS = (
    b"GET /page/10/0 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"GET /page/10/0?delay_ms=1&share=0.5&status=503 HTTP/1.1\r\nHost: a\r\nRange: bytes=0-5\r\n\r\n",
    b"GET /site/pages=5/p0.html HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\nExpect: 100-continue\r\n\r\n",
    b"HEAD /redirect/3?to=/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
)
_TOKENS = (
    b"\r\n",
    b"\n",
    b"\0",
    b":",
    b" ",
    b"%",
    b"\xff",
    b"99999999999999999999",
    b"-1",
    b"HTTP/9.9",
    b"/~1/",
    b"\r\n\r\n",
)


def mangled(rng: random.Random) -> bytes:
    """A request with some bytes changed, inserted, cut out or doubled."""
    data = bytearray(rng.choice(_SEEDS))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            data[at:at] = rng.choice(_TOKENS)
        elif kind == 1:
            data[at : at + 1] = rng.randbytes(1)
        elif kind == 2:
            del data[at : at + rng.randint(1, 8)]
        else:
            data[at:at] = data[at : at + 20]
    return bytes(data)


def _batches(total: int) -> Iterator[list[bytes]]:
    rng = random.Random(20261124)
    for _ in range(0, total, _AT_ONCE):
        yield [mangled(rng) for _ in range(_AT_ONCE)]


def _send(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        try:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65_536):
                pass
        except OSError:
            return  # the server may end a bad connection as it likes


def _open_files(process: Any) -> int:
    """Files and sockets; Windows counts handles of every kind."""
    return int(process.num_handles() if sys.platform == "win32" else process.num_fds())


@pytest.mark.timeout(600 if REQUESTS > 10_000 else 60)
def test_malformed_requests_do_no_harm(server: MockServer, capfd: pytest.CaptureFixture[str]) -> None:
    """The server goes on, keeps nothing, writes no traceback, and its journal adds up."""
    psutil = pytest.importorskip("psutil")
    process = psutil.Process(server.pids[0])
    before = server.counters()
    files = _open_files(process)
    rss_bytes = 0
    for number, batch in enumerate(_batches(REQUESTS)):
        for data in batch:
            _send(server.port, data)
        if number == 20:
            rss_bytes = process.memory_info().rss
    with server.expect(requests_in_flight=0, connections_open=0, requests_arrived=0):
        pass
    counted = server.counters() - before
    assert counted.requests_malformed > REQUESTS / 10
    ends = counted.requests_completed + counted.requests_faulted + counted.requests_abandoned
    assert counted.requests_arrived == ends
    assert counted.connections_opened == counted.connections_closed >= REQUESTS
    assert process.memory_info().rss - rss_bytes < 30_000_000
    assert _open_files(process) == files
    assert "Traceback" not in capfd.readouterr().err
