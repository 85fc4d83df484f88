"""What pytest-benchmark's users set for a benchmark, by its options or its marker, as the gate's rounds take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import pytest

from timetrial.environment.clock import smallest_step_ns
from timetrial.system.clocks import clocks

_USUAL_NAME: Final = "time.perf_counter"
_USUAL_CALIBRATION: Final = 10
_USUAL_ROUNDS: Final = 5


@dataclass(frozen=True)
class RoundSettings:
    """How a benchmark is to be timed.

    ``timer`` counts seconds, of whatever kind. ``warm_up_executions`` come before all rounds, but none after
    ``warm_up_s``. ``least_s``: no round may be shorter. ``least_rounds``: no fewer rounds in a launch; 0 where nobody
    asked for a number. ``untimed``: set-ups or proofs stand between the executions, outside of the timing.
    """

    timer: Callable[[], float] = clocks.perf_counter
    without_gc: bool = False
    warm_up_executions: int = 0
    warm_up_s: float = 1.0
    least_s: float = 0.0
    least_rounds: int = 0
    untimed: bool = True

    @property
    def other_timer(self) -> str | None:
        """The name of a timer that is not perf_counter: its seconds may be any share of those that pass."""
        return None if self.timer is clocks.perf_counter else name_of(self.timer)

    @classmethod
    def of(cls, item: pytest.Item) -> RoundSettings:
        """Those of a test: its marker's, and where that is silent, the options'."""
        marker = item.get_closest_marker("benchmark")
        by_marker = marker.kwargs if marker else {}

        def setting(name: str) -> Any:
            return by_marker.get(name, item.config.getoption(f"benchmark_{name}"))

        timer, calibration = _timer(setting("timer")), float(setting("calibration_precision"))
        least_s, rounds = float(setting("min_time")), int(setting("min_rounds"))
        if timer is not clocks.perf_counter or calibration != _USUAL_CALIBRATION:
            least_s = max(least_s, calibration * _step_s(timer))
        return cls(
            timer=timer,
            without_gc=bool(setting("disable_gc")),
            warm_up_executions=int(setting("warmup_iterations")) if setting("warmup") else 0,
            warm_up_s=float(setting("max_time")),
            least_s=least_s,
            least_rounds=0 if rounds == _USUAL_ROUNDS else rounds,
        )


def _timer(given: str | Callable[[], float]) -> Callable[[], float]:
    """The option is a dotted name; pytest-benchmark has refused one that there isn't.

    Its default is the clock as it really goes, also where a fixture has frozen what now has that name.
    """
    if not isinstance(given, str):
        return given
    if given == _USUAL_NAME:
        return clocks.perf_counter
    module, _, name = given.rpartition(".")
    timer: Callable[[], float] = getattr(import_module(module), name)
    return timer


def _step_s(timer: Callable[[], float]) -> float:
    """The smallest step that a timer is seen to take; 0 if it stands still meanwhile."""
    return (smallest_step_ns(lambda: int(timer() * 1e9)) or 0) / 1e9


def name_of(function: Any) -> str:
    """What a reader would call a function."""
    return str(getattr(function, "__qualname__", None) or repr(function))
