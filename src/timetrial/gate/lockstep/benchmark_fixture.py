"""pytest-benchmark's fixture for tests that know nothing of timetrial: its rounds are run when the gate orders one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from timetrial.errors import NothingComputedError
from timetrial.gate.lockstep.round_settings import RoundSettings, name_of
from timetrial.models.uncomputed import let_go, uncomputed
from timetrial.system.clocks import clocks

RoundS = Callable[[int], float]
"""Runs a round of so many executions; returns their seconds."""


class LockstepBenchmark(BenchmarkFixture):
    """The ``benchmark`` fixture, but the gate decides how many rounds there are.

    It has to be a BenchmarkFixture, since pytest-benchmark skips a test that was given anything else, and what a test
    sets on it (``extra_info``, ``group``) has to be found on ``real``, whose statistics are stored. There is no public
    way to have one stand for another, so the two share one state, whatever is in it: nothing private is read.
    ``run_rounds`` is called once with what runs a round, and with the benchmark's ``settings``.
    """

    def __init__(
        self, real: BenchmarkFixture, settings: RoundSettings, run_rounds: Callable[[RoundS, RoundSettings], None]
    ) -> None:
        self.__dict__ = real.__dict__
        self._run_rounds_in_lockstep = run_rounds
        self._settings_in_lockstep = settings
        self._used_in_lockstep = False

    def __call__(self, function_to_benchmark: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As ``benchmark(function, *args, **kwargs)``."""
        return self._in_lockstep(function_to_benchmark, args, kwargs)

    def pedantic(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        rounds: int = 1,
        warmup_rounds: int = 0,
        iterations: int = 1,
    ) -> Any:
        """As ``benchmark.pedantic(…)``; its numbers of rounds and iterations are the gate's to choose."""
        del rounds, iterations
        return self._in_lockstep(target, args, kwargs or {}, setup, teardown, warmup_rounds)

    def _in_lockstep(
        self,
        target: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        warm_up_rounds: int | None = None,
    ) -> Any:
        if self._used_in_lockstep:  # pytest-benchmark is about to say that it has been used already
            return super().pedantic(target, args, kwargs)  # type: ignore[no-untyped-call]
        self._used_in_lockstep = True
        settings = self._settings_in_lockstep
        call = _Call(target, tuple(args), dict(kwargs), setup, teardown, settings)
        call.run_and_check()
        call.warm_up(settings.warm_up_executions if warm_up_rounds is None else warm_up_rounds)
        settings = replace(settings, untimed=setup is not None or teardown is not None)
        self._run_rounds_in_lockstep(call.round_s, settings)
        return super().pedantic(target, args, kwargs, setup=setup, teardown=teardown)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class _Call:
    """What is timed, with what prepares each execution and clears up after it, outside of the timing."""

    target: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    setup: Callable[[], Any] | None
    teardown: Callable[..., Any] | None
    settings: RoundSettings

    def run_and_check(self) -> None:
        """Runs it once; raises NothingComputedError where what comes back is still to be computed."""
        with self._prepared() as (args, kwargs):
            result = self.target(*args, **kwargs)
            reason = uncomputed(result)
            if reason is not None:
                let_go(result)
                raise NothingComputedError(f"what is benchmarked, {name_of(self.target)}, returned {reason}")

    def warm_up(self, executions: int) -> None:
        """Runs it so often, but begins no more once the time for it is up."""
        ends_s = clocks.monotonic() + self.settings.warm_up_s
        for _ in range(executions):
            if clocks.monotonic() > ends_s:
                return
            with self._prepared() as (args, kwargs):
                self.target(*args, **kwargs)

    def round_s(self, executions: int) -> float:
        """One round; with a set-up or a tear-down, which belong to each execution, they stay outside the timing."""
        with _garbage_collector_off() if self.settings.without_gc else nullcontext():
            if self.setup is None and self.teardown is None:
                return self._timed(self.args, self.kwargs, executions)
            return sum(self._prepared_s() for _ in range(executions))

    def _prepared_s(self) -> float:
        with self._prepared() as (args, kwargs):
            return self._timed(args, kwargs, 1)

    @contextmanager
    def _prepared(self) -> Iterator[tuple[Sequence[Any], Mapping[str, Any]]]:
        given = self.setup() if self.setup else None
        args, kwargs = given or (self.args, self.kwargs)
        yield args, kwargs
        if self.teardown:
            self.teardown(*args, **kwargs)

    def _timed(self, args: Sequence[Any], kwargs: Mapping[str, Any], executions: int) -> float:
        target, timer = self.target, self.settings.timer
        repeats = range(executions)
        started = timer()
        for _ in repeats:
            target(*args, **kwargs)
        return float(timer() - started)


@contextmanager
def _garbage_collector_off() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
