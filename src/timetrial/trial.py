"""One trial, from top to bottom: open the model, prove the work, time the rounds, close, record."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from timetrial import models
from timetrial.errors import WorkloadError
from timetrial.fairness import Conditions, Watch, fallbacks
from timetrial.models.base import ConcurrencyModel, InLoopModel
from timetrial.reference import Expected
from timetrial.traffic import CountingServer, Traffic
from timetrial.voids import Void
from timetrial.workload import Workload


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
    only proves the work and measures nothing (``--benchmark-disable``). ``conditions`` are watched around the timed
    rounds. ``on_round`` is called between rounds, untimed, with the durations so far.
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
    conditions: Conditions = field(default_factory=Conditions)
    on_round: Callable[[Sequence[float]], None] = lambda _durations_s: None

    def model(self) -> ConcurrencyModel:
        """The model under which the trial runs; raises ModelUnavailableError where it can't run here."""
        return models.get(models.split(self.model_id)[0], start_method=self.start_method, event_loop=self.event_loop)

    def way(self) -> Workload:
        """The workload, or the variant of it that the model's id names."""
        return self.workload.variant(models.split(self.model_id)[1])

    @property
    def expected_requests(self) -> int:
        """What the server has to count in a round: one request for each item, unless the test says otherwise."""
        return len(self.items) if self.requests_per_round is None else self.requests_per_round


@dataclass(frozen=True)
class Measurement:
    """What a trial found out.

    ``startup_s`` runs from nothing to the first round's results, ``teardown_s`` is the closing; neither is part of
    ``durations_s``, which holds one figure for each timed round. ``voids`` are the reasons why these mean nothing;
    ``fairness`` is what was seen of the conditions.
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
    server: Mapping[str, Any] | None = None
    accounting: Mapping[str, Any] | None = None
    voids: tuple[Void, ...] = ()
    fairness: Mapping[str, Any] = field(default_factory=dict)
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
        self._recorder.closing(failed=failure[0] is not None)
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
        self._recorder = _Recorder(plan, in_loop=True)
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
        self._recorder.closing(failed=failure[0] is not None)
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

    def __init__(self, plan: TrialPlan, *, in_loop: bool = False) -> None:
        if plan.concurrency < 1:
            raise WorkloadError(f"concurrency must be at least 1, not {plan.concurrency}")
        self.concurrency = 1 if models.split(plan.model_id)[0] == "serial" else plan.concurrency
        self._plan = plan
        self._in_loop = in_loop
        self._durations_s: list[float] = []
        self._details: dict[str, object] = {}
        self._results: Sequence[Any] = ()
        self._startup_s = self._teardown_s = 0.0
        self._watch = Watch(plan.conditions)
        self._traffic = _traffic(plan, self.concurrency)
        self._opened_ns = self._closing_ns = plan.clock_ns()

    def count_from_here(self) -> None:
        """What the server counts from now on belongs to the next round."""
        if self._traffic is not None:
            self._traffic.count_from_here()

    def first_round(self, results: Sequence[Any], details: Mapping[str, object]) -> None:
        """The round that warms up and proves the work; it ends the start-up and is not timed as a round."""
        self._startup_s = self._since_s(self._opened_ns)
        self._details = dict(details)
        self.check(results)
        if self._traffic is not None:
            self._traffic.forget_rounds()
        gc.collect()
        if self._plan.timed:
            self._watch.begin()

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
        if self._traffic is not None:
            self._traffic.round_over()
        who = f"{self._plan.workload.name!r} under {self._plan.model_id!r}"
        self._plan.expected.verify(results, self._plan.items, who)
        self._results = results
        wrong = self._traffic.wrong_work() if self._traffic is not None else None
        if wrong is not None:
            raise wrong.error(who)
        return self._durations_s[-1] if self._durations_s else 0.0

    def closing(self, *, failed: bool = False) -> None:
        if self._plan.timed and not failed:
            self._watch.end()
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
            server=self._traffic.figures(sum(self._durations_s)) if self._traffic is not None else None,
            voids=tuple(self._voids()) if self._durations_s else (),
            fairness=self._watch.figures(),
        )

    def _voids(self) -> list[Void]:
        """Why the durations mean nothing, though the work was right."""
        plan = self._plan
        name, variant = models.split(plan.model_id)
        # An async test brings its own loop; an implementation of its own may, unless another one was asked for.
        asks = not self._in_loop and (name not in plan.way().implementations or plan.event_loop != "asyncio")
        return [
            *fallbacks(plan.event_loop if asks else None, plan.start_method, self._details, variant),
            *self._watch.voids(self._durations_s),
            *(self._traffic.unfair(sum(self._durations_s)) if self._traffic is not None else ()),
        ]

    def _since_s(self, start_ns: int) -> float:
        return (self._plan.clock_ns() - start_ns) / 1e9


def _traffic(plan: TrialPlan, concurrency: int) -> Traffic | None:
    if plan.server is None:
        return None
    return Traffic(
        plan.server,
        expected=plan.expected_requests,
        concurrency=concurrency,
        items=len(plan.items),
        turns=plan.conditions.turns,
    )
