"""Many connections: 10,000 that are idle, and 5,000 requests at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.mockserver.contestants import Contestant, Field, MissingError, mock_server
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table
from benchmarks.mockserver.load import helper
from timetrial.mockserver.kinds import LoopKind

IDLE = 10_000
AT_ONCE = 5_000
DELAY_MS = 100.0
LOOPS: tuple[LoopKind, ...] = ("uvloop", "asyncio")


class _NotOpenedError(Exception):
    """The server did not accept all connections; the crowd has said on standard error how that ended."""


def _memory_bytes(pid: int) -> int:
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(int(each.memory_full_info().pss) for each in processes)


def _idle(contestant: Contestant, core: int) -> tuple[int, float]:
    """Errors, and bytes of the server's memory for each connection while all are idle."""
    command = [sys.executable, "-m", "benchmarks.mockserver.crowd", "idle", contestant.page, str(IDLE)]
    before = _memory_bytes(contestant.pid)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": Path(__file__).parents[2]}
    with on_core(core):
        crowd = subprocess.Popen(command, text=True, **pipes)
    with crowd:
        assert crowd.stdin is not None
        assert crowd.stdout is not None
        if crowd.stdout.readline() != "idle\n":
            raise _NotOpenedError
        each_bytes = (_memory_bytes(contestant.pid) - before) / IDLE
        if contestant.ours:
            assert contestant.ours.counters().connections_open == IDLE
        crowd.stdin.write("\n")
        crowd.stdin.flush()
        return json.loads(crowd.stdout.readline())["errors"], each_bytes


def test_idle_connections(field: Field, cores: tuple[int, int], table: Callable[..., Table]) -> None:
    """Each is opened, used, left alone together with all the others, and used again."""
    # A thread for each connection is not made for this.
    able = [contestant for contestant in field.present if contestant.name != "pytest-httpserver"]

    def make() -> Table:
        made = Table(f"{IDLE:,} idle keep-alive connections", ["server", "KB of memory each", "errors"])
        for contestant in able:
            try:
                errors, each_bytes = _idle(contestant, cores[1])
            except _NotOpenedError:
                made.rows.append([contestant.name, "", "connections could not be opened"])
            else:
                made.rows.append([contestant.name, each_bytes / 1000, errors])
        made.notes += field.missing
        made.notes.append("Memory is the server processes' own (PSS); what the kernel keeps for a socket is not in it.")
        return made

    made = table(make)
    assert all(row[-1] == 0 for row in made.rows if str(row[0]).startswith("timetrial"))


def _at_once(loop: LoopKind, cores: tuple[int, int]) -> list[object]:
    """The row of the server on this event loop."""
    with on_core(cores[0]), mock_server(loop) as server:
        assert server.ours is not None
        with on_core(cores[1]):
            done = helper("crowd", "burst", f"{server.page}?delay_ms={DELAY_MS:g}", AT_ONCE)
        most = server.ours.counters().requests_in_flight_max
    took_ms = [1e3 * took_s for took_s in done["took_s"]]
    return [server.name, most, took_ms[len(took_ms) // 2], took_ms[-1], done["errors"]]


def test_requests_at_once(cores: tuple[int, int], table: Callable[..., Table]) -> None:
    """All of them are in flight together, by the server's journal, and all are answered."""

    def make() -> Table:
        made = Table(
            f"{AT_ONCE:,} requests at once with a delay of {DELAY_MS:g} ms",
            ["server", "in flight at once", "median ms", "slowest ms", "errors"],
        )
        for loop in LOOPS:
            try:
                made.rows.append(_at_once(loop, cores))
            except MissingError as problem:
                made.notes.append(str(problem))
        return made

    made = table(make)
    assert all(row[-1] == 0 for row in made.rows)
