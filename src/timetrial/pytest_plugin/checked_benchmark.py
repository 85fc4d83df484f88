"""pytest-benchmark's fixture in a launch of ``timetrial measure``: what it times has to be done when it returns."""

from __future__ import annotations

from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from timetrial.errors import NothingComputedError
from timetrial.models.uncomputed import let_go, uncomputed


class CheckedBenchmark(BenchmarkFixture):
    """The ``benchmark`` fixture, with one state for both as in LockstepBenchmark; it looks at what comes back.

    The last execution's result is looked at, after all rounds; the test then fails, and its figures are left out.
    """

    def __init__(self, real: BenchmarkFixture) -> None:
        self.__dict__ = real.__dict__

    def __call__(self, function_to_benchmark: Any, *args: Any, **kwargs: Any) -> Any:
        """As ``benchmark(function, …)``; raises NothingComputedError for work that is still to be done."""
        return _checked(super().__call__(function_to_benchmark, *args, **kwargs))  # type: ignore[no-untyped-call]

    def pedantic(self, target: Any, *args: Any, **kwargs: Any) -> Any:
        """As ``benchmark.pedantic(…)``; raises NothingComputedError for work that is still to be done."""
        return _checked(super().pedantic(target, *args, **kwargs))  # type: ignore[no-untyped-call]


def _checked(result: Any) -> Any:
    reason = uncomputed(result)
    if reason is not None:
        let_go(result)
        raise NothingComputedError(f"what is benchmarked returned {reason}")
    return result
