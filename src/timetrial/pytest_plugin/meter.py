"""The clock that carries timetrial's durations into pytest-benchmark: it advances only by what a trial measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class Meter:
    """A timer for ``@pytest.mark.benchmark(timer=…)`` that replays durations instead of reading a clock.

    pytest-benchmark reads its timer before and after each round. The meter stands at zero before and at the round's
    duration after, so that the difference is exact to the last bit.
    """

    __name__ = "timetrial.meter"  # what the JSON names as the timer

    def __init__(self) -> None:
        self._reading_s = 0.0
        self._left: Iterator[float] = iter(())

    def __call__(self) -> float:
        """The reading, in seconds."""
        return self._reading_s

    def replay(self, benchmark: Any, durations_s: Sequence[float], result: Any) -> None:
        """Lets a ``benchmark`` fixture record these rounds; ``result`` is what its target returns."""
        self._left = iter(durations_s)

        def advance() -> Any:
            self._reading_s = next(self._left, 0.0)
            return result

        benchmark.pedantic(advance, setup=self._reset, rounds=max(1, len(durations_s)))

    def _reset(self) -> None:
        self._reading_s = 0.0
