"""The accounting round: one more round, untimed and instrumented, in an executor of its own.

What is timed is never instrumented, and what is instrumented is never timed: the timed rounds are over when this
one begins, and its tasks are wrapped, its processes watched.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from timetrial.measure.latency import timed_parts, unpack
from timetrial.measure.leftovers import Leftovers
from timetrial.measure.looplag import lag_summary
from timetrial.measure.percentiles import percentiles
from timetrial.measure.sampler import Sampler
from timetrial.measure.workerthreads import WorkerThreads
from timetrial.models.base import Executor
from timetrial.trial import TrialPlan


def account(plan: TrialPlan) -> dict[str, Any]:
    """CPU, memory, switches, sockets, latencies, loop lag and leftovers of one round, ready for JSON.

    Latencies and lag are None where the workload brings an implementation of its own, which nothing can look into.
    Raises VoidTrialError if the round did other work, and AccountingError where this machine can't be watched.
    """
    leftovers = Leftovers.before()
    try:
        figures = _watched_round(plan)
    finally:
        left = leftovers.after()
    return {**figures, "leftovers": [*figures["leftovers"], *left]}


def _watched_round(plan: TrialPlan) -> dict[str, Any]:
    model, way = plan.model(), plan.way()
    generic = model.name not in way.implementations
    if generic:
        way = replace(way, **timed_parts(way.task, way.async_task, way.async_resource))
    with Sampler() as sampler, model.open(way, 1 if model.name == "serial" else plan.concurrency) as executor:
        threads = WorkerThreads(_worker_pids(executor))
        threads.look()
        executor.run(plan.items)
        threads.look()
        _watch(sampler, executor, plan)
        sampler.start()
        results: Sequence[Any] = executor.run(plan.items)
        usage = sampler.stop()
        threads.look()
    figures: dict[str, Any] = {**usage.as_dict(), "latency": None, "loop_lag": None, "leftovers": threads.leaked()}
    if generic:
        timed = unpack(results)
        results = timed.results
        figures.update(latency=percentiles(timed.latencies_ns), loop_lag=lag_summary(timed.loop_lags_ns))
    plan.expected.verify(results, plan.items, f"{plan.workload.name!r} under {plan.model_id!r}, accounting round")
    return figures


def _watch(sampler: Sampler, executor: Executor, plan: TrialPlan) -> None:
    """Tells who is who; a model that works in this process is the client's doing."""
    sampler.watch([os.getpid()], "client")
    sampler.watch(_worker_pids(executor), "worker")
    sampler.watch(list(getattr(plan.server, "pids", ())), "server")


def _worker_pids(executor: Executor) -> list[int]:
    return [pid for pid in executor.worker_pids() if pid != os.getpid()]
