"""The trials of one pytest run: each is run, held against the others, looked at more closely, and recorded."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from timetrial.environment.facts import known
from timetrial.errors import ModelUnavailableError, VoidTrialError, WorkloadError
from timetrial.languages import Text
from timetrial.pytest_plugin import collection
from timetrial.pytest_plugin.options import TrialOptions
from timetrial.pytest_plugin.same_work import RequestComparison, WorkNames
from timetrial.pytest_plugin.sweeps import swept_by
from timetrial.pytest_plugin.trial_item import TrialTest
from timetrial.results.figures import figures
from timetrial.results.schema import KEY
from timetrial.results.standings import Entry, Standings
from timetrial.trial.accounting_round import account
from timetrial.trial.conditions import left_over
from timetrial.trial.executions import Executions
from timetrial.trial.interleave import Races
from timetrial.trial.items_key import ItemsKey
from timetrial.trial.measurement import Measurement
from timetrial.trial.open_loop import run_open_loop
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import Expected, References
from timetrial.trial.run import run_trial, run_trial_in_loop
from timetrial.trial.void import Kind, Void

ENTRY = pytest.StashKey[Entry]()
"""Where an item keeps what its trial brought to the standings."""


class LockStep(Protocol):
    """Who decides when a round is due, in place of the trial itself: a gate."""

    def run(self, plan: TrialPlan) -> Measurement:
        """As run_trial."""
        ...

    def run_in_loop(self, plan: TrialPlan) -> Awaitable[Measurement]:
        """As run_trial_in_loop."""
        ...


class TrialConductor:
    """Runs the trials of a run, one test at a time, and brings them to its standings."""

    def __init__(self, options: TrialOptions, standings: Standings, gate: LockStep | None) -> None:
        self._options = options
        self._standings = standings
        self._gate = gate
        self._references = References()
        self._races = Races()
        self._requests = RequestComparison()
        self._names = WorkNames()
        self._executions: dict[tuple[str, ...], Executions] = {}
        self._loops: dict[str, tuple[str, str]] = {}  # the first model of each group that has a loop, and which
        self._alone: dict[str, str] = {}  # trials that took no turns although it was asked for, and why

    def conduct(self, test: TrialTest, key: ItemsKey, plan: Callable[[Expected], TrialPlan]) -> Measurement:
        """From the expected results to the record; returns what was measured."""
        with _hint_at_loops(), _skipping_the_unavailable():
            expected = self._references.expected(test.workload, key.items, key, of=_work_of(test))
            settled = self._paced(test, plan(expected))
            raced = self._raced(test, settled)
            measurement = raced or (self._gate.run if self._gate else run_trial)(settled)
        self._compare_requests(test, settled, measurement)
        measurement = look_closer(settled, measurement)
        self._enter(test, settled, measurement, interleaved=raced is not None)
        test.record(measurement)
        return measurement

    async def conduct_in_loop(
        self, test: TrialTest, key: ItemsKey, plan: Callable[[Expected], TrialPlan]
    ) -> Measurement:
        """The same inside the running event loop; what needs a loop of its own runs in another thread."""
        expected = await self._references.expected_in_loop(test.workload, key.items, key, of=_work_of(test))
        settled = self._paced(test, plan(expected))
        self._rivals(test, timed=settled.settings.timed)
        with _skipping_the_unavailable():
            measurement = await (self._gate.run_in_loop if self._gate else run_trial_in_loop)(settled)
        self._compare_requests(test, settled, measurement)
        measurement = await asyncio.to_thread(look_closer, settled, measurement)
        self._enter(test, settled, measurement, interleaved=False)
        test.record(measurement)
        return measurement

    def alone_line(self) -> str | None:
        """What --trial-interleave could not do, in one line; None where it could do all."""
        if not self._alone:
            return None
        told = " and ".join(f"{count} {reason}" for reason, count in Counter(self._alone.values()).items())
        return f"--trial-interleave: {len(self._alone)} trial(s) took no turns: {told}"

    def _raced(self, test: TrialTest, plan: TrialPlan) -> Measurement | None:
        """What a race against other models measured; None where this one takes no turns.

        Raises WorkloadError where turns were asked for by name, and its test has other work than its rivals' tests.
        """
        rivals, race = self._rivals(test, timed=plan.settings.timed), collection.race_of(test.item)
        measurement = self._races.run(race, rivals, plan) if rivals else None
        if rivals and measurement is None:
            if self._options.interleave_by_name:
                raise WorkloadError(
                    f"{plan.label}: its test calls the trial with other items or another concurrency than those of "
                    f"other models do, so they can't take turns: run it with --trial-no-interleave"
                )
            self._standings.call_off(race)
        return measurement

    def _paced(self, test: TrialTest, plan: TrialPlan) -> TrialPlan:
        """With the number of executions a round that all models of this test share."""
        return replace(plan, executions=self._executions.setdefault(collection.race_of(test.item), Executions()))

    def _rivals(self, test: TrialTest, *, timed: bool) -> tuple[str, ...]:
        """The models to take turns with; none where nobody wants them or nothing is timed, and where there are none."""
        if not self._options.interleave or not timed or self._gate:
            return ()
        rivals = () if test.in_loop else tuple(collection.rivals_of(test.item, test.item.session.items))
        if len(rivals) > 1:
            return rivals
        if self._options.interleave_by_name:
            self._alone[test.item.nodeid] = "in async def tests" if test.in_loop else "without another model"
        return ()

    def _compare_requests(self, test: TrialTest, plan: TrialPlan, measurement: Measurement) -> None:
        """Raises VoidTrialError where this model asked a server for something else than the first one did."""
        other_work = self._requests.differs(collection.race_of(test.item), plan, measurement)
        if other_work is not None:
            raise other_work.error(plan.label)

    def _on_one_loop(self, plan: TrialPlan, group: str, measurement: Measurement) -> Measurement:
        """Void where the group's first model with a loop had another kind of loop: they differ by that as well.

        Not where the model is asked for by its loop: ``coroutines[uvloop]``.
        """
        loop = _family_of(measurement.details.get("event_loop"))
        if not loop or plan.asks.event_loop != plan.settings.event_loop:
            return measurement
        first, model = self._loops.setdefault(group, (loop, measurement.model))
        if first == loop:
            return measurement
        reason = Text(
            f"the event loop is {loop}'s, and that of {model} in the same group is {first}'s",
            f"事件循环属于 {loop}，而同组的 {model} 用的是 {first}",
        )
        return replace(measurement, voids=(*measurement.voids, Void(Kind.FALLBACK, reason)))

    def _enter(self, test: TrialTest, plan: TrialPlan, measurement: Measurement, *, interleaved: bool) -> None:
        """Brings the trial to the standings, in the group of those that do the same work."""
        if not plan.settings.timed:
            return
        item, workload, benchmark = test.item, plan.workload, test.benchmark
        items = plan.items_key.without_url if plan.items_key else None
        family = collection.family_of(item, workload)
        of_items = None if items is None else (id(workload), items)
        work = self._names.name(family, collection.function_of(item), of_items)
        if benchmark.group == collection.group_of(item, workload):  # a test may have given it a group of its own
            benchmark.group += work
        measurement = self._on_one_loop(plan, benchmark.group, measurement)
        item.stash[ENTRY] = entry = Entry(
            group=benchmark.group,
            family=family + work,
            # Without its results, or later trials would have a larger client than earlier ones.
            measurement=replace(measurement, results=()),
            figures=figures(
                measurement,
                scale=plan.settings.scale,
                parameters=collection.parameters(item),
                sweeps=swept_by(item, self._options) if self._options.sweep else (),
            ),
            interleaved=interleaved,
            name=item.nodeid,
            race=collection.race_of(item),
        )
        benchmark.extra_info[KEY] = entry.figures
        self._standings.add(entry)


def _family_of(loop: object) -> str:
    """The package that an event loop comes from."""
    return str(loop or "").partition(".")[0]


def _work_of(test: TrialTest) -> Hashable:
    """What a trial shares with those that it is held against: test, parameters, variables and folder.

    pytest notes the running test in one of its own.
    """
    variables = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return (*collection.race_of(test.item), frozenset(variables.items()), known(Path.cwd))


_OF_ANOTHER_LOOP: Final = ("Event loop is closed", "different loop", "different event loop", "inside a task")
"""What Python says of a client, a lock or a queue that one loop has opened and another one uses."""


def _behind(error: BaseException) -> Iterator[RuntimeError]:
    """The RuntimeErrors among an error and those that it came of; a client may have put one of its own around them."""
    met = [error]
    for each in met:  # it grows meanwhile
        if isinstance(each, RuntimeError):
            yield each
        before = each.__cause__ or each.__context__
        met += [other for other in (before, *getattr(each, "exceptions", ())) if other is not None and other not in met]


@contextmanager
def _hint_at_loops() -> Generator[None]:
    """Says which loops there are, where something was opened in one and used in another."""
    try:
        yield
    except Exception as error:
        if any(sign in str(each) for each in _behind(error) for sign in _OF_ANOTHER_LOOP):
            error.add_note(
                "timetrial: each trial and its reference have an event loop of their own: let the workload open its "
                "client with async_resource=, once for each loop, or write an async test and await trial(...)"
            )
        raise


@contextmanager
def _skipping_the_unavailable() -> Generator[None]:
    """A model may find out only with the workload before it that it can't run here: a skip with its reason as well."""
    try:
        yield
    except ModelUnavailableError as error:
        pytest.skip(str(error))


