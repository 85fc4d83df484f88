"""One trial, from top to bottom: open the model, prove the work, time the rounds, close, record."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from timetrial import models
from timetrial.errors import VoidTrialError, WorkloadError
from timetrial.models.base import ConcurrencyModel, InLoopModel
from timetrial.reference import Expected
from timetrial.workload import Workload


class Counters(Protocol):
    """What a server counted, as far as a trial asks for it."""

    @property
    def requests_completed(self) -> int:
        """Requests answered, faults included, since the server started."""
        ...

    @property
    def connections_opened(self) -> int:
        """Connections accepted since the server started."""
        ...

    @property
    def bytes_out(self) -> int:
        """Bytes sent since the server started."""
        ...


class CountingServer(Protocol):
    """A server that can prove how many requests it answered; MockServer is one."""

    def counters(self) -> Counters:
        """A consistent snapshot."""
        ...


@dataclass(frozen=True)
class RoundsPolicy:
    """When a trial has been timed enough: after ``max_time_s`` of rounds, but never before ``min_rounds``.

    With ``precision`` it may stop earlier: once the half-width of the mean's confidence interval is within that
    fraction of the mean (normal approximation).
    """

    min_rounds: int = 5
    max_time_s: float = 1.0
    max_rounds: int = 10_000
    precision: float | None = None
    confidence: float = 0.99

    def satisfied_by(self, durations_s: Sequence[float]) -> bool:
        """Whether these rounds are enough."""
        count = len(durations_s)
        if count < self.min_rounds:
            return False
        if count >= max(self.min_rounds, self.max_rounds) or sum(durations_s) >= self.max_time_s:
            return True
        return self.precision is not None and count > 1 and self._margin_of(durations_s) <= self.precision

    def _margin_of(self, durations_s: Sequence[float]) -> float:
        z = statistics.NormalDist().inv_cdf(0.5 + self.confidence / 2)
        mean = statistics.fmean(durations_s)
        if mean <= 0:
            return math.inf  # the clock could not see a round pass
        return z * statistics.stdev(durations_s) / math.sqrt(len(durations_s)) / mean


@dataclass(frozen=True)
class TrialPlan:
    """All that one trial needs to know, settled before it starts.

    ``requests_per_round`` is what ``server`` must have counted after each round. ``timed`` is False for a run that
    only proves the work and measures nothing (``--benchmark-disable``). ``on_round`` is called between rounds,
    untimed, with the durations so far.
    """

    workload: Workload
    model_id: str
    items: Sequence[Any]
    concurrency: int
    expected: Expected
    policy: RoundsPolicy = RoundsPolicy()
    server: CountingServer | None = None
    requests_per_round: int | None = None
    timed: bool = True
    disable_gc: bool = False
    start_method: str | None = None
    event_loop: str = "asyncio"
    clock_ns: Callable[[], int] = time.perf_counter_ns
    on_round: Callable[[Sequence[float]], None] = lambda _durations_s: None

    def model(self) -> ConcurrencyModel:
        """The model under which the trial runs; raises ModelUnavailableError where it can't run here."""
        return models.get(models.split(self.model_id)[0], start_method=self.start_method, event_loop=self.event_loop)

    def way(self) -> Workload:
        """The workload, or the variant of it that the model's id names."""
        return self.workload.variant(models.split(self.model_id)[1])


@dataclass(frozen=True)
class Measurement:
    """What a trial found out.

    ``startup_s`` runs from nothing to the first round's results, ``teardown_s`` is the closing; neither is part of
    ``durations_s``, which holds one figure for each timed round.
    """

    workload: str
    model: str
    concurrency: int
    items: int
    durations_s: tuple[float, ...]
    startup_s: float
    teardown_s: float
    digest: str
    results: Sequence[Any] = field(repr=False)
    details: Mapping[str, object] = field(default_factory=dict)
    server: Mapping[str, int] | None = None
    accounting: Mapping[str, Any] | None = None
    open_loop: Mapping[str, Any] | None = None

    @property
    def median_s_per_round(self) -> float:
        """The middle of the rounds' durations."""
        return statistics.median(self.durations_s)

    @property
    def throughput_per_s(self) -> float | None:
        """Items per second in the median round; None where the clock could not see the round pass."""
        return self.items / self.median_s_per_round if self.median_s_per_round > 0 else None


