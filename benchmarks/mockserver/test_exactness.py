"""How exact delays are: 1,000 requests in flight, each measured by a client that does nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mockserver.contestants import Contestant, MissingError, mock_server, nginx
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table, verdict
from benchmarks.mockserver.load import helper
from benchmarks.mockserver.turns import Turns, in_turn
from timetrial.measure.disturbance import Thresholds
from timetrial.mockserver.kinds import LoopKind

IN_FLIGHT = 1_000
DELAY_MS = 100.0
PER_SECOND = round(IN_FLIGHT / DELAY_MS * 1e3)
SLICE_S = 1
ROUNDS = 8
MOST_LATE_MS = 2.0
# A hundredth of the requests decides, so little that others take does too; the measuring itself looks like 2 %.
IDLE = Thresholds(steal_share=0.02, foreign_cpu_share=0.06)
LOOPS: tuple[LoopKind, ...] = ("uvloop", "asyncio")
FLOOR = "nginx without delay"


@dataclass(frozen=True)
class Slice:
    """By how many milliseconds each answer was late, in order, and what went wrong."""

    late_ms: Sequence[float]
    errors: int
    in_flight_max: int

    @property
    def p99_ms(self) -> float:
        """Of this slice."""
        return self.late_ms[len(self.late_ms) * 99 // 100]


def _slice(server: Contestant, core: int) -> Slice:
    delay_ms = DELAY_MS if server.ours else 0.0
    before = server.ours.counters() if server.ours else None
    with on_core(core):
        done = helper("clock", f"{server.page}?delay_ms={delay_ms:g}", PER_SECOND, SLICE_S)
    most = (server.ours.counters() - before).requests_in_flight_max if server.ours and before else 0
    return Slice([1e3 * took_s - delay_ms for took_s in done["took_s"]], done["errors"], most)


def _servers(stack: ExitStack, folder: Path) -> dict[str, Contestant]:
    entries = {f"timetrial, {loop}": stack.enter_context(mock_server(loop)) for loop in LOOPS}
    try:
        return entries | {FLOOR: stack.enter_context(nginx(folder))}
    except MissingError:
        return entries


def test_delays_are_exact(cores: tuple[int, int], table: Callable[..., Table], tmp_path: Path) -> None:
    """What a client measures, less what was asked for; nginx without any delay shows what the machine adds."""
    with ExitStack() as stack:
        with on_core(cores[0]):
            servers = _servers(stack, tmp_path)

        def make() -> Table:
            turns = in_turn(list(servers), lambda name: _slice(servers[name], cores[1]), ROUNDS, IDLE)
            made = Table(
                f"A delay of {DELAY_MS:g} ms, {PER_SECOND:,} requests/s: measured less asked, in ms",
                [
                    "server",
                    "requests",
                    "in flight",
                    "least",
                    "median",
                    "p99 of the median slice",
                    "p99 of all",
                    "errors",
                ],
            )
            made.notes.append(turns.dropped(ROUNDS * len(servers)))
            for name in servers:
                _add(made, name, turns)
            return made

        made = table(make)
    assert all(row[-1] == 0 for row in made.rows)


def _add(made: Table, name: str, turns: Turns[str, Slice]) -> None:
    slices = [each[name] for each in turns.rounds if name in each]
    if not slices:
        made.notes.append(f"{name}: cannot be told, since the machine was never idle.")
        return
    late_ms = sorted(late for one in slices for late in one.late_ms)
    p99_ms = statistics.median(one.p99_ms for one in slices)
    spread = [late_ms[0], late_ms[len(late_ms) // 2], p99_ms, late_ms[len(late_ms) * 99 // 100]]
    most = max(one.in_flight_max for one in slices) or ""
    made.rows.append([name, len(late_ms), most, *spread, sum(one.errors for one in slices)])
    if name != FLOOR:
        made.notes.append(
            verdict(f"{name}: p99 of the median slice under {MOST_LATE_MS:g} ms", met=p99_ms < MOST_LATE_MS)
        )
