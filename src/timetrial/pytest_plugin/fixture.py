"""The ``trial`` fixture: what a test calls to have its workload proved, timed and recorded under one model."""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from timetrial.errors import NeverAwaitedError, VoidTrialError, WorkloadError
from timetrial.pytest_plugin.meter import Meter
from timetrial.trial.accounting_round import account
from timetrial.trial.conditions import Conditions, left_over
from timetrial.trial.digest import digest_of_items
from timetrial.trial.measurement import Measurement
from timetrial.trial.open_loop import OpenLoop, run_open_loop
from timetrial.trial.plan import RoundsPolicy, TrialPlan
from timetrial.trial.reference import References
from timetrial.trial.server_traffic import CountingServer
from timetrial.trial.void import Void
from timetrial.workload import Workload


@dataclass(frozen=True)
class TrialSettings:
    """What the plugin knows of a test's trial before the test calls it."""

    workload: Workload
    model: str
    scale: str
    policy: RoundsPolicy
    in_loop: bool
    disable_gc: bool
    start_method: str | None
    event_loop: str
    references: References
    conditions: Conditions
    run: Callable[[TrialPlan], Measurement]
    run_in_loop: Callable[[TrialPlan], Awaitable[Measurement]]
    accounting: bool
    open_loop: OpenLoop | None
    on_round: Callable[[Sequence[float]], None]
    on_paths: Callable[[TrialPlan, Mapping[str, int]], Void | None]
    on_measured: Callable[[TrialPlan, Measurement], None]


class Trial:
    """Call it once with the items: it runs them under the test's model, proves the work and times the rounds.

    In an ``async def`` test, ``await`` it: the rounds then run inside that test's event loop.
    """

    def __init__(self, settings: TrialSettings, benchmark: Any, meter: Meter) -> None:
        self._settings = settings
        self._benchmark = benchmark
        self._meter = meter
        self._called = False
        self._awaited = False
        self._recorded = False

    @property
    def model(self) -> str:
        """The model of this trial, with its variant: ``threads`` or ``threads[requests]``."""
        return self._settings.model

    @property
    def scale(self) -> str:
        """The sizes that were asked for: ``quick``, ``default``, ``article`` or ``gate``."""
        return self._settings.scale

    def __call__(
        self,
        items: Sequence[Any],
        *,
        concurrency: int = 1,
        server: CountingServer | None = None,
        requests_per_round: int | None = None,
    ) -> Any:
        """Runs the trial; returns its Measurement, whose ``results`` are the last round's, in the items' order.

        ``concurrency`` is the most items in flight at once, the same for every model. With ``server``, what it
        counted must agree with ``requests_per_round`` (one for each item, unless you say otherwise).

        Raises VoidTrialError when the results differ from the serial reference or the server's count disagrees, and
        whatever the task raises, with a note that names its item.
        """
        if self._called:
            raise WorkloadError("trial(...) was called twice in one test: parametrise the test instead")
        self._called = True
        given = items if isinstance(items, list | tuple) else list(items)
        if not given:
            raise WorkloadError("trial(...) was given no items: there is nothing to time")
        plan = partial(
            TrialPlan,
            workload=self._settings.workload,
            model_id=self._settings.model,
            items=given,
            items_digest=digest_of_items(given) if self._benchmark.enabled else None,
            concurrency=_whole(concurrency),
            policy=self._settings.policy,
            server=server,
            requests_per_round=requests_per_round,
            timed=self._benchmark.enabled,
            disable_gc=self._settings.disable_gc,
            start_method=self._settings.start_method,
            event_loop=self._settings.event_loop,
            conditions=self._settings.conditions,
            on_round=self._settings.on_round,
            on_paths=self._settings.on_paths,
        )
        return _Later(partial(self._run_in_loop, plan, given)) if self._settings.in_loop else self._run(plan, given)

    def close(self) -> None:
        """Raises NeverAwaitedError if the test forgot to await its trial."""
        if self._called and not self._recorded:
            self._benchmark.skipped = True  # not a fixture that was forgotten: its trial failed, and says why itself
        if self._called and self._settings.in_loop and not self._awaited:
            raise NeverAwaitedError("trial(...) was called in an async test but never awaited: write await trial(...)")

    def _run(self, plan: Callable[..., TrialPlan], items: Sequence[Any]) -> Measurement:
        expected = self._settings.references.expected(self._settings.workload, items)
        settled: TrialPlan = plan(expected=expected)
        measurement = self._settings.run(settled)
        return self._record(settled, self._look_closer(settled, measurement))

    async def _run_in_loop(self, plan: Callable[..., TrialPlan], items: Sequence[Any]) -> Measurement:
        import asyncio

        self._awaited = True
        # In a thread of its own, because the reference may need an event loop of its own.
        expected = await asyncio.to_thread(self._settings.references.expected, self._settings.workload, items)
        settled: TrialPlan = plan(expected=expected)
        measurement = await self._settings.run_in_loop(settled)
        return self._record(settled, await asyncio.to_thread(self._look_closer, settled, measurement))

    def _look_closer(self, plan: TrialPlan, measurement: Measurement) -> Measurement:
        """After the timed rounds: what was asked for beyond their durations, each in an executor of its own.

        What fails there is told, and the rounds, which were good, are kept; other work than was asked for is raised.
        """
        if not self._benchmark.enabled:
            return measurement
        open_loop, ceiling_per_s = self._settings.open_loop, measurement.throughput_per_s
        if self._settings.accounting:
            found, error = _tried(lambda: account(plan))
            measurement = replace(measurement, accounting_error=error)
            measurement = _accounted(measurement, found) if found is not None else measurement
        if open_loop is not None:
            served, error = _tried(lambda: run_open_loop(plan, ceiling_per_s, open_loop))
            measurement = replace(measurement, open_loop=served, open_loop_error=error)
        return measurement

    def _record(self, plan: TrialPlan, measurement: Measurement) -> Measurement:
        if self._benchmark.enabled:
            self._settings.on_measured(plan, measurement)
        self._recorded = True
        self._meter.replay(self._benchmark, measurement.durations_s, measurement)
        return measurement


def _whole(concurrency: Any) -> int:
    """Also of numpy's whole numbers, which JSON doesn't know."""
    try:
        return operator.index(concurrency)
    except TypeError:
        raise WorkloadError(f"concurrency must be a whole number, not {concurrency!r}") from None


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


class _Later:
    """Starts its coroutine only when it is awaited, so that a forgotten await is our error and not a warning."""

    def __init__(self, run: Callable[[], Awaitable[Measurement]]) -> None:
        self._run = run

    def __await__(self) -> Generator[Any, Any, Measurement]:
        return self._run().__await__()
