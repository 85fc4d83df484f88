"""pytest-benchmark's fixture for tests that know nothing of timetrial: its rounds are run when the gate orders one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture


class LockstepBenchmark(BenchmarkFixture):
    """The ``benchmark`` fixture, but the gate decides how many rounds there are.

    It has to be a BenchmarkFixture, since pytest-benchmark skips a test that was given anything else, and what a test
    sets on it (``extra_info``, ``group``) has to be found on ``real``, whose statistics are stored. There is no public
    way to have one stand for another, so the two share one state, whatever is in it: nothing private is read.
    ``run_rounds`` is called once with what runs a round: it takes a number of executions and returns their seconds.
    """

    def __init__(self, real: BenchmarkFixture, run_rounds: Callable[[Callable[[int], float]], None]) -> None:
        self.__dict__ = real.__dict__
        self._run_rounds_in_lockstep = run_rounds
        self._used_in_lockstep = False

    def __call__(self, function_to_benchmark: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As ``benchmark(function, *args, **kwargs)``."""
        return self.pedantic(function_to_benchmark, args, kwargs)

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
        del rounds, warmup_rounds, iterations
        if self._used_in_lockstep:  # pytest-benchmark is about to say that it has been used already
            return super().pedantic(target, args, kwargs)  # type: ignore[no-untyped-call]
        self._used_in_lockstep = True
        call = _Call(target, tuple(args), dict(kwargs or {}), setup, teardown)
        self._run_rounds_in_lockstep(call.round_s)
        return super().pedantic(target, args, kwargs, setup=setup, teardown=teardown)  # type: ignore[no-untyped-call]


class _Call:
    def __init__(
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        setup: Callable[[], Any] | None,
        teardown: Callable[..., Any] | None,
    ) -> None:
        self._target, self._args, self._kwargs = target, args, kwargs
        self._setup, self._teardown = setup, teardown

    def round_s(self, executions: int) -> float:
        """One round; with a set-up or a tear-down, which belong to each execution, they stay outside the timing."""
        if self._setup is None and self._teardown is None:
            return _timed(self._target, self._args, self._kwargs, executions)
        return sum(self._prepared_s() for _ in range(executions))

    def _prepared_s(self) -> float:
        given = self._setup() if self._setup else None
        args, kwargs = given if given is not None else (self._args, self._kwargs)
        duration_s = _timed(self._target, args, kwargs, 1)
        if self._teardown:
            self._teardown(*args, **kwargs)
        return duration_s


def _timed(target: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], executions: int) -> float:
    repeats = range(executions)
    started_ns = time.perf_counter_ns()
    for _ in repeats:
        target(*args, **kwargs)
    return (time.perf_counter_ns() - started_ns) / 1e9
