"""A mock server for each event loop, and a client that speaks to it in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.mockserver import MockServer, View


@pytest.fixture(scope="session", params=["asyncio", "uvloop"])
def server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """The same suite of behaviours runs over every event loop."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop", reason="uvloop is not installed here; install timetrial[uvloop]")
    with MockServer.start(loop=request.param) as started:
        yield started


@pytest.fixture
def space(server: MockServer) -> Iterator[View]:
    """A part of the server that no other test sees."""
    with server.scope() as view:
        yield view


@pytest.fixture
def connect(server: MockServer) -> Iterator[Callable[[], PlainClient]]:
    """Opens connections to the server; they are closed with the test."""
    opened: list[PlainClient] = []

    def open_one() -> PlainClient:
        opened.append(PlainClient(server.port))
        return opened[-1]

    yield open_one
    for client in opened:
        client.close()


@pytest.fixture
def plain(connect: Callable[[], PlainClient]) -> PlainClient:
    """One connection to the server."""
    return connect()
