"""What a request costs the server, by wrk: a page of 1 KB over 64 connections, the journal on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from benchmarks.mockserver.contestants import Contestant, Field
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table, verdict
from benchmarks.mockserver.load import Load, wrk
from benchmarks.mockserver.turns import Turns, in_turn

CONNECTIONS = 64
SLICE_S = 2
ROUNDS = 5
MOST_OF_NGINX = {"timetrial, uvloop": 1.5, "timetrial, asyncio": 2.0}


@dataclass(frozen=True)
class Slice:
    """One contestant's turn."""

    load: Load
    cpu_us_per_request: float


def _slice(contestant: Contestant, url: str, core: int) -> Slice:
    before = contestant.cpu_s()
    counted = contestant.ours.counters() if contestant.ours else None
    with on_core(core):
        load = wrk(url, CONNECTIONS, SLICE_S)
    if contestant.ours and counted:
        seen = contestant.ours.counters() - counted
        # wrk leaves without waiting for what it has just asked.
        assert 0 <= seen.requests_arrived - load.requests <= CONNECTIONS, "the journal missed requests"
    return Slice(load, 1e6 * (contestant.cpu_s() - before) / max(load.requests, 1))


def _entries(present: Sequence[Contestant]) -> dict[str, tuple[Contestant, str]]:
    """By name; nginx twice, since a page out of its configuration is cheaper for it than a file."""
    entries = {contestant.name: (contestant, contestant.page) for contestant in present}
    if "nginx" in entries:
        server, page = entries.pop("nginx")
        entries = {
            "nginx, a fixed answer": (server, page),
            "nginx, a file": (server, page.replace("/page", "/files/page")),
        } | entries
    return entries


@pytest.mark.usefixtures("needs_wrk")
def test_cpu_per_request(field: Field, cores: tuple[int, int], table: Callable[..., Table]) -> None:
    """The server processes' own CPU time by wrk's count of answers, and the throughput on one core."""
    entries = _entries(field.present)

    def make() -> Table:
        turns = in_turn(list(entries), lambda name: _slice(*entries[name], cores[1]), ROUNDS)
        made = Table(
            f"A page of 1 KB, {CONNECTIONS} connections, by wrk",
            ["server", "CPU µs/request", "of nginx's fixed answer", "of nginx's file", "requests/s", "errors"],
        )
        for name in entries:
            made.rows.append(_row(name, turns))
        made.notes += [*field.missing, turns.dropped(ROUNDS * len(entries))]
        made.notes += [
            verdict(f"{name} at most {most} times nginx's CPU (fixed answer)", met=_of_nginx(name, turns) <= most)
            for name, most in MOST_OF_NGINX.items()
            if "nginx, a fixed answer" in entries
        ]
        return made

    made = table(make)
    assert all(row[-1] == 0 for row in made.rows if str(row[0]).startswith("timetrial")), "wrk saw errors"


def _cpu(one: Slice) -> float:
    return one.cpu_us_per_request


def _of_nginx(name: str, turns: Turns[str, Slice], page: str = "nginx, a fixed answer") -> float:
    return turns.ratio(name, page, _cpu)


def _row(name: str, turns: Turns[str, Slice]) -> list[object]:
    errors = sum(each[name].load.errors for each in turns.rounds if name in each)
    ratios = [_of_nginx(name, turns), _of_nginx(name, turns, "nginx, a file")]
    return [name, turns.median(name, _cpu), *ratios, turns.median(name, lambda one: one.load.requests_per_s), errors]
