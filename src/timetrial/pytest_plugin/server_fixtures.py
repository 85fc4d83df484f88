"""The mock server as pytest fixtures, for any project that wants one; it is started when a test first asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from timetrial.mockserver.client import MockServer
    from timetrial.mockserver.view import View


@pytest.fixture(scope="session")
def mock_server() -> Iterator[MockServer]:
    """A mock HTTP server for the whole session: ``mock_server.page()`` makes a URL, ``.counters()`` tells the truth."""
    from timetrial.mockserver import MockServer

    with MockServer.start() as server:
        yield server


@pytest.fixture
def mock_space(mock_server: MockServer) -> Iterator[View]:
    """A test's own part of ``mock_server``: the same methods, and only its requests in its counters."""
    with mock_server.scope() as view:
        yield view


@pytest.fixture(scope="session")
def mock_server_factory() -> Iterator[Callable[..., MockServer]]:
    """Starts more mock servers, with ``MockServer.start``'s options, and ends them with the session."""
    from timetrial.mockserver import MockServer

    with ExitStack() as stack:

        def start(**options: Any) -> MockServer:
            return stack.enter_context(MockServer.start(**options))

        yield start