def run_trial(plan: TrialPlan) -> Measurement:
    """Runs a trial in the calling thread, which must not be running an event loop if the model has one of its own.

    Raises VoidTrialError when the work was not the expected work, and whatever a task or a model raises.
    """
    with OpenTrial(plan) as trial:
        while trial.wants_another_round():
            trial.time_a_round()
    return trial.measurement()


async def run_trial_in_loop(plan: TrialPlan) -> Measurement:
    """As run_trial, inside the running event loop, for a model that can join one (coroutines)."""
    if not isinstance(plan.model(), InLoopModel):
        return run_trial(plan)
    async with OpenTrialInLoop(plan) as trial:
        while trial.wants_another_round():
            await trial.time_a_round()
    return trial.measurement()


class OpenTrial:
    """A trial whose model is open, warm and proved: its rounds can be timed one at a time, whoever decides when."""

    def __init__(self, plan: TrialPlan) -> None:
        self._plan = plan
        self._recorder = _Recorder(plan)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        plan, recorder = self._plan, self._recorder
        with ExitStack() as stack:
            self._executor = stack.enter_context(plan.model().open(plan.way(), recorder.concurrency))
            recorder.count_from_here()
            recorder.first_round(self._executor.run(plan.items), self._executor.details)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure: Any) -> bool | None:
        self._recorder.closing()
        swallowed = self._stack.__exit__(*failure)
        if failure[0] is None:
            self._recorder.closed()
        return swallowed

    def wants_another_round(self) -> bool:
        """Whether the plan's policy asks for more; also tells ``on_round`` how far it is."""
        return self._recorder.wants_another_round()

    def time_a_round(self) -> float:
        """Runs one round between two readings of the clock, proves it afterwards, and returns its duration."""
        with self._recorder.timed_round() as finish:
            results = self._executor.run(self._plan.items)
            finish()
        return self._recorder.check(results)

    def worker_pids(self) -> Sequence[int]:
        """The processes that do the work, this one included where it takes part."""
        return self._executor.worker_pids()

    def measurement(self) -> Measurement:
        """What was found out, once the trial is closed."""
        return self._recorder.measurement()


class OpenTrialInLoop:
    """As OpenTrial, inside the running event loop, under a model that can join one."""

    def __init__(self, plan: TrialPlan) -> None:
        self._plan = plan
        self._recorder = _Recorder(plan)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        plan, recorder, model = self._plan, self._recorder, self._plan.model()
        if not isinstance(model, InLoopModel):
            raise WorkloadError(f"{plan.workload.name!r}: {plan.model_id!r} can't run inside an async test's loop")
        async with AsyncExitStack() as stack:
            self._executor = await stack.enter_async_context(model.open_in_loop(plan.way(), recorder.concurrency))
            recorder.count_from_here()
            recorder.first_round(await self._executor.run(plan.items), self._executor.details)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *failure: Any) -> bool | None:
        self._recorder.closing()
        swallowed = await self._stack.__aexit__(*failure)
        if failure[0] is None:
            self._recorder.closed()
        return swallowed

    def wants_another_round(self) -> bool:
        """As in OpenTrial."""
        return self._recorder.wants_another_round()

    async def time_a_round(self) -> float:
        """As in OpenTrial."""
        with self._recorder.timed_round() as finish:
            results = await self._executor.run(self._plan.items)
            finish()
        return self._recorder.check(results)

    def measurement(self) -> Measurement:
        """As in OpenTrial."""
        return self._recorder.measurement()


