"""Ports that refuse or reset connections by a plan."""

from __future__ import annotations

import itertools
import socket
import time
from typing import Any

import pytest

from tests.system.mockserver.plainclient import PlainClient
from timetrial.errors import MockServerError
from timetrial.mockserver import MockServer, View


def seen(space: View) -> str:
    """What a client meets that connects, asks once and leaves."""
    try:
        client = PlainClient(int(space.url.split(":")[2].split("/")[0]))
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"  # so soon that connect() sees it
    try:
        return str(client.get(space.page(10)).status)
    except ConnectionError:
        return "reset"
    finally:
        client.close()


def test_a_server_that_is_still_starting_refuses(server: MockServer) -> None:
    """The first connection and all others for a while; afterwards it is there."""
    began = time.monotonic()
    with server.unsteady(nth=1, for_ms=150) as space:
        outcomes: list[str] = []
        while not outcomes or outcomes[-1] != "200":
            outcomes.append(seen(space))
            assert time.monotonic() - began < 20
        assert set(outcomes[:-1]) == {"refused"}
        assert time.monotonic() - began > 0.14


def test_the_nth_connection_is_refused(server: MockServer) -> None:
    """And those after it until the server is back."""
    with server.unsteady(nth=3, for_ms=60_000) as space:
        assert [seen(space) for _ in range(4)] == ["200", "200", "refused", "refused"]
        assert space.counters().connections_opened == 2


def test_a_share_of_time_is_refused_as_the_seed_says(server: MockServer) -> None:
    """The same seed gives the same windows, from the opening of the port."""

    def windows(seed: int) -> list[str]:
        with server.unsteady(share=0.5, window_ms=60_000, seed=seed) as space:
            return [seen(space), seen(space)]

    first = [windows(seed) for seed in range(8)]
    assert first == [windows(seed) for seed in range(8)]
    assert all(one == other for one, other in first)
    assert {one for one, _ in first} == {"200", "refused"}


def test_windows_come_and_go(server: MockServer) -> None:
    """A client that asks again gets in, and later doesn't, and gets in again."""
    with server.unsteady(share=0.5, window_ms=10, seed=1) as space:
        end = time.monotonic() + 20
        changes: list[str] = []
        while len(changes) < 5 and time.monotonic() < end:
            changes = [kind for kind, _ in itertools.groupby([*changes, seen(space)])]
        assert len(changes) == 5
        assert set(changes) <= {"200", "refused", "reset"}  # who is in the queue when it closes is reset


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"nth": 2}, ["200", "reset", "200", "200"]),
        ({"first": 2}, ["reset", "reset", "200", "200"]),
        ({"share": 1.0}, ["reset"] * 4),
    ],
)
def test_single_connections_are_reset(plan: dict[str, Any], expected: list[str], server: MockServer) -> None:
    """Each is counted, so these are exact."""
    with server.unsteady(how="reset", **plan) as space:
        assert [seen(space) for _ in range(4)] == expected
        assert space.counters().requests_completed == expected.count("200")


def test_a_share_of_connections_is_reset_and_always_the_same_ones(server: MockServer) -> None:
    """The seed decides which."""

    def outcomes(seed: int) -> list[str]:
        with server.unsteady(how="reset", share=0.3, seed=seed) as space:
            return [seen(space) for _ in range(60)]

    first = outcomes(3)
    assert first == outcomes(3) != outcomes(4)
    assert 6 < first.count("reset") < 32


def test_the_port_is_closed_with_its_block(server: MockServer) -> None:
    """Whether it was open or refusing, and the server's own port is as it was."""
    plans: list[dict[str, Any]] = [
        {"how": "reset", "nth": 1},
        {"nth": 1, "for_ms": 60_000},
        {"share": 1, "window_ms": 5},
    ]
    for plan in plans:
        with server.unsteady(**plan) as space:
            port = int(space.url.split(":")[2].split("/")[0])
        with socket.socket() as free:
            free.bind(("127.0.0.1", port))
    with server.scope() as space:
        assert seen(space) == "200"


def test_plans_that_cannot_be_kept_say_why(server: MockServer) -> None:
    """Above all that refused connections cannot be counted."""
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"first": 2}, "nobody can count"),
        ({}, "one of share=, nth= and first="),
        ({"nth": 1, "share": 0.1}, "one of share=, nth= and first="),
        ({"nth": 2}, "for_ms="),
        ({"how": "reset", "nth": 1, "for_ms": 5}, "a reset takes no time"),
        ({"how": "drop", "nth": 1}, "'refuse' or 'reset'"),
        ({"share": 2}, "from 0 to 1"),
    ]
    for plan, words in mistakes:
        with pytest.raises(MockServerError, match=words), server.unsteady(**plan):
            pass
