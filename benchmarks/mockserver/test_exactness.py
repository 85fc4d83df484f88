"""How exact delays are: 1,000 requests in flight, each measured by a client that does nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.mockserver.contestants import mock_server
from benchmarks.mockserver.cores import on_core
from benchmarks.mockserver.figures import Table, verdict
from benchmarks.mockserver.load import helper
from benchmarks.mockserver.turns import in_turn
from timetrial.measure.disturbance import Thresholds
from timetrial.mockserver.kinds import LoopKind

IN_FLIGHT = 1_000
DELAY_MS = 100.0
PER_SECOND = round(IN_FLIGHT / DELAY_MS * 1e3)
SLICE_S = 1
ROUNDS = 15
MOST_LATE_MS = 2.0
# A hundredth of the requests decides, so a hundredth of the time that others take does too.
IDLE = Thresholds(steal_share=0.01, foreign_cpu_share=0.01)
LOOPS: tuple[LoopKind, ...] = ("uvloop", "asyncio")

Slice = tuple[Sequence[float], int, int]  # by how much each was late, errors, the most in flight


def _slice(loop: LoopKind, cores: tuple[int, int]) -> Slice:
    with on_core(cores[0]), mock_server(loop) as server:
        assert server.ours is not None
        with on_core(cores[1]):
            done = helper("clock", f"{server.page}?delay_ms={DELAY_MS:g}", PER_SECOND, SLICE_S)
        most = server.ours.counters().requests_in_flight_max
    return [1e3 * took_s - DELAY_MS for took_s in done["took_s"]], done["errors"], most


def test_delays_are_exact(cores: tuple[int, int], table: Callable[..., Table]) -> None:
    """What a client measures, less what was asked for, over all undisturbed slices."""

    def make() -> Table:
        turns = in_turn(LOOPS, lambda loop: _slice(loop, cores), ROUNDS, IDLE)
        made = Table(
            f"A delay of {DELAY_MS:g} ms, {PER_SECOND:,} requests/s: measured less asked",
            ["server", "requests", "most in flight", "least ms", "median ms", "p99 ms", "most ms", "errors"],
        )
        made.notes.append(f"Disturbed and dropped: {turns.disturbed} of {ROUNDS * len(LOOPS)} slices.")
        for loop in LOOPS:
            slices = [each[loop] for each in turns.rounds if loop in each]
            late_ms = sorted(late for one, _, _ in slices for late in one)
            if not late_ms:
                made.notes.append(f"timetrial, {loop}: cannot be told, since the machine was never idle.")
                continue
            p99 = late_ms[len(late_ms) * 99 // 100]
            spread = [late_ms[0], late_ms[len(late_ms) // 2], p99, late_ms[-1]]
            most = max(most for _, _, most in slices)
            made.rows.append([f"timetrial, {loop}", len(late_ms), most, *spread, sum(n for _, n, _ in slices)])
            made.notes.append(verdict(f"timetrial, {loop}: p99 under {MOST_LATE_MS:g} ms", met=p99 < MOST_LATE_MS))
        return made

    made = table(make)
    assert all(row[-1] == 0 for row in made.rows)
