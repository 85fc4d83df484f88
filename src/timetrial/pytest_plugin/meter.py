"""The clock that carries timetrial's durations into pytest-benchmark: it advances only by what a trial measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from timetrial.errors import WorkloadError


class Meter:
    """A timer for ``@pytest.mark.benchmark(timer=…)`` that replays durations instead of reading a clock.

    pytest-benchmark reads its timer before and after each round. The meter stands at zero before and at the round's
    duration after, so that the difference is exact to the last bit.
    """

    __name__ = "timetrial.meter"  # what the JSON names as the timer

    def __init__(self) -> None:
        self._reading_s = 0.0
        self._left: Iterator[float] | None = None

    def __call__(self) -> float:
        """The reading, in seconds; raises WorkloadError where nothing is replayed: the test times something itself."""
        if self._left is None:
            raise WorkloadError(
                "this test has a trial, which records its rounds through `benchmark`, so it can't call `benchmark` "
                "too: write a test of its own for what `benchmark` is to time"
            )
        return self._reading_s

    def replay(self, benchmark: Any, durations_s: Sequence[float], result: Any) -> None:
        """Lets a ``benchmark`` fixture record these rounds; ``result`` is what its target returns."""
        left = self._left = iter(durations_s)

        def advance() -> Any:
            self._reading_s = next(left, 0.0)
            return result

        try:
            benchmark.pedantic(advance, setup=self._reset, rounds=max(1, len(durations_s)))
        finally:
            self._left = None

    def _reset(self) -> None:
        self._reading_s = 0.0
