"""The client grid: the same page by every client, with and without sockets, and a failing one is named."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.test_client_overhead import CLIENT_OVERHEAD, IN_ONE_PROCESS, WITHOUT_SOCKETS
from fixtures import without_sockets
from tests.system.workloads.proving import notes_of, prove
from timetrial import MockServer, models
from timetrial.errors import VoidTrialError

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("model", models.model_ids(CLIENT_OVERHEAD))
def test_a_page_of_another_length_voids_the_trial(mock_server: MockServer, model: str) -> None:
    """Under every client and model."""
    items = [mock_server.page(100, key=key) for key in range(2)]
    prove(CLIENT_OVERHEAD, model, items)
    with pytest.raises(VoidTrialError, match="the result of item 1"):
        prove(CLIENT_OVERHEAD, model, items, done=[items[0], mock_server.page(101)])


@pytest.mark.parametrize("model", models.model_ids(CLIENT_OVERHEAD))
def test_a_page_that_fails_is_named(mock_server: MockServer, model: str) -> None:
    """No client takes an error for a page."""
    items = [mock_server.page(100, key=key) for key in range(2)]
    wrong = mock_server.page(100, status=503)
    with pytest.raises(Exception, match="503") as failure:
        prove(CLIENT_OVERHEAD, model, items, done=[items[0], wrong])
    assert wrong in notes_of(failure.value)


@pytest.mark.parametrize("model", IN_ONE_PROCESS)
def test_the_answer_from_memory_is_the_whole_answer(model: str) -> None:
    """No client is faster for having read half of it."""
    assert prove(WITHOUT_SOCKETS, model, range(3)).results == [len(without_sockets.BODY)] * 3


@pytest.mark.parametrize("model", IN_ONE_PROCESS)
def test_no_socket_is_opened(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is what the figures are without."""

    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("a socket was connected")

    name, variant = models.split(model)
    with models.get(name).open(WITHOUT_SOCKETS.variant(variant), 2) as executor:
        monkeypatch.setattr("socket.socket.connect", refuse)
        monkeypatch.setattr("socket.create_connection", refuse)
        assert executor.run(range(5)) == [len(without_sockets.BODY)] * 5