class _Recorder:
    """Keeps the clock, the proofs and the figures of one trial, whichever way its rounds are run."""

    def __init__(self, plan: TrialPlan) -> None:
        if plan.concurrency < 1:
            raise WorkloadError(f"concurrency must be at least 1, not {plan.concurrency}")
        self.concurrency = 1 if models.split(plan.model_id)[0] == "serial" else plan.concurrency
        self._plan = plan
        self._durations_s: list[float] = []
        self._details: dict[str, object] = {}
        self._results: Sequence[Any] = ()
        self._startup_s = self._teardown_s = 0.0
        self._server = Counter[str]()
        self._before: Counters | None = None
        self._opened_ns = self._closing_ns = plan.clock_ns()

    def count_from_here(self) -> None:
        """Before each round: a resource may have asked for something, or another trial have had its turn."""
        if self._plan.server is not None:
            self._before = self._plan.server.counters()

    def first_round(self, results: Sequence[Any], details: Mapping[str, object]) -> None:
        """The round that warms up and proves the work; it ends the start-up and is not timed as a round."""
        self._startup_s = self._since_s(self._opened_ns)
        self._details = dict(details)
        self.check(results)
        self._server.clear()
        gc.collect()

    def wants_another_round(self) -> bool:
        self._plan.on_round(self._durations_s)
        return self._plan.timed and not self._plan.policy.satisfied_by(self._durations_s)

    @contextmanager
    def timed_round(self) -> Generator[Callable[[], None]]:
        """Starts the clock; the body calls what it is given the moment the work is done."""
        clock_ns = self._plan.clock_ns
        self.count_from_here()
        collecting = gc.isenabled()
        if self._plan.disable_gc:
            gc.disable()
        stopped_ns = []
        try:
            started_ns = clock_ns()
            yield lambda: stopped_ns.append(clock_ns())
        finally:
            if collecting:
                gc.enable()
        self._durations_s.append((stopped_ns[0] - started_ns) / 1e9)

    def check(self, results: Sequence[Any]) -> float:
        """Proves, outside the timing, that a round did the expected work; returns the latest round's duration."""
        who = f"{self._plan.workload.name!r} under {self._plan.model_id!r}"
        self._plan.expected.verify(results, self._plan.items, who)
        self._results = results
        self._check_requests(who)
        return self._durations_s[-1] if self._durations_s else 0.0

    def _check_requests(self, who: str) -> None:
        server, before = self._plan.server, self._before
        if server is None or before is None:
            return
        after = server.counters()
        self._server.update(
            requests=after.requests_completed - before.requests_completed,
            connections_opened=after.connections_opened - before.connections_opened,
            bytes_out=after.bytes_out - before.bytes_out,
        )
        counted = after.requests_completed - before.requests_completed
        expected = len(self._plan.items) if self._plan.requests_per_round is None else self._plan.requests_per_round
        if counted != expected:
            raise VoidTrialError(
                f"{who}: the server answered {counted} requests in a round that takes {expected}; look for retries, "
                f"caches or items that send none, or pass trial(..., requests_per_round=) if {expected} is wrong"
            )

    def closing(self) -> None:
        self._closing_ns = self._plan.clock_ns()

    def closed(self) -> None:
        self._teardown_s = self._since_s(self._closing_ns)

    def measurement(self) -> Measurement:
        plan = self._plan
        return Measurement(
            workload=plan.workload.name,
            model=plan.model_id,
            concurrency=self.concurrency,
            items=len(plan.items),
            durations_s=tuple(self._durations_s),
            startup_s=self._startup_s,
            teardown_s=self._teardown_s,
            digest=plan.expected.digest,
            results=self._results,
            details=self._details,
            server=dict(self._server) if plan.server is not None else None,
        )

    def _since_s(self, start_ns: int) -> float:
        return (self._plan.clock_ns() - start_ns) / 1e9
