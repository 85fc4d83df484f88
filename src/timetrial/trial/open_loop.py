"""The open loop: untimed, at a fixed arrival rate, so that the queues show that a closed loop hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Any, Final

from timetrial.languages import Text
from timetrial.measure.arrivals import Due, Served, due_parts, offsets_ns, reached_per_s, worst_backlog
from timetrial.models.base import Executor
from timetrial.stats.distribution import distribution
from timetrial.stats.percentiles import percentiles
from timetrial.system.clocks import clocks
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import Expected
from timetrial.trial.settings import OpenLoop
from timetrial.trial.void import Kind, Void

_LEAD_NS: Final = 50_000_000
"""The first item is due so long after the round begins: time for its workers to get their first items."""


def run_open_loop(plan: TrialPlan, ceiling_per_s: float | None, how: OpenLoop) -> dict[str, Any] | None:
    """Latencies from the intended start at a fraction of what the closed loop reached, ready for JSON.

    None where the workload brings an implementation of its own, whose items can't be given a time, or where the
    clock was too coarse to tell a ceiling. Raises VoidTrialError if other work was done.
    """
    if plan.brings_own_implementation or ceiling_per_s is None:
        return None
    rate_per_s = how.fraction * ceiling_per_s
    items = list(islice(cycle(plan.items), how.count(rate_per_s)))
    offsets = offsets_ns(how.pattern, rate_per_s, len(items), how.seed)
    way = plan.way()
    way = replace(way, **due_parts(way.task, way.async_task))
    with plan.model().open(way, plan.in_flight) as executor:
        executor.run([Due(0, item) for item in plan.items])  # warm, as before the timed rounds
        closed = executor.run([Due(0, item) for item in plan.items])
        served = _serve(executor, plan, items, offsets)
    _prove(plan, items, [each.result for each in served])
    return {
        "fraction": how.fraction,
        "pattern": how.pattern,
        "seed": how.seed,
        "ceiling_per_s": ceiling_per_s,
        "rate_asked_per_s": rate_per_s,
        "rate_reached_per_s": reached_per_s(served),
        "arrivals": len(served),
        "latency": distribution([each.latency_ns for each in served]),
        "late_start": percentiles([each.late_ns for each in served]),
        "worst_backlog": worst_backlog(served),
        "closed_latency": distribution([each.end_ns - each.start_ns for each in closed]),
    }


def _serve(executor: Executor, plan: TrialPlan, items: Sequence[Any], offsets: Sequence[int]) -> Sequence[Served]:
    before = plan.server.counters() if plan.server is not None else None
    began_ns = clocks.perf_counter_ns() + _LEAD_NS
    served = executor.run([Due(began_ns + offset, item) for offset, item in zip(offsets, items, strict=True)])
    if plan.server is not None and before is not None:
        _count(plan, len(items), plan.server.counters().requests_completed - before.requests_completed)
    return served


def _prove(plan: TrialPlan, items: Sequence[Any], results: Sequence[Any]) -> None:
    digests = tuple(islice(cycle(plan.expected.digests), len(items)))
    Expected(digests, plan.expected.comparable).verify(results, items, _who(plan))


def _count(plan: TrialPlan, items: int, counted: int) -> None:
    """Requests add up as in the timed rounds, where a part of a round says how many that makes."""
    expected, part = divmod(plan.expected_requests * items, len(plan.items))
    if not part and counted != expected:
        reason = Text(
            f"the server answered {counted} requests where {expected} were due",
            f"应有 {expected} 个请求，服务器却应答了 {counted} 个",
        )
        raise Void(Kind.REQUESTS, reason).error(_who(plan))


def _who(plan: TrialPlan) -> str:
    return f"{plan.label}, open loop"
