"""The accounting round: untimed and instrumented, in an executor of its own; short rounds are repeated.

What is timed is never instrumented, and what is instrumented is never timed: the timed rounds are over when this
one begins, and its tasks are wrapped, its processes watched.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from timetrial.measure.latency import timed_parts, unpack
from timetrial.measure.leftovers.leftovers import Leftovers
from timetrial.measure.leftovers.notes import Notes, open_notes
from timetrial.measure.leftovers.temporary_files import TemporaryPlace, temporary_place
from timetrial.measure.looplag import lag_summary
from timetrial.measure.processes.sampler import Sampler
from timetrial.measure.processes.usage import PROMISED_SHARE, Accounting
from timetrial.measure.processes.worker_growth import WorkerGrowth
from timetrial.models.base import Executor, TellsOverhead
from timetrial.stats.distribution import distribution
from timetrial.system.clocks import clocks
from timetrial.trial import traffic_reasons
from timetrial.trial.plan import TrialPlan
from timetrial.trial.server_traffic import Load
from timetrial.trial.void import Kind, Void

SHORTEST_S: Final = 0.25
"""Rounds are repeated until they have lasted so long together: a sampler that stays under 2 % sees little of less."""

_FEWEST: Final = 3
"""So many rounds at least, as long as they don't take ``_ENOUGH_S``: of a single one nobody can say how it varies."""

_ENOUGH_S: Final = 0.5

_STRETCH_S: Final = 0.05
"""Of rounds that last so long together, a look every 10 ms finds the peak of memory."""

_LONGER_S: Final = 1.0
"""How long they last, anew, where the sampler took more than that in the shorter time."""


def account(plan: TrialPlan) -> dict[str, Any]:
    """CPU, memory, switches, sockets, latencies, loop lag and leftovers of ``rounds`` rounds, ready for JSON.

    Latencies and lag are None where the workload brings an implementation of its own, which nothing can look into.
    Raises VoidTrialError if a round did other work, and AccountingError where this machine can't be watched.
    """
    with open_notes() as notes, temporary_place() as files:
        leftovers = Leftovers.before(directory=files.folder)
        try:
            figures = _watched_rounds(plan, files, notes)
        finally:
            left = leftovers.after()
        return {**figures, "leftovers": [*figures["leftovers"], *notes.read(), *left]}


def _watched_rounds(plan: TrialPlan, files: TemporaryPlace, notes: Notes) -> dict[str, Any]:
    way, generic = plan.way(), not plan.brings_own_implementation
    if generic:
        way = replace(way, **timed_parts(way.task, way.async_task, way.async_resource, files=files, notes=notes))
    with Sampler() as sampler, plan.model().open(way, plan.in_flight) as executor:
        overhead = executor.overhead_cpu_s_per_task() if isinstance(executor, TellsOverhead) else None
        workers = WorkerGrowth(_worker_pids(executor))
        workers.look()
        executor.run(plan.items)
        workers.look(rounds=1)
        _watch(sampler, executor, plan)
        rounds, usage = _counted(sampler, executor, _Rounds(plan, generic=generic), SHORTEST_S)
        workers.look(rounds.count)
        if usage.sampler.core_share >= PROMISED_SHARE:  # what it had to read first was dear: spread it out
            rounds, usage = _counted(sampler, executor, _Rounds(plan, generic=generic), _LONGER_S)
            workers.look(rounds.count)
        while workers.wants_another_look:
            executor.run(plan.items)
            workers.look(rounds=1)
    usage = usage.without_cpu_of("client", rounds.proof_cpu_s)
    told = {} if overhead is None else {"overhead_cpu_s_per_task": dict(overhead)}
    return {**usage.as_dict(), **rounds.figures(), **told, "leftovers": workers.gained()}


def _counted(sampler: Sampler, executor: Executor, rounds: _Rounds, shortest_s: float) -> tuple[_Rounds, Accounting]:
    """The server is asked before and after, and not between two rounds: that would be in its CPU time."""
    server = rounds.plan.server
    before = server.counters() if server is not None else None
    found = _sampled(sampler, executor, rounds, shortest_s)
    if server is not None and before is not None:
        rounds.prove_requests(Load.between(before, server.counters()).requests)
    return found


def _sampled(sampler: Sampler, executor: Executor, rounds: _Rounds, shortest_s: float) -> tuple[_Rounds, Accounting]:
    sampler.start()
    told_s = 0.0
    while rounds.duration_s < shortest_s or (rounds.count < _FEWEST and rounds.duration_s < _ENOUGH_S):
        rounds.run(executor)
        if rounds.duration_s - told_s >= _STRETCH_S:
            sampler.end_stretch()
            told_s = rounds.duration_s
    return rounds, sampler.stop()


class _Rounds:
    """Runs rounds and keeps their samples; each is proved at once, so that its results need not be kept.

    What the proofs take of this thread's CPU time is known, and no part of what the client used for its rounds.
    """

    def __init__(self, plan: TrialPlan, *, generic: bool) -> None:
        self.generic = generic
        self.duration_s = self.proof_cpu_s = 0.0
        self.plan = plan
        self.count = 0
        self._who = f"{plan.label}, accounting round"
        self._latencies_ns: list[int] = []
        self._lags_ns: list[int] = []

    def run(self, executor: Executor) -> None:
        began_s = clocks.perf_counter()
        results = executor.run(self.plan.items)
        self.duration_s += clocks.perf_counter() - began_s
        self.count += 1
        began_cpu_s = time.thread_time()
        self._keep(results)
        self.proof_cpu_s += time.thread_time() - began_cpu_s

    def prove_requests(self, counted: int) -> None:
        """Raises VoidTrialError unless the server answered as many as that many rounds take."""
        expected = self.count * self.plan.expected_requests
        if counted != expected:
            raise Void(Kind.REQUESTS, traffic_reasons.answered(counted, self.count, expected)).error(self._who)

    def figures(self) -> dict[str, Any]:
        latencies, lags = self._latencies_ns, self._lags_ns
        return {
            "rounds": self.count,
            "rounds_s": self.duration_s,
            "latency": distribution(latencies) if latencies else None,
            "loop_lag": lag_summary(lags),
        }

    def _keep(self, results: Sequence[Any]) -> None:
        if self.generic:
            timed = unpack(results)
            results = timed.results
            self._latencies_ns += timed.latencies_ns
            self._lags_ns += timed.loop_lags_ns
        self.plan.expected.verify(results, self.plan.items, self._who)


def _watch(sampler: Sampler, executor: Executor, plan: TrialPlan) -> None:
    """Tells who is who; a model that works in this process is the client's doing."""
    sampler.watch([os.getpid()], "client")
    sampler.watch(_worker_pids(executor), "worker")
    sampler.watch(list(getattr(plan.server, "pids", ())), "server")


def _worker_pids(executor: Executor) -> list[int]:
    return [pid for pid in executor.worker_pids() if pid != os.getpid()]
