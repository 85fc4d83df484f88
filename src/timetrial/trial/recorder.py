"""The clock, the proofs and the figures of one trial, whichever way its rounds are run."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import islice
from typing import Any, Final

from timetrial import models
from timetrial.errors import NothingComputedError, WorkloadError
from timetrial.languages import Text
from timetrial.measure.tracing import let_through, paused
from timetrial.models.uncomputed import uncomputed
from timetrial.system.clocks import clocks
from timetrial.trial.conditions import Watch, fallbacks, lost_workers, traced, unlike_parent
from timetrial.trial.executions import STEPS
from timetrial.trial.measurement import Measurement
from timetrial.trial.paths_asked import paths_asked
from timetrial.trial.plan import TrialPlan
from timetrial.trial.server_traffic import Traffic
from timetrial.trial.void import Kind, Void


class Step(Enum):
    """How far a trial is, as its recorder sees it."""

    OPENING = "the model opens"
    OPEN = "the model is open"
    READY = "a round can begin"
    ROUND = "a round was begun"
    CLOSING = "the model closes"
    CLOSED = "the model is closed"


class Recorder:
    """Keeps the clock, the proofs and the figures of one trial, whichever way its rounds are run.

    Whoever runs the trial calls, within ``without_tracers`` and in this order: ``before_first_round`` once the model
    is open and the ``first_item`` is through, ``first_round`` with the results of the round that warms up, then for
    each timed round ``timed_round`` around it and ``check`` with its results, ``closing`` before the model is closed
    and ``closed`` after it, and in the end ``measurement``. Any other order raises WorkloadError; ``closing`` may
    come at any time, as a failure does.
    """

    def __init__(self, plan: TrialPlan, *, in_loop: bool = False) -> None:
        if plan.concurrency < 1:
            raise WorkloadError(f"concurrency must be at least 1, not {plan.concurrency}")
        self._plan = plan
        self._step = Step.OPENING
        self._in_loop = in_loop
        self._durations_s: list[float] = []
        self._details: dict[str, object] = {}
        self._results: Sequence[Any] = ()
        self._changed_items = False
        self._paces_ns: list[int] = []
        self._proving_s = 0.0
        self._begun_again = False
        self._startup_s = self._teardown_s = 0.0
        self._watch = Watch(plan.settings.conditions)
        self._traffic = _traffic(plan)
        tells = self._traffic.paths if self._traffic is not None and plan.settings.timed else None
        self._paths = paths_asked(tells, turns=plan.settings.conditions.turns)
        self._tracers_left: Sequence[str] = ()
        self._opened_ns = self._closing_ns = plan.settings.clock_ns()

    def count_from_here(self) -> None:
        """What the server counts from now on belongs to the next round."""
        if self._traffic is not None:
            self._traffic.count_from_here()

    @property
    def first_item(self) -> Sequence[Any]:
        """What to run before the first round, so that the start-up ends with a result and not with all of them.

        Nothing where nothing is timed, since such a trial runs once, as a test does; nor where the workload brings an
        implementation of its own, which may count on getting all items.
        """
        plan = self._plan
        return list(islice(plan.items, 1)) if plan.settings.timed and not plan.brings_own_implementation else ()

    @contextmanager
    def without_tracers(self) -> Generator[None]:
        """Around all of it, before the model opens: threads that are traced already can't be reached on every Python.

        Nothing is held off where nothing is timed: such a run is made for its coverage.
        """
        if not self._plan.settings.timed:
            with let_through():
                yield
            return
        with paused() as pause:
            yield
            pause.look_again()
            self._tracers_left = pause.left

    def before_first_round(self) -> None:
        """The model is open, and the first item, if one was run, is through: that ended the start-up."""
        self._go(Step.OPENING, Step.OPEN)
        self._startup_s = self._since_s(self._opened_ns)
        self.count_from_here()
        self._paths.before_round()

    def first_round(
        self, results: Sequence[Any], details: Mapping[str, object], worker_pids: Sequence[int] = ()
    ) -> None:
        """The round that warms up and proves the work; it is not timed, but ends the start-up where nothing did.

        ``worker_pids`` are those of the executor.
        """
        self._go(Step.OPEN, Step.ROUND)
        if not self.first_item:
            self._startup_s = self._since_s(self._opened_ns)
        self._details = dict(details)
        for result in results:  # also of coroutines, and of implementations that the workload brings
            if (reason := uncomputed(result)) is not None:
                raise NothingComputedError(f"{self._plan.label}: a result is {reason}")
        self.check(results)
        if self._traffic is not None:
            self._traffic.forget_rounds()
        gc.collect()
        if self._plan.settings.timed:
            self._watch.begin(worker_pids)

    @property
    def executions(self) -> int:
        """How often each round runs the items; once against a server, which counts them."""
        return 1 if self._traffic is not None else self._plan.executions.count or 1

    @property
    def looks_for_its_pace(self) -> bool:
        """Whether the items are to be run once more, ``pacing``, to see how often a round has to run them.

        Not where a server counts what is asked of it, which takes far longer than any step of the clock.
        """
        settings = self._plan.settings
        if not settings.timed or settings.conditions.clock_step_ns is None or self._traffic is not None:
            return False
        return self._plan.executions.count is None

    @contextmanager
    def pacing(self) -> Generator[None]:
        """Around an execution before the first timed round."""
        clock_ns = self._plan.settings.clock_ns
        began_ns = clock_ns()
        yield
        self._paces_ns.append(clock_ns() - began_ns)
        step_ns = self._plan.settings.conditions.clock_step_ns
        if step_ns is not None and (len(self._paces_ns) >= _PACES or self._paces_ns[-1] >= STEPS * step_ns):
            self._plan.executions.settle(min(self._paces_ns), step_ns)

    def wants_another_round(self) -> bool:
        """Whether the policy asks for more, after those who watch were told how far it is."""
        policy, rounds = self._plan.policy, len(self._durations_s)
        self._plan.settings.on_round(rounds, self._last_s)
        if not self._plan.settings.timed or (
            rounds >= policy.min_rounds and self._proving_s > _MOST_PROVING * policy.max_time_s
        ):
            return False
        return not policy.satisfied_by(self._durations_s) or self._begins_again()

    @property
    def _last_s(self) -> float:
        """What one execution took in the last round; 0 before the first."""
        return self._durations_s[-1] / self.executions if self._durations_s else 0.0

    def _begins_again(self) -> bool:
        """Whether others disturbed the rounds, and they are timed once more before the trial is given up.

        The disturbed rounds are forgotten. Where models take turns, what disturbs them meets all alike.
        """
        if self._begun_again or not self._watch.saw_others(sum(self._durations_s)):
            return False
        self._begun_again = True
        self._durations_s.clear()
        if self._traffic is not None:
            self._traffic.forget_rounds()
        self._watch = Watch(self._plan.settings.conditions)
        self._watch.begin()
        return True

    @contextmanager
    def timed_round(self) -> Generator[Callable[[], None]]:
        """Starts the clock; the body calls what it is given the moment the work is done."""
        self._go(Step.READY, Step.ROUND)
        clock_ns = self._plan.settings.clock_ns
        self._paths.before_round()
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
        self._go(Step.ROUND, Step.READY)
        began_s = clocks.perf_counter()
        if self._traffic is not None:
            self._traffic.round_over()
        self._paths.after_round()
        self._plan.expected.verify(results, self._plan.items, self._plan.label)
        self._proving_s += clocks.perf_counter() - began_s
        self._results = results
        wrong = self._traffic.wrong_work() if self._traffic is not None else None
        if wrong is not None:
            raise wrong.error(self._plan.label)
        return self._last_s

    def closing(self, details: Mapping[str, object], *, failed: bool = False) -> None:
        """The rounds are over; what the model's end takes is counted from here.

        ``details`` are the executor's, which may have learned more of itself since the first round.
        """
        self._go(None, Step.CLOSING)
        self._details |= details
        if self._plan.settings.timed and not failed:
            self._watch.end()
            self._changed_items = self._plan.items_key is not None and self._plan.items_key.changed()
            self._paths.end()
        self._closing_ns = self._plan.settings.clock_ns()

    def closed(self) -> None:
        """The model has ended: what its end took, in seconds, is the tear-down."""
        self._go(Step.CLOSING, Step.CLOSED)
        self._teardown_s = self._since_s(self._closing_ns)

    def measurement(self) -> Measurement:
        """What was found out, once the trial is closed."""
        self._go(Step.CLOSED, Step.CLOSED)
        plan = self._plan
        return Measurement(
            workload=plan.workload.name,
            model=plan.model_id,
            concurrency=plan.in_flight,
            items=len(plan.items),
            durations_s=tuple(duration_s / self.executions for duration_s in self._durations_s),
            startup_s=self._startup_s,
            teardown_s=self._teardown_s,
            digest=plan.expected.digest,
            results=self._results,
            details=self._details | ({"executions_per_round": self.executions} if self.executions > 1 else {}),
            server=self._traffic.figures(sum(self._durations_s)) if self._traffic is not None else None,
            voids=tuple(self._voids()) if self._durations_s else (),
            fairness=self._watch.figures(),
            paths_per_round=self._paths.per_round(),
        )

    def _go(self, expected: Step | None, reached: Step) -> None:
        """From one step to the next; ``expected`` is None for what may come at any time."""
        if expected is not None and self._step is not expected:
            raise WorkloadError(
                f"{self._plan.label}: its recorder was called out of order: {self._step.value}, and "
                f"it takes that {expected.value} before {reached.value}"
            )
        self._step = reached

    def _voids(self) -> list[Void]:
        """Why the durations mean nothing, though the work was right."""
        plan = self._plan
        asked, variant = plan.asks, models.split(plan.model_id)[1]
        # An async test and an implementation of its own may bring their own loop, unless another one was asked for.
        asks = asked.event_loop != "asyncio" or not (self._in_loop or plan.brings_own_implementation)
        return [
            *fallbacks(asked.event_loop if asks else None, asked.start_method, self._details, variant),
            *unlike_parent(self._details),
            *traced(self._tracers_left, self._details),
            *lost_workers(self._details),
            *([_CHANGED_ITEMS] if self._changed_items else ()),
            *self._watch.voids(self._durations_s),
            *(self._traffic.unfair(sum(self._durations_s)) if self._traffic is not None else ()),
        ]

    def _since_s(self, start_ns: int) -> float:
        return (self._plan.settings.clock_ns() - start_ns) / 1e9


_PACES: Final = 3
"""How often very short items are run to see how short they are; of longer ones, one look tells."""

_MOST_PROVING: Final = 10
"""How many times a trial's time its proofs may take before they end it: very short rounds, or very large results."""

_CHANGED_ITEMS: Final = Void(
    Kind.ITEMS,
    Text(
        "the task changes its items, so each round finds what the one before left; worker processes get new ones",
        "任务改动了输入项，每轮看到的是上一轮留下的；工作进程拿到的却是新的",
    ),
)


def _traffic(plan: TrialPlan) -> Traffic | None:
    if plan.server is None:
        return None
    return Traffic(
        plan.server,
        expected=plan.expected_requests,
        concurrency=plan.in_flight,
        items=len(plan.items),
        turns=plan.settings.conditions.turns,
    )
