"""The load that drives a server to its ceiling: every answer of a burst is waited for, or the error says why not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import pytest

from benchmarks.harness.flood import BURST, flood

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"


def flooded(*parts: bytes) -> int:
    """What a flood over one connection brings whose server answers in these parts and then closes."""
    client, server = socket.socketpair()
    heard = threading.Event()

    def answer(parts: Sequence[bytes]) -> None:
        with server:
            server.recv(65_536)
            for each in parts:
                server.sendall(each)
                heard.wait(0.02)  # so that the parts arrive one by one

    thread = threading.Thread(target=answer, args=(parts,))
    thread.start()
    with client:
        client.settimeout(20)
        try:
            return flood("http://localhost/?x", [client])
        finally:
            thread.join()


def test_all_answers_of_a_burst_are_waited_for() -> None:
    """Also where the first part has no whole header."""
    assert flooded(ANSWER * BURST) == BURST
    assert flooded(ANSWER[:9], ANSWER[9:] + ANSWER, ANSWER * (BURST - 2)) == BURST


@pytest.mark.parametrize("parts", [(), (ANSWER[:9],), (ANSWER * 3,)], ids=["nothing", "half a header", "a few"])
def test_a_connection_that_was_closed_is_an_error_that_says_so(parts: tuple[bytes, ...]) -> None:
    """And no riddle about what was not found in what came."""
    with pytest.raises(ConnectionError, match="closed the connection before it had answered"):
        flooded(*parts)
