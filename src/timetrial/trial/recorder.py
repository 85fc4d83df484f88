"""The clock, the proofs and the figures of one trial, whichever way its rounds are run."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from time import perf_counter
from typing import Any, Final

from timetrial import models
from timetrial.errors import WorkloadError
from timetrial.trial.conditions import Watch, fallbacks
from timetrial.trial.digest import digest_of_items
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.server_traffic import Traffic
from timetrial.trial.void import Kind, Void


class Recorder:
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
        # In a race others ask the same server in between; what a trial that is not timed asks for, it asks only once.
        self._tells_paths = plan.timed and plan.on_paths is not None and not plan.conditions.turns
        self._paths: Mapping[str, int] = {}
        self._wrong_paths: Void | None = None
        self._changed_items = False
        self._proving_s = 0.0
        self._who = f"{plan.workload.name!r} under {plan.model_id!r}"
        self._startup_s = self._teardown_s = 0.0
        self._watch = Watch(plan.conditions)
        self._traffic = _traffic(plan, self.concurrency)
        self._opened_ns = self._closing_ns = plan.clock_ns()

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
        own = models.split(self._plan.model_id)[0] in self._plan.way().implementations
        return list(islice(self._plan.items, 1)) if self._plan.timed and not own else ()

    def before_first_round(self) -> None:
        """The model is open, and the first item, if one was run, is through: that ended the start-up."""
        self._startup_s = self._since_s(self._opened_ns)
        self.count_from_here()
        if self._traffic is not None and self._tells_paths:
            self._paths = self._traffic.paths()

    def first_round(self, results: Sequence[Any], details: Mapping[str, object]) -> None:
        """The round that warms up and proves the work; it is not timed, but ends the start-up where nothing did."""
        if not self.first_item:
            self._startup_s = self._since_s(self._opened_ns)
        self._details = dict(details)
        self.check(results)
        if self._traffic is not None:
            self._traffic.forget_rounds()
        gc.collect()
        if self._plan.timed:
            self._watch.begin()

    def wants_another_round(self) -> bool:
        """Whether the policy asks for more, after those who watch were told how far it is."""
        self._plan.on_round(self._durations_s)
        policy, rounds = self._plan.policy, len(self._durations_s)
        if not self._plan.timed or (
            rounds >= policy.min_rounds and self._proving_s > _MOST_PROVING * policy.max_time_s
        ):
            return False
        return not policy.satisfied_by(self._durations_s)

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
        began_s = perf_counter()
        if self._traffic is not None:
            self._traffic.round_over()
        self._plan.expected.verify(results, self._plan.items, self._who)
        self._proving_s += perf_counter() - began_s
        self._results = results
        wrong = self._traffic.wrong_work() if self._traffic is not None else None
        if wrong is not None:
            raise wrong.error(self._who)
        return self._durations_s[-1] if self._durations_s else 0.0

    def closing(self, *, failed: bool = False) -> None:
        """The rounds are over; what the model's end takes is counted from here."""
        if self._plan.timed and not failed:
            self._watch.end()
            before = self._plan.items_digest
            self._changed_items = before is not None and digest_of_items(self._plan.items) != before
            if self._traffic is not None and self._tells_paths:
                self._wrong_paths = self._compare_paths(self._traffic)
        self._closing_ns = self._plan.clock_ns()

    def closed(self) -> None:
        """The model has ended."""
        self._teardown_s = self._since_s(self._closing_ns)

    def measurement(self) -> Measurement:
        """What was found out, once the trial is closed; raises VoidTrialError where the work was other work."""
        if self._wrong_paths is not None:
            raise self._wrong_paths.error(self._who)
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

    def _compare_paths(self, traffic: Traffic) -> Void | None:
        """The count may be right and the requests others; compared only where every round asks for the same."""
        assert self._plan.on_paths is not None
        rounds = 1 + len(self._durations_s)
        asked = {path: times - self._paths.get(path, 0) for path, times in traffic.paths().items()}
        per_round = {path: times // rounds for path, times in asked.items() if times}
        alike = all(times % rounds == 0 for times in asked.values())
        return self._plan.on_paths(self._plan, per_round) if per_round and alike else None

    def _voids(self) -> list[Void]:
        """Why the durations mean nothing, though the work was right."""
        plan = self._plan
        name, variant = models.split(plan.model_id)
        # An async test and an implementation of its own may bring their own loop, unless another one was asked for.
        asks = plan.event_loop != "asyncio" or not (self._in_loop or name in plan.way().implementations)
        return [
            *fallbacks(plan.event_loop if asks else None, plan.start_method, self._details, variant),
            *([_CHANGED_ITEMS] if self._changed_items else ()),
            *self._watch.voids(self._durations_s),
            *(self._traffic.unfair(sum(self._durations_s)) if self._traffic is not None else ()),
        ]

    def _since_s(self, start_ns: int) -> float:
        return (self._plan.clock_ns() - start_ns) / 1e9


_MOST_PROVING: Final = 10
"""How many times a trial's time its proofs may take before they end it: very short rounds, or very large results."""

_CHANGED_ITEMS: Final = Void(
    Kind.ITEMS,
    "the task changes its items, so each round finds what the one before left; worker processes get new ones",
)


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