def look_closer(plan: TrialPlan, measurement: Measurement) -> Measurement:
    """After the timed rounds: what was asked for beyond their durations, each in an executor of its own.

    What fails there is told, and the rounds, which were good, are kept; other work than was asked for is raised.
    """
    settings = plan.settings
    if not settings.timed:
        return measurement
    if settings.accounting:
        found, error = _tried(lambda: account(plan))
        measurement = replace(measurement, accounting_error=error)
        measurement = _accounted(measurement, found) if found is not None else measurement
    if (open_loop := settings.open_loop) is not None:
        served, error = _tried(lambda: run_open_loop(plan, measurement.throughput_per_s, open_loop))
        measurement = replace(measurement, open_loop=served, open_loop_error=error)
    return measurement


def _tried(look: Callable[[], dict[str, Any] | None]) -> tuple[dict[str, Any] | None, str | None]:
    """What a closer look found, or its error in words."""
    try:
        return look(), None
    except VoidTrialError:
        raise
    except Exception as error:  # noqa: BLE001 - told at the end of the run, and kept in the file
        return None, "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])


def _accounted(measurement: Measurement, accounting: dict[str, Any]) -> Measurement:
    void = left_over(accounting["leftovers"])
    return replace(measurement, accounting=accounting, voids=(*measurement.voids, *([void] if void else [])))
