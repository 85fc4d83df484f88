"""How long each test with a trial takes: remembered from run to run, so that the next one can say when it will end."""

from __future__ import annotations

from typing import Final

import pytest

from timetrial.report.text import about

_CACHE_KEY: Final = "timetrial/seconds_by_test"
_BESIDE_ROUNDS_S: Final = 0.7  # opening, warming up and closing, of a trial that nobody has seen yet
_WORTH_TELLING_S: Final = 30.0
_LONGEST: Final = 5


class TrialTimes:
    """What tests took in this run, and what they are expected to take.

    ``scale`` is that of the run: a test takes another time at another one. ``max_time_s`` is how long rounds are timed
    by default, in seconds; ``cache`` is pytest's, or None where it is switched off or what is seen here means nothing.
    """

    def __init__(self, cache: pytest.Cache | None, scale: str, max_time_s: float) -> None:
        self._cache = cache
        self._scale = scale
        self._unknown_s = max_time_s + _BESIDE_ROUNDS_S
        known = cache.get(_CACHE_KEY, {}) if cache is not None else {}
        self._known_s: dict[str, object] = known if isinstance(known, dict) else {}
        self._took_s: dict[str, float] = {}

    def expected_s(self, nodeid: str) -> float:
        """Seconds that the test took last time at this scale, or a guess."""
        known = self._known_s.get(f"{self._scale} {nodeid}")
        return float(known) if isinstance(known, int | float) else self._unknown_s

    def add(self, nodeid: str, duration_s: float) -> None:
        """A phase of the test (setup, call or teardown) is over."""
        self._took_s[nodeid] = self._took_s.get(nodeid, 0.0) + duration_s

    def save(self) -> None:
        """Remembers this run's for the next one."""
        if self._cache is not None and self._took_s:
            took = {f"{self._scale} {nodeid}": round(seconds, 2) for nodeid, seconds in self._took_s.items()}
            self._cache.set(_CACHE_KEY, {**self._known_s, **took})

    def longest_line(self) -> str | None:
        """Which test functions took longest, in one line; None of a run that was short.

        Not which trials: where models take turns, the first one's test takes the time of all.
        """
        total_s = sum(self._took_s.values())
        if total_s < _WORTH_TELLING_S:
            return None
        functions: dict[str, float] = {}
        for nodeid, seconds in self._took_s.items():
            function = nodeid.partition("[")[0]
            functions[function] = functions.get(function, 0.0) + seconds
        longest = sorted(functions.items(), key=lambda each: -each[1])[:_LONGEST]
        told = ", ".join(f"{name.rpartition('::')[2]} {about(seconds)}" for name, seconds in longest)
        return f"{len(self._took_s)} trials in {about(total_s)} at scale {self._scale}; the longest: {told}"
