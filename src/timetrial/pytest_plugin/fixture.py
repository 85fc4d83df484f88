"""The ``trial`` fixture: what a test calls to have its workload proved, timed and recorded under one model."""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import partial
from typing import Any, Protocol

from timetrial.errors import NeverAwaitedError, WorkloadError
from timetrial.pytest_plugin.trial_item import TrialTest
from timetrial.trial.items_key import ItemsKey, key_of
from timetrial.trial.measurement import Measurement
from timetrial.trial.plan import TrialPlan
from timetrial.trial.reference import Expected
from timetrial.trial.server_traffic import CountingServer


class Conductor(Protocol):
    """Who runs a test's trial, knows the other trials of the run, and keeps what was found out."""

    def conduct(self, test: TrialTest, key: ItemsKey, plan: Callable[[Expected], TrialPlan]) -> Measurement:
        """Asks for the expected results of these items, runs the trial that is planned for them, and records it."""
        ...

    def conduct_in_loop(
        self, test: TrialTest, key: ItemsKey, plan: Callable[[Expected], TrialPlan]
    ) -> Awaitable[Measurement]:
        """The same inside the running event loop."""
        ...


class Trial:
    """Call it once with the items: it runs them under the test's model, proves the work and times the rounds.

    In an ``async def`` test, ``await`` it: the rounds then run inside that test's event loop.
    """

    def __init__(self, test: TrialTest, conductor: Conductor) -> None:
        self._test = test
        self._conductor = conductor
        self._called = False
        self._awaited = False

    @property
    def model(self) -> str:
        """The model of this trial, with its variant: ``threads`` or ``threads[requests]``."""
        return self._test.model

    @property
    def scale(self) -> str:
        """The sizes that were asked for: ``quick``, ``default``, ``article`` or ``gate``."""
        return self._test.settings.scale

    def __call__(
        self,
        items: Sequence[Any],
        *,
        concurrency: int = 1,
        workers: int | None = None,
        server: CountingServer | None = None,
        requests_per_round: int | None = None,
    ) -> Any:
        """Runs the trial; returns its Measurement, whose ``results`` are the last round's, in the items' order.

        ``concurrency`` is the most items in flight at once, the same for every model. ``workers`` is over how many
        processes or threads these are shared out where each has an event loop (``processes+coroutines``,
        ``threads+coroutines``); without it, over one for each usable core. With ``server``, what it
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
        key = key_of(given, server)
        plan = partial(
            self._test.plan,
            items_key=key,
            concurrency=_whole("concurrency", concurrency),
            workers=None if workers is None else _whole("workers", workers),
            server=server,
            requests_per_round=requests_per_round,
        )
        if self._test.in_loop:
            return _Later(lambda: self._conduct_in_loop(key, plan))
        return self._conductor.conduct(self._test, key, plan)

    def close(self) -> None:
        """Raises NeverAwaitedError if the test forgot to await its trial."""
        if self._called and not self._test.recorded:
            self._test.benchmark.skipped = True  # not a forgotten fixture: its trial failed, and says why itself
        if self._called and self._test.in_loop and not self._awaited:
            raise NeverAwaitedError("trial(...) was called in an async test but never awaited: write await trial(...)")

    async def _conduct_in_loop(self, key: ItemsKey, plan: Callable[[Expected], TrialPlan]) -> Measurement:
        self._awaited = True
        if not _in_asyncio():
            raise WorkloadError(
                "`await trial(...)` needs asyncio's event loop, and this test runs in another one (trio, for example): "
                "write the test for asyncio, or as a plain def, where the trial opens a loop by itself"
            )
        return await self._conductor.conduct_in_loop(self._test, key, plan)


def _in_asyncio() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _whole(name: str, number: Any) -> int:
    """Also of numpy's whole numbers, which JSON doesn't know."""
    try:
        return operator.index(number)
    except TypeError:
        raise WorkloadError(f"{name} must be a whole number, not {number!r}") from None


class _Later:
    """Starts its coroutine only when it is awaited, so that a forgotten await is our error and not a warning."""

    def __init__(self, run: Callable[[], Awaitable[Measurement]]) -> None:
        self._run = run

    def __await__(self) -> Generator[Any, Any, Measurement]:
        return self._run().__await__()
