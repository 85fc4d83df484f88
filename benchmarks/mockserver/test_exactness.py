"""How exact delays are: 1,000 requests in flight, each measured by a client that does nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from benchmarks.mockserver.contestants import Contestant, MissingError, mock_server, nginx
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table, verdict
from benchmarks.mockserver.load import helper
from benchmarks.mockserver.turns import in_turn
from timetrial.mockserver.kinds import LoopKind
from timetrial.stats.percentiles import nearest_rank

IN_FLIGHT = 1_000
DELAY_MS = 100.0
PER_SECOND = round(IN_FLIGHT / DELAY_MS * 1e3)
SLICE_S = 2
ROUNDS = 6
MOST_LATE_MS = 2.0
LOOPS: tuple[LoopKind, ...] = ("uvloop", "asyncio")
FLOOR = "nginx without delay"


@dataclass(frozen=True)
class Slice:
    """By how many milliseconds answers were late, and what went wrong; undisturbed are those that nobody held up."""

    all_ms: Sequence[float]
    undisturbed_ms: Sequence[float]
    errors: int
    in_flight_max: int


def _slice(server: Contestant, core: int) -> Slice:
    delay_ms = DELAY_MS if server.ours else 0.0
    before = server.ours.counters() if server.ours else None
    with on_core(core):
        done = helper("clock", f"{server.page}?delay_ms={delay_ms:g}", PER_SECOND, SLICE_S, _answering_pid(server))
    most = (server.ours.counters() - before).requests_in_flight_max if server.ours and before else 0
    took_s = done["took_s"]
    late_ms = {name: [1e3 * each_s - delay_ms for each_s in took_s[name]] for name in took_s}
    return Slice(late_ms["all"], late_ms["undisturbed"], done["errors"], most)


def _answering_pid(server: Contestant) -> int:
    """The process that answers: nginx's is a worker's."""
    workers = psutil.Process(server.pid).children()
    return int(workers[0].pid) if workers else server.pid


def _servers(stack: ExitStack, folder: Path) -> tuple[dict[str, Contestant], list[str]]:
    """Who takes part, and in words why others don't."""
    starts: dict[str, Callable[[], AbstractContextManager[Contestant]]] = {
        **{f"timetrial, {loop}": partial(mock_server, loop) for loop in LOOPS},
        FLOOR: partial(nginx, folder),
    }
    entries, missing = {}, []
    for name, start in starts.items():
        try:
            entries[name] = stack.enter_context(start())
        except MissingError as problem:
            missing.append(str(problem))
    return entries, missing


def test_delays_are_exact(cores: tuple[int, int], table: Callable[..., Table], tmp_path: Path) -> None:
    """What a client measures, less what was asked for; nginx without any delay shows what the machine adds.

    The target is for an idle machine. No shared one is, so that answers which others held up are told apart.
    """
    with ExitStack() as stack:
        with on_core(cores[0]):
            servers, missing = _servers(stack, tmp_path)

        def make() -> Table:
            turns = in_turn(list(servers), lambda name: _slice(servers[name], cores[1]), ROUNDS)
            head = ["least", "median", "p99", "p99.9"]
            made = Table(
                f"A delay of {DELAY_MS:g} ms, {PER_SECOND:,} requests/s: measured less asked, in ms",
                ["server", "requests", "in flight", *head, "undisturbed", *head[2:], "errors"],
            )
            made.notes += [*missing, turns.dropped(ROUNDS * len(servers))]
            for name in servers:
                _add(made, name, [each[name] for each in turns.rounds if name in each])
            return made

        made = table(make)
    assert all(row[-1] == 0 for row in made.rows)


def _add(made: Table, name: str, slices: Sequence[Slice]) -> None:
    late_ms = sorted(late for one in slices for late in one.all_ms)
    undisturbed_ms = sorted(late for one in slices for late in one.undisturbed_ms)
    if not undisturbed_ms:
        made.notes.append(f"{name}: cannot be told, since the machine was never idle.")
        return
    most = max(one.in_flight_max for one in slices) or ""
    p99_ms, p999_ms = (nearest_rank(undisturbed_ms, each) for each in (990, 999))
    late = [nearest_rank(late_ms, each) for each in (500, 990, 999)]
    figures = [late_ms[0], *late, len(undisturbed_ms), p99_ms, p999_ms]
    made.rows.append([name, len(late_ms), most, *figures, sum(one.errors for one in slices)])
    if name != FLOOR:
        made.notes.append(
            verdict(f"{name}: p99 of undisturbed answers under {MOST_LATE_MS:g} ms", met=p99_ms < MOST_LATE_MS)
        )
