"""The servers as Python's client libraries meet them: who gets how many pages, and what that costs the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.mockserver.clients import CLIENTS, COROUTINES, THREADS
from benchmarks.mockserver.contestants import Field
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table, verdict
from benchmarks.mockserver.load import helper, wrk
from benchmarks.mockserver.turns import in_turn

SLICE_S = 1.0
ROUNDS = 2
TIMES_THE_FASTEST_CLIENT = 3.0

Turn = tuple[str, str]  # a server and a client


@pytest.mark.usefixtures("needs_wrk")
def test_throughput_by_client(field: Field, cores: tuple[int, int], table: Callable[..., Table]) -> None:
    """Each client against each server; at the end what wrk gets from ours, which is how fast they could be."""
    servers = {contestant.name: contestant for contestant in field.present}

    def measure(turn: Turn) -> tuple[float, float]:
        server = servers[turn[0]]
        before = server.cpu_s()
        with on_core(cores[1]):
            if turn[1] == "wrk":
                return wrk(server.page, COROUTINES, 1).requests_per_s, 0.0
            done = helper("clients", turn[1], server.page, SLICE_S)
        return done["requests"] / SLICE_S, 1e6 * (server.cpu_s() - before) / done["all"]

    def make() -> Table:
        turns = in_turn([(server, client) for server in servers for client in [*CLIENTS, "wrk"]], measure, ROUNDS)
        made = Table(
            f"Pages a second that a client gets · server's CPU µs each; {THREADS} threads or {COROUTINES} coroutines",
            ["server", *CLIENTS, "wrk"],
        )
        for server in servers:
            cells = [f"{_median(turns, server, c, 0):,.0f} · {_median(turns, server, c, 1):.0f}" for c in CLIENTS]
            made.rows.append([server, *cells, _median(turns, server, "wrk", 0)])
        made.notes += [
            *field.missing,
            turns.dropped(ROUNDS * len(servers) * (len(CLIENTS) + 1)),
        ]
        for server in servers:
            if servers[server].ours:
                fastest = max(_median(turns, server, client, 0) for client in CLIENTS)
                times = _median(turns, server, "wrk", 0) / fastest
                made.notes.append(
                    verdict(
                        f"{server} gives {times:.1f} times what the fastest client takes, target 3",
                        met=times >= TIMES_THE_FASTEST_CLIENT,
                    )
                )
        return made

    table(make)


def _median(turns: object, server: str, client: str, index: int) -> float:
    from benchmarks.mockserver.turns import Turns

    assert isinstance(turns, Turns)
    return turns.median((server, client), lambda figure: float(figure[index]))
