"""Malformed requests: no crash, no traceback, no leak, no error in the journal.

The ordinary run sends about two thousand; ``TIMETRIAL_FUZZ_REQUESTS=100000`` makes it the long one. Hypothesis makes as
many again, pipelined over one connection, and finds the shortest that goes wrong; ordinarily it tries a few.
"""

from __future__ import annotations

import itertools
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.system.mockserver.plainclient import PlainClient
from timetrial.mockserver import MockServer

REQUESTS = int(os.environ.get("TIMETRIAL_FUZZ_REQUESTS", "2000"))
_MOST_PIPELINED = 8
# An example has half as many requests on average.
EXAMPLES = 2 * REQUESTS // _MOST_PIPELINED if REQUESTS > 2000 else 60
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
    with server.expect(connections_open=0):
        pass  # the connections of the tests before this one
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


@st.composite
def _mangled(draw: st.DrawFn) -> bytes:
    """A request with a few bytes exchanged for others."""
    data = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(start + 8, len(data))))
        data = data[:start] + draw(st.sampled_from(_TOKENS) | st.binary(max_size=4)) + data[stop:]
    return data


@dataclass(frozen=True)
class Message:
    """What is sent as one request, and whether it is one."""

    data: bytes
    good: bool


_MESSAGES = st.lists(
    st.sampled_from(_SEEDS).map(lambda data: Message(data, good=True))
    | _mangled().map(lambda data: Message(data, good=False)),
    min_size=1,
    max_size=_MOST_PIPELINED,
)


def _pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return (data[start:stop] for start, stop in itertools.pairwise(places) if start < stop)


def _read_answers(client: PlainClient, messages: list[Message]) -> None:
    """Each good request before the first mangled one has its answer."""
    for message in itertools.takewhile(lambda message: message.good, messages):
        answer = client.answer(has_body=not message.data.startswith(b"HEAD"))
        if answer.status == 100:
            answer = client.answer()
        assert answer.status in (200, 206, 302, 304, 503)


def _ask(port: int, messages: list[Message], cuts: list[int]) -> None:
    """Sends the messages in pieces, reads what must come, and then the end of the connection."""
    client = PlainClient(port)
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        for piece in _pieces(b"".join(message.data for message in messages), cuts):
            client.send(piece)
            time.sleep(0.0005)  # for the server to see it before the next one
        _read_answers(client, messages)
        client.socket.shutdown(socket.SHUT_WR)
        client.until_closed()
    except OSError as problem:
        if isinstance(problem, TimeoutError) or all(message.good for message in messages):
            raise
        return  # the server may end a bad connection as it likes
    finally:
        client.close()


@pytest.mark.timeout(3600 if REQUESTS > 10_000 else 120)
def test_pipelined_requests_cut_anywhere_do_no_harm(server: MockServer, capfd: pytest.CaptureFixture[str]) -> None:
    """Good ones are answered, the connection ends after bad ones, and the journal adds up each time."""
    tried = 0

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(messages=_MESSAGES, cuts=st.lists(st.integers(0, 1000), max_size=5))
    def ask(messages: list[Message], cuts: list[int]) -> None:
        nonlocal tried
        tried += 1
        before = server.counters()
        _ask(server.port, messages, cuts)
        with server.expect(requests_in_flight=0, connections_open=0):
            pass
        counted = server.counters() - before
        assert counted.requests_arrived == sum(
            (counted.requests_completed, counted.requests_faulted, counted.requests_abandoned)
        )
        assert counted.connections_opened == 1
        if all(message.good for message in messages):
            assert counted.requests_completed == len(messages)

    ask()
    assert tried >= EXAMPLES
    assert "Traceback" not in capfd.readouterr().err
