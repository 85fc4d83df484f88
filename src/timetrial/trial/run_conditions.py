"""What a run does to its surroundings and asks of them, once for all its trials: limits, the clock, the load."""

from __future__ import annotations

from timetrial.environment.clock import smallest_step_ns
from timetrial.environment.limits import OpenFiles, raise_open_files, set_open_files
from timetrial.environment.record import load
from timetrial.measure.disturbance import DisturbanceMeter, Thresholds
from timetrial.trial.conditions import Conditions


class Surroundings:
    """``enter`` before the first trial, ``leave`` after the last one: what was changed is then as it was found.

    ``steal`` and ``foreign_cpu`` are the shares that others may take before a trial is void; None is the default.
    """

    def __init__(self, *, steal: float | None = None, foreign_cpu: float | None = None) -> None:
        defaults = Thresholds()
        self._thresholds = Thresholds(
            steal_share=defaults.steal_share if steal is None else steal,
            foreign_cpu_share=defaults.foreign_cpu_share if foreign_cpu is None else foreign_cpu,
        )
        self._open_files: OpenFiles | None = None
        self._clock_step_ns: int | None = None
        self.load = load()

    def enter(self) -> None:
        """Raises the limit of open files, which worker processes inherit, and looks at the clock."""
        self._open_files = raise_open_files()
        self._clock_step_ns = smallest_step_ns()

    def conditions(self, *, in_lock_step: bool = False) -> Conditions:
        """What each trial is held to. In lock-step with another run, that run is no disturbance."""
        return Conditions(
            clock_step_ns=self._clock_step_ns,
            meter=None if in_lock_step else DisturbanceMeter,
            thresholds=self._thresholds,
            open_files=self._open_files,
        )

    def leave(self) -> None:
        """Puts the limit back."""
        if self._open_files is not None and self._open_files.found is not None:
            set_open_files(self._open_files.found)
